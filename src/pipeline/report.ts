import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { commandsOf } from '../config/command.js';
import type { RunConfig } from '../config/options.js';
import { isTextDataset } from '../datasets/texts/index.js';
import { type EstimateRow, type MomentRow, type StealthResult, stealth } from '../dynamics/index.js';
import { MINIMUM_GROUP } from '../information/groups.js';
import type { Perceived } from '../perception/index.js';
import type { NoiseRange, RunReport } from '../report/index.js';
import type { Document, Log, RunDirectory } from '../runs/directory.js';
import { type GroupsDocument, readRunDocument, type SkippedMoment } from '../runs/documents.js';
import { epochRows } from '../runs/epochs.js';
import { readGallery, readTextGallery } from '../runs/gallery.js';
import { workSeconds } from '../runs/sessions.js';
import { VERSION } from '../version.js';
import { dynamicsOf, type LayeredDynamics } from './dynamics.js';
import { oneModelOnly, readingsOf } from './readings.js';
import type { RepresentationDocument } from './representation.js';
import { type ResolutionRow, SCORED, scoredRows } from './resolution.js';
import { withRunningStatistics } from './running-statistics.js';

/** The score of a run whose groups are too small: the reason is the groups' sizes, not the missing estimates. */
function explain(
  result: StealthResult,
  leftOut: Record<string, number>,
  { target, minimumGroup = MINIMUM_GROUP }: Pick<RunConfig, 'target'> & { minimumGroup?: number },
): StealthResult {
  if (result.score !== null) return result;
  const small = Object.entries(leftOut).filter(([id]) => id.startsWith(`${target}/`));
  if (small.length === 0) return result;
  const words = small.map(([id, n]) => `group ${id} has ${n} samples`).join(', ');
  return { ...result, reason: `${words}; a comparison needs at least ${minimumGroup}` };
}

/** Stealth in input space by name of the measure; means over samples. */
async function readPerception(dir: RunDirectory): Promise<Record<string, number>> {
  const measured = (await dir.readDocument<Record<string, Perceived>>('perception.json')) ?? {};
  const named = {
    ...{ psnr: 'PSNR (dB)', ssim: 'SSIM', linf: 'l∞', sam: 'spectral angle' },
    ...{
      edits: 'edit distance, words',
      changed: 'words changed',
      perplexity: 'perplexity',
      rise: 'rise in ln perplexity',
    },
  };
  return Object.fromEntries(
    Object.entries(named)
      .filter(([name]) => measured[name] && measured[name].n > 0)
      .map(([name, label]) => [label, measured[name].mean]),
  );
}

/** What the dynamics of a run follow from. */
const SOURCES: readonly (Document | Log)[] = ['run.json', 'analysis.json', 'groups.json', 'information.jsonl'];

/** The dynamics that a finished run keeps; null where there are none, or a file they follow from is newer. */
async function keptDynamics(dir: RunDirectory): Promise<LayeredDynamics | null> {
  const changed = (name: Document | Log) =>
    stat(join(dir.path, name)).then(
      (s) => s.mtimeMs,
      () => 0,
    );
  const [kept, ...sources] = await Promise.all([changed('stealth.json'), ...SOURCES.map(changed)]);
  if (kept === 0 || sources.some((s) => s > kept)) return null;
  const document = await dir.readDocument<Partial<LayeredDynamics>>('stealth.json');
  // Version 0.1.0 keeps neither readings nor noise.
  return document?.phases && document.layers ? ({ readings: [], noise: [], ...document } as LayeredDynamics) : null;
}

/**
 * The report of a run as data, from its directory alone; without the pictures of T, which are large. The dynamics of a finished run
 * are read, those of a run in progress computed.
 */
export async function reportOf(dir: RunDirectory): Promise<RunReport> {
  return (await reportAndDynamics(dir, await keptDynamics(dir))).report;
}

/** Per group, the range over moments of the held-out mean square of the noise that the score reads. */
function noiseRanges(rows: readonly ResolutionRow[]): NoiseRange[] {
  const found = new Map<string, NoiseRange>();
  for (const { group, quantity, variant, noiseMeanSquare: value } of rows) {
    if (value === null || variant !== SCORED[quantity]) continue;
    const { low, high } = found.get(group) ?? { low: value, high: value };
    found.set(group, { group, low: Math.min(low, value), high: Math.max(high, value) });
  }
  return [...found.values()];
}

