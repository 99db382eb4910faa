/** Finished runs from their rows alone: what a study's report needs is in the rows, so that it can be written again without the runs. */
import { readFile } from 'node:fs/promises';
import { UserError } from '../base/errors.js';
import { groupBy } from '../base/group-by.js';
import type { RunConfig } from '../config/options.js';
import { isClassGroup, partOf } from '../dynamics/group-id.js';
import type { EstimateRow, Phases, ScoreReading, StealthQuantity, StealthResult } from '../dynamics/index.js';
import type { StudyRun } from '../findings/types.js';
import { reportHead } from '../pipeline/report.js';
import type { RunReport } from '../report/index.js';
import type { RunResult } from '../runs/documents.js';
import type { DetectionRow } from './detection/types.js';
import type { StudyRow } from './rows.js';
import type { MadeRun, Study } from './types.js';

type AnyRow = StudyRow | DetectionRow;

/** The kinds of rows: what tells one from other lines, and the run that it describes. */
const KINDS = {
  curves: {
    words: 'a row of a run with its curves',
    has: (row: Partial<StudyRow>) => row.curves?.['I(X;T)'] !== undefined,
    run: (row: AnyRow): MadeRun => runOfRow(row as StudyRow),
  },
  detectors: {
    words: 'a row of a run that detectors judged',
    has: (row: Partial<DetectionRow>) => Array.isArray(row.detectors) && row.spaces !== undefined,
    run: (row: AnyRow): MadeRun => runOfJudged(row as DetectionRow),
  },
};

/**
 * The runs of files of rows, in their order; of two rows of a run the later one counts. Throws `UserError` for a file that cannot be read, for a
 * line that is no row of the kind, and for runs whose values do not compare because they have different κ.
 */
export async function runsOfRows(
  files: readonly string[],
  kind: NonNullable<Study['fromRows']> = 'curves',
): Promise<MadeRun[]> {
  const rows = new Map<string, AnyRow>();
  for (const file of files) for (const row of await readRows(file, kind)) rows.set(row.name, row);
  for (const same of groupBy([...rows.values()], alike)) {
    const [first] = same;
    const other = same.find((r) => kappaText(r) !== kappaText(first));
    if (other)
      throw new UserError(
        `--from-rows: ${other.name} was measured at κ ${kappaText(other)} and ${first.name} at ${kappaText(first)}; one study that makes both gives them one κ`,
      );
  }
  return [...rows.values()].map(KINDS[kind].run);
}

async function readRows(file: string, kind: keyof typeof KINDS): Promise<AnyRow[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`--from-rows ${file}: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`);
  });
  const rows = text.split('\n').map((line, i) => {
    const row = line === '' ? null : parsed(line, kind);
    if (row === null && line !== '')
      throw new UserError(`--from-rows ${file}: line ${i + 1} is not ${KINDS[kind].words}`);
    return row;
  });
  const there = rows.filter((row) => row !== null);
  if (there.length === 0) throw new UserError(`--from-rows ${file}: it has no rows`);
  return there;
}

/** Runs of one study with one model have one κ; see `shareKappa`. */
const alike = ({ dataset, config: { model, width, layer }, groupSize }: AnyRow) =>
  JSON.stringify([dataset, model, width, layer, groupSize]);

const kappaText = ({ stealth }: AnyRow) => Object.values((stealth.kappa ?? {}) as Record<string, number>).join(' and ');

function parsed(line: string, kind: keyof typeof KINDS): AnyRow | null {
  try {
    const row = JSON.parse(line);
    return typeof row.name === 'string' && KINDS[kind].has(row) && row.stealth && row.config?.model ? row : null;
  } catch {
    return null;
  }
}

