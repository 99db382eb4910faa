/**
 * Rows of a study: one line of JSON for each finished run, in a file that is small enough to be kept under version control. A row holds
 * what a run was asked and what the findings read of it, and no path of the machine.
 */
import { appendFile, mkdir, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../base/errors.js';
import { datasetName } from '../config/names.js';
import type { RunConfig } from '../config/options.js';
import { isNullGroup, partOf } from '../dynamics/group-id.js';
import {
  type EstimateRow,
  type Phase,
  type Phases,
  type StealthQuantity,
  stealthQuantities,
  trajectories,
} from '../dynamics/index.js';
import type { StudyRun } from '../findings/types.js';
import { appendWhole, writingTo } from '../formats/files.js';
import type { RunDocument } from '../runs/documents.js';
import type { NamedRow } from './types.js';

/** Significant digits of scores and other single numbers, of the values of curves, and of their standard errors. */
const DIGITS = { numbers: 6, values: 4, errors: 2 };

/** How every row begins. */
const BEGINS = '{"name":';

/** Trajectories of one quantity: per group one number a checkpoint, in nats; null where it was not estimated. */
interface Curves {
  estimator: string;
  nats: Record<string, (number | null)[]>;
  /** Absent for the halves of clean classes. */
  standardErrors: Record<string, (number | null)[]>;
}

/** Poisoned samples among the samples of their class, a number a moment. */
export interface Apart {
  /** AUROC of a sample’s own contribution for “is poisoned”. */
  auroc: { epoch: number; quantity: string; value: number }[];
  /** Mean silhouette in T, and the distance to the target class in units of a clean sample's own; null where nothing is poisoned. */
  places: { epoch: number; silhouette: number | null; toTarget: number | null }[];
}

/** One line of the file. Numbers are rounded to six digits, curves to four and their standard errors to two. */
export interface StudyRow {
  /** Name of the run's folder. */
  name: string;
  dataset: string;
  /** Options of the run by name, sorted, without the folder of the data; paths among them are cut to the file's name. */
  config: Record<string, unknown>;
  /** Version of ibscope that made the run. */
  version: string;
  dataHash: string;
  /** As in `run.json`. */
  plugins?: RunDocument['plugins'];
  classes: string[];
  accuracy: number;
  asr: number | null;
  groupSize: number;
  seconds: number;
  /** As in `result.json`; its null has D and label of every draw, and the integration gaps by class. */
  stealth: Record<string, unknown>;
  layers: StudyRun['result']['layers'];
  readings: unknown;
  perception: Record<string, number | null>;
  /** Phases of training of every group with a trajectory of I(X;T), with the epochs between which each lies. */
  phases: readonly (Omit<Phases, 'phases'> & { phases: (Pick<Phase, 'kind' | 'start' | 'end'> & Partial<Phase>)[] })[];
  stepsPerEpoch: number | null;
  /** How far the poisoned samples lie apart; absent in older rows. */
  apart?: Apart;
  /** Checkpoints of the curves, in epochs. */
  epochs: number[];
  /** Of all groups; of the halves of clean classes I(T;Ŷ) alone. */
  curves: Partial<Record<StealthQuantity, Curves>>;
  /** `curves` without recomputed statistics of batch norm at the first moments; absent where no moment had them. */
  running?: Partial<Record<StealthQuantity, Curves>>;
}

/** The row of a finished run. */
export function studyRow({ name, config, result, report, running }: StudyRun, run: RunDocument): StudyRow {
  const { kind, score, reason, null: range, p, rank, instrument, kappa, distance, excess, parts } = result.stealth;
  const { labels, distances, gapsByClass } = report.stealth?.null ?? {};
  const epochs = [...new Set(report.information.map((r) => r.epoch))].sort((a, b) => a - b);
  const { beta, window, notes } = result.stealth;
  const curves = (rows: readonly EstimateRow[]) =>
    Object.fromEntries(stealthQuantities.map((quantity) => [quantity, curvesOf(rows, quantity, epochs)]));
  return {
    name,
    dataset: datasetName(config),
    config: portable(config),
    version: run.version,
    dataHash: run.dataHash,
    ...(run.plugins ? { plugins: run.plugins } : {}),
    classes: run.classes,
    ...rounded({
      accuracy: result.accuracy,
      asr: result.asr,
      groupSize: result.groupSize,
      seconds: result.seconds,
      stealth: {
        ...{ kind, score, reason, distance, p, rank, instrument, kappa, excess, parts, beta, window, notes },
        null: range && { ...range, labels, distances, gapsByClass },
      },
      layers: result.layers,
      readings: report.readings,
      perception: report.perception,
      phases: report.phases,
      stepsPerEpoch: report.stepsPerEpoch ?? null,
      apart: apartOf(report, config.target),
    }),
    epochs,
    curves: curves(report.information),
    ...(running.length > 0 ? { running: curves(running) } : {}),
  };
}

function apartOf({ separation, representation }: StudyRun['report'], target: number): Apart {
  const own = separation.filter((s) => s.group === partOf(target, 'all'));
  return {
    auroc: own.map(({ epoch, quantity, auroc }) => ({ epoch, quantity, value: auroc })),
    places: representation.map(({ epoch, silhouettes, place }) => ({
      epoch,
      silhouette: silhouettes[partOf(target, 'backdoor')] ?? null,
      toTarget: place?.toTarget ?? null,
    })),
  };
}

/** An option of an attack without the folder of a file that it names: `trigger=a.npz`. */
export const portableOption = (option: string): string => option.replace(/=.*[\\/]/, '=');

/** Options in the order of their names, without what names a place on this machine. */
export function portable({ dataDir: _, ...config }: RunConfig): Record<string, unknown> {
  const file = (path: string) => path.replace(/^.*[\\/]/, '');
  const { attackOption, manifest } = config;
  const options = {
    ...config,
    attackOption: attackOption.map(portableOption),
    ...(manifest === undefined ? {} : { manifest: file(manifest) }),
  };
  return Object.fromEntries(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function curvesOf(rows: readonly EstimateRow[], quantity: StealthQuantity, epochs: readonly number[]): Curves {
  const found = trajectories(rows.filter((r) => r.quantity === quantity));
  const curves: Curves = { estimator: found[0]?.estimator ?? '', nats: {}, standardErrors: {} };
  for (const { group, epochs: at, values, standardErrors } of found) {
    const isNull = isNullGroup(group);
    if (isNull && quantity !== 'I(T;Ŷ)') continue;
    const whole = (of: readonly number[], digits: number) =>
      epochs.map((e) => (at.includes(e) ? short(of[at.indexOf(e)], digits) : null));
    curves.nats[group] = whole(values, DIGITS.values);
    if (!isNull) curves.standardErrors[group] = whole(standardErrors, DIGITS.errors);
  }
  return curves;
}

const short = (x: number, digits: number) => (Number.isFinite(x) ? Number(x.toPrecision(digits)) : x);

/** The same data with every number at six significant digits. */
export function rounded<T>(value: T): T {
  return JSON.parse(JSON.stringify(value, (_, v) => (typeof v === 'number' ? short(v, DIGITS.numbers) : v)));
}

/** What a later row of a run must differ in to be written: κ of a row by `studyRow`, everything but the seconds of one with detectors. */
function stateOf(row: object): string {
  const { stealth, detectors } = row as { stealth?: { kappa?: unknown }; detectors?: unknown };
  if (detectors === undefined) return JSON.stringify(stealth?.kappa) ?? '';
  return JSON.stringify(row, (key, v) => (key === 'seconds' ? undefined : v));
}

/** Name of the run that a line is about, and its state; null where it is no row. */
function rowOf(line: string): { name: string; state: string } | null {
  try {
    const row = JSON.parse(line);
    return typeof row.name === 'string' ? { name: row.name, state: stateOf(row) } : null;
  } catch {
    return null;
  }
}

/**
 * Opens the file of rows, which may not be there yet, and returns what appends a row. A row whose run is in the file already is not
 * written again, unless κ changed because further runs are compared with it, or detectors found something else: of two rows of a run the
 * later one counts. A last line that a crash cut short is removed. Throws `UserError` for a file that holds anything else.
 */
export function openRows(file: string): Promise<(row: NamedRow) => void> {
  return writingTo(
    file,
    async () => {
      const known = await readKnown(file);
      return (row: NamedRow) => {
        const state = stateOf(row);
        if (known.get(row.name) === state) return;
        appendWhole(file, `${JSON.stringify(row)}\n`);
        known.set(row.name, state);
      };
    },
    '--rows',
  );
}

/** Names of the runs that have a row, with its state; afterwards the file, if there is one, ends with a whole line. */
async function readKnown(file: string): Promise<Map<string, string>> {
  await mkdir(dirname(file), { recursive: true });
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return Buffer.alloc(0);
  });
  const lines = bytes.toString().split('\n');
  const last = lines[lines.length - 1];
  // Only what began as a row is removed: the file may be another one, named by mistake.
  const isCut = last !== '' && rowOf(last) === null && (last.startsWith(BEGINS) || BEGINS.startsWith(last));
  if (isCut) lines.pop();
  const known = new Map<string, string>();
  for (const [i, line] of lines.entries()) {
    if (line === '') continue;
    const row = rowOf(line);
    if (row === null) throw new UserError(`--rows ${file}: line ${i + 1} is not a row of a study`);
    known.set(row.name, row.state);
  }
  if (isCut) await truncate(file, bytes.lastIndexOf('\n') + 1);
  else if (last !== '') await appendFile(file, '\n');
  return known;
}