/** Groups that are too small to compare, in one line. */
function smallGroups(leftOut: Record<string, number>, minimum = MINIMUM_GROUP): string[] {
  const sizes = Object.entries(leftOut).map(([id, n]) => `${id} (${n})`);
  if (sizes.length === 0) return [];
  return [`Left out of comparisons, with under ${minimum} samples: ${sizes.join(', ')}. More training images help.`];
}

/** What a report says of a run's configuration, and of what its estimates are. */
export function reportHead(config: RunConfig, classNames: readonly string[], information: readonly EstimateRow[]) {
  const poisoned = config.attack !== 'none';
  return {
    attack: config.attack,
    dataset: config.dataset,
    ...(isTextDataset(config.dataset) && { samples: 'texts' as const }),
    model: config.width === undefined ? config.model : `${config.model} (width ${config.width})`,
    poisoned,
    poisonRate: poisoned ? config.poisonRate : null,
    target: config.target,
    classNames,
    basis: information.some((r) => r.estimator === 'resolved')
      ? 'resolved'
      : config.critic === 'paper'
        ? 'train'
        : 'held-out',
    seeds: 1,
    config: { ...config },
  } satisfies Partial<RunReport>;
}

/** A run's report and the dynamics it is drawn from; `known`: the dynamics, where they are computed already. */
export async function reportAndDynamics(
  dir: RunDirectory,
  known: LayeredDynamics | null = null,
): Promise<{ report: RunReport; dynamics: LayeredDynamics }> {
  const { config, classes, stepsPerEpoch, images, plugins } = await readRunDocument(dir);
  // A run that has only begun has chosen no groups yet.
  const groups = await dir.readDocument<GroupsDocument>('groups.json');
  const leftOut = groups?.leftOut ?? {};
  const events = await dir.rows<MomentRow & { event: string }>('events.jsonl');
  const measured = await dir.rows<EstimateRow>('information.jsonl');
  const rows = scoredRows(measured, config);
  const [first, ...others] = config.layer ?? [];
  const at = (layer: string) => rows.filter((r) => (r.layer ?? first) === layer);
  const information = others.length === 0 ? rows : at(first);
  const derive = async (): Promise<LayeredDynamics> => {
    const { target, beta, window } = config;
    const running = await withRunningStatistics(dir, information);
    const resolution = await dir.rows<ResolutionRow>('resolution.jsonl');
    const derived = dynamicsOf(information, config, running);
    return {
      ...derived,
      stealth: explain(derived.stealth, leftOut, config),
      layers: others.map((layer) => ({
        layer,
        stealth: explain(
          stealth(at(layer), { target, beta, window, minimumSamples: config.minimumGroup }),
          leftOut,
          config,
        ),
      })),
      readings: readingsOf(measured, resolution, config),
      noise: noiseRanges(resolution),
    };
  };
  const dynamics = known ?? (await derive());
  const gallery = await readGallery(dir);
  const representation = await dir.readDocument<RepresentationDocument>('representation.json');
  // What follows from the tables themselves, the report says of its own accord.
  const { readings } = dynamics;
  const skipped = (await dir.readDocument<{ skipped?: SkippedMoment[] }>('analysis.json'))?.skipped ?? [];
  const warnings = [
    ...skipped.map(({ epoch, reason }) => `Epoch ${epoch} has no estimates: ${reason}.`),
    ...smallGroups(leftOut, config.minimumGroup),
    ...[oneModelOnly(readings)].filter((w) => w !== null),
  ];
  const report: RunReport = {
    name: basename(dir.path),
    ...reportHead(config, classes, information),
    stepsPerEpoch,
    images,
    epochs: epochRows(events),
    moments: events.flatMap(({ event, ...row }) => (event === 'moment' ? row : [])),
    information,
    tooFewForNull: groups?.tooFewForNull,
    noise: dynamics.noise,
    phases: dynamics.phases,
    acceleration: dynamics.acceleration,
    accelerationRunning: dynamics.accelerationRunning ?? null,
    stealth: dynamics.stealth,
    layers: first === undefined ? [] : [{ layer: first, stealth: dynamics.stealth }, ...dynamics.layers],
    draft: dynamics.draft,
    readings,
    representation: representation?.rows ?? [],
    separation: representation?.separation ?? [],
    embeddings: [],
    gallery,
    texts: await readTextGallery(dir),
    commands: commandsOf(config, plugins),
    perception: await readPerception(dir),
    spaces: await dir.readDocument('spaces.json'),
    detectors: await dir.readDocument('detectors.json'),
    warnings,
    version: VERSION,
    seconds: await workSeconds(dir),
  };
  return { report, dynamics };
}