/** A finished run as its row has it. What only the run's folder has is empty: images, texts, epochs, warnings. */
export function runOfRow(row: StudyRow): StudyRun {
  const { name, dataset, classes, accuracy, asr, groupSize, seconds, perception } = row;
  const config = { ...row.config, dataDir: dataset } as unknown as RunConfig;
  const information = estimates(row.curves, row);
  const report: RunReport = {
    name,
    ...reportHead(config, classes, information),
    ...(row.stepsPerEpoch === null ? {} : { stepsPerEpoch: row.stepsPerEpoch }),
    epochs: [],
    moments: [],
    information,
    noise: [],
    phases: row.phases.map(
      (own): Phases => ({ ...own, phases: own.phases.map((p) => ({ startInterval: null, endInterval: null, ...p })) }),
    ),
    acceleration: null,
    stealth: stealthOf(row),
    layers: [],
    draft: null,
    readings: row.readings as ScoreReading[],
    ...apartOf(row, config.target),
    embeddings: [],
    gallery: [],
    perception,
    warnings: [],
    version: row.version,
    seconds,
  };
  const result = {
    attack: config.attack,
    dataset,
    model: config.model,
    epochs: config.epochs,
    accuracy,
    asr,
    groupSize,
  };
  return {
    name,
    config,
    result: { ...result, stealth: row.stealth, layers: row.layers, readings: row.readings, seconds } as RunResult,
    report,
    others: [],
    running: row.running ? estimates(row.running, row) : [],
  };
}

/** A run that detectors judged as its row has it; besides, it has no more than its configuration, its score and how well it was learned. */
function runOfJudged(row: DetectionRow): MadeRun {
  const { version, dataHash, ...judged } = row;
  const nothing = { estimator: '', nats: {}, standardErrors: {} };
  const run = runOfRow({
    ...row,
    ...{ classes: [], layers: [], readings: [], perception: {}, phases: [], stepsPerEpoch: null, epochs: [] },
    curves: { 'I(X;T)': nothing, 'I(T;Ŷ)': nothing },
  });
  // Nothing but resolved information has a κ.
  const basis = row.stealth.kappa ? 'resolved' : run.report.basis;
  return { ...run, report: { ...run.report, basis }, judged };
}

/** A row's score; checkpoints and classes follow from its curves. */
function stealthOf({ stealth, epochs, curves }: StudyRow): StealthResult {
  const found = stealth as unknown as StealthResult;
  const range = found.null;
  const classes = Object.keys(curves['I(X;T)']!.nats).filter(isClassGroup);
  return {
    ...found,
    separation: null,
    null: range && { ...range, scores: range.distances.map((d) => Math.exp(-d)) },
    epochs,
    classes,
  };
}

function estimates(curves: StudyRow['curves'], { epochs, config, groupSize }: StudyRow): EstimateRow[] {
  return Object.entries(curves).flatMap(([quantity, { estimator, nats, standardErrors }]) =>
    Object.entries(nats).flatMap(([group, values]) =>
      values.flatMap((value, i): EstimateRow[] =>
        value === null
          ? []
          : [
              {
                epoch: epochs[i],
                group,
                quantity: quantity as StealthQuantity,
                estimator,
                nats: value,
                // Halves of clean classes have none in a row.
                standardError: standardErrors[group]?.[i] ?? 0,
                ceiling: Number.POSITIVE_INFINITY,
                saturated: false,
                converged: null,
                samples: groupSize,
                draws: config.draws as number,
                trainNats: null,
                heldOutNats: null,
              },
            ],
      ),
    ),
  );
}

function apartOf({ apart }: StudyRow, target: number): Pick<RunReport, 'separation' | 'representation'> {
  return {
    separation: (apart?.auroc ?? []).map(({ epoch, quantity, value }) => ({
      epoch,
      quantity,
      group: partOf(target, 'all'),
      auroc: value,
      standardError: 0,
    })),
    representation: (apart?.places ?? []).map(({ epoch, silhouette, toTarget }) => ({
      epoch,
      silhouettes: silhouette === null ? {} : { [partOf(target, 'backdoor')]: silhouette },
      place: toTarget === null ? null : { toTarget, toSource: Number.NaN },
    })),
  };
}
