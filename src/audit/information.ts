/** I(X;T) and I(T;Ŷ) of each class over the training: the signals of that name. */
import { stealthQuantities } from '../dynamics/index.js';
import { epochAverage } from '../dynamics/trajectory.js';
import { type CheckpointData, estimateCheckpoint } from '../information/checkpoint.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import { MINIMUM_GROUP } from '../information/groups.js';
import type { Checkpoint } from './checkpoint.js';
import { outlyingClasses, type PerClass } from './evidence.js';

/** Samples of a class whose information is estimated: their number sets the time the signals take. */
const ESTIMATED = 200;

/** Quantities an audit estimates. */
export type Information = 'I(X;T)' | 'I(T;Ŷ)';

/** One quantity over the training. NaN for classes and samples that were not estimated. */
export interface Estimated {
  /** Average over epochs per class, nats, and its standard error, [classes]. */
  averages: number[];
  errors: number[];
  /** Contribution of each sample to its class, nats, averaged over epochs, [n]. */
  pointwise: Float32Array;
  /** The same at the first checkpoint alone. */
  first: Float32Array;
}

/** The signals `I(X;T)` and `I(T;Ŷ)`: a class differs from the others in its average, in either direction. */
export const informationSignal = ({ averages, errors }: Estimated): PerClass => ({
  values: averages,
  p: outlyingClasses(averages, 'both', { errors }),
});

/**
 * Estimates both quantities for every class of at least `MINIMUM_GROUP` samples at all given checkpoints; `members` has the rows of
 * each class. `progress` hears the share done.
 */
export async function estimateInformation(
  checkpoints: readonly Checkpoint[],
  labels: Int32Array,
  members: readonly number[][],
  seed: number,
  progress: (share: number) => void,
): Promise<Record<Information, Estimated>> {
  const empty = (): Estimated => ({
    averages: members.map((m) => (checkpoints.length === 0 || m.length < MINIMUM_GROUP ? Number.NaN : 0)),
    errors: members.map(() => 0),
    pointwise: new Float32Array(labels.length).fill(Number.NaN),
    first: new Float32Array(labels.length).fill(Number.NaN),
  });
  const out: Record<Information, Estimated> = { 'I(X;T)': empty(), 'I(T;Ŷ)': empty() };
  const share = averagingWeights(checkpoints.map((c) => c.epoch));
  const chosen = equalNumbers(members);
  for (const [k, checkpoint] of checkpoints.entries()) {
    const data = { ...dataOf(checkpoint, labels, chosen.rows, members.length), groups: chosen.groups };
    const estimates = await estimateCheckpoint(data, 'quick', {
      seed,
      progress: (done) => progress((k + done) / checkpoints.length),
      only: stealthQuantities,
    });
    for (const { quantity, group, nats, standardError, pointwise } of estimates) {
      if (quantity !== 'I(X;T)' && quantity !== 'I(T;Ŷ)') continue;
      const into = out[quantity];
      const c = Number(group);
      into.averages[c] += share[k] * nats;
      into.errors[c] = Math.hypot(into.errors[c], share[k] * standardError);
      chosen.groups.get(group)!.forEach((at, i) => {
        const row = chosen.rows[at];
        into.pointwise[row] = (k === 0 ? 0 : into.pointwise[row]) + share[k] * pointwise[i];
        if (k === 0) into.first[row] = pointwise[i];
      });
    }
  }
  return out;
}

/** Equal numbers of samples of every class, so that size is no evidence: their rows, and the places of each class among these. */
function equalNumbers(members: readonly number[][]): { rows: number[]; groups: Map<string, Int32Array> } {
  const size = Math.min(ESTIMATED, ...members.filter((m) => m.length >= MINIMUM_GROUP).map((m) => m.length));
  const rows: number[] = [];
  const groups = new Map<string, Int32Array>();
  members.forEach((m, c) => {
    if (m.length < MINIMUM_GROUP) return;
    // Evenly through the class, whatever its order is.
    const chosen = Array.from({ length: size }, (_, i) => m[Math.floor(((i + 0.5) * m.length) / size)]);
    groups.set(
      String(c),
      Int32Array.from(chosen, (_, i) => rows.length + i),
    );
    rows.push(...chosen);
  });
  return { rows, groups };
}

function dataOf(
  { features, x, t, logits }: Checkpoint,
  labels: Int32Array,
  rows: readonly number[],
  classes: number,
): Omit<CheckpointData, 'groups'> {
  const some = (m: Matrix) => rowsOf(m, rows);
  return {
    x: some(x ?? features),
    t: [some(t)],
    logits: [some(logits)],
    labels: Int32Array.from(rows, (r) => labels[r]),
    classes,
  };
}

/** Weight of each checkpoint in an average over epochs (`epochAverage` of unit vectors). */
const averagingWeights = (epochs: readonly number[]) =>
  epochs.map((_, k) =>
    epochAverage(
      epochs,
      epochs.map((_, j) => Number(j === k)),
    ),
  );
