/** I(X;T) and I(T;Ŷ) of each class: the signals of that name. */
import { Rng } from '../base/random.js';
import { epochAverage, mean } from '../dynamics/trajectory.js';
import { type CheckpointData, estimateCheckpoint } from '../information/checkpoint.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import { MINIMUM_GROUP } from '../information/groups.js';
import { commonIntensity, noiseAbout, rulerOf, whitened } from '../information/noise-model.js';
import { KAPPAS } from '../information/resolution.js';
import { resolvedInformation } from '../information/resolved.js';
import { type Checkpoint, secondHalf } from './checkpoint.js';
import { outlyingClasses, type PerClass } from './evidence.js';

/** Samples of a class whose information is estimated: their number sets the time the signals take. */
const ESTIMATED = 200;
/** Multiple of the network's noise at which I(X;T) is resolved: the largest of the ladder, where groups within a class count and samples do not. */
const KAPPA = KAPPAS[KAPPAS.length - 1];
/** Directions of the noise, each with both signs. */
const DIRECTIONS = 4;

/** I(X;T) of each class in the end. NaN for classes and samples that were not estimated. */
export interface InputInformation {
  /** Mean over the checkpoints of the second half per class, nats, [classes]. */
  values: number[];
  /** Contribution of each sample to its class, nats, [n]. */
  pointwise: Float32Array;
}

/** I(T;Ŷ) of each class over the training. NaN for classes and samples that were not estimated. */
export interface OutputInformation {
  /** Average over epochs per class, nats, and its standard error, [classes]. */
  averages: number[];
  errors: number[];
  /** Contribution of each sample to its class, nats, averaged over epochs, [n]. */
  pointwise: Float32Array;
  /** The same at the first checkpoint alone. */
  first: Float32Array;
}

/** The signal `I(X;T)`: samples of a class that lie in more places have more. */
export const inputSignal = ({ values }: InputInformation): PerClass => ({
  values,
  p: outlyingClasses(values, 'upper'),
});

/** The signal `I(T;Ŷ)`: a class differs from the others in its average, in either direction. */
export const outputSignal = ({ averages, errors }: OutputInformation): PerClass => ({
  values: averages,
  p: outlyingClasses(averages, 'both', { errors }),
});

/**
 * Resolved I(X;T) of every class of at least `MINIMUM_GROUP` samples, at `KAPPA` times the noise of the whole set; `members` has the rows of each
 * class. Nothing is estimated where the checkpoints have no T without noise, or no noise.
 */
export function estimateInput(
  checkpoints: readonly Checkpoint[],
  members: readonly number[][],
  seed: number,
): InputInformation {
  const values = members.map(() => Number.NaN);
  const pointwise = new Float32Array(members.reduce((n, m) => n + m.length, 0)).fill(Number.NaN);
  const late = secondHalf(checkpoints);
  const { rows, groups } = equalNumbers(members);
  const points = late.map((checkpoint) => inUnitsOfNoise(checkpoint, rows));
  if (points.length === 0 || !points.every((p) => p !== null)) return { values, pointwise };
  for (const [group, places] of groups) {
    const each = points.map((all, k) => {
      const { data, n, d } = rowsOf(all, places);
      // All classes share the directions, which steadies their differences.
      const z = new Rng(seed, 'resolved', late[k].epoch).normals(DIRECTIONS * n * d);
      return resolvedInformation({ data, n, d }, [KAPPA], z);
    });
    values[Number(group)] = mean(each.map(({ nats }) => nats[0]));
    places.forEach((at, i) => {
      pointwise[rows[at]] = mean(each.map((e) => e.pointwise[0][i]));
    });
  }
  return { values, pointwise };
}

/** T of some rows without noise, in coordinates in which the noise of all rows is white, of columns that have any; null if none has. */
function inUnitsOfNoise({ features, t }: Checkpoint, rows: readonly number[]): Matrix | null {
  const { n, d } = features;
  const isNoisy = (c: number) => {
    for (let e = c; e < n * d; e += d) if (t.data[e] !== features.data[e]) return true;
    return false;
  };
  const noisy = [...Array(d).keys()].filter(isNoisy);
  if (noisy.length === 0) return null;
  const columns = ({ data }: Matrix): Matrix => ({
    data: Float32Array.from({ length: n * noisy.length }, (_, e) => {
      const at = e % noisy.length;
      return data[((e - at) / noisy.length) * d + noisy[at]];
    }),
    n,
    d: noisy.length,
  });
  const noiseFree = columns(features);
  const noise = noiseAbout(noiseFree.data, columns(t).data, n, noisy.length);
  const { factor } = rulerOf(noise, 'full', commonIntensity([noise]));
  const some = rowsOf(noiseFree, rows);
  return { ...some, data: Float32Array.from(whitened(some.data, factor, some.d)) };
}

/**
 * Estimates I(T;Ŷ) of every class of at least `MINIMUM_GROUP` samples at all given checkpoints, by critics; `members` has the rows of
 * each class. `progress` hears the share done.
 */
export async function estimateOutput(
  checkpoints: readonly Checkpoint[],
  labels: Int32Array,
  members: readonly number[][],
  seed: number,
  progress: (share: number) => void,
): Promise<OutputInformation> {
  const out: OutputInformation = {
    averages: members.map((m) => (checkpoints.length === 0 || m.length < MINIMUM_GROUP ? Number.NaN : 0)),
    errors: members.map(() => 0),
    pointwise: new Float32Array(labels.length).fill(Number.NaN),
    first: new Float32Array(labels.length).fill(Number.NaN),
  };
  const share = averagingWeights(checkpoints.map((c) => c.epoch));
  const { rows, groups } = equalNumbers(members);
  for (const [k, checkpoint] of checkpoints.entries()) {
    const data = { ...dataOf(checkpoint, labels, rows, members.length), groups };
    const estimates = await estimateCheckpoint(data, 'quick', {
      seed,
      progress: (done) => progress((k + done) / checkpoints.length),
      only: ['I(T;Ŷ)'],
    });
    for (const { group, nats, standardError, pointwise } of estimates) {
      const c = Number(group);
      out.averages[c] += share[k] * nats;
      out.errors[c] = Math.hypot(out.errors[c], share[k] * standardError);
      groups.get(group)!.forEach((at, i) => {
        const row = rows[at];
        out.pointwise[row] = (k === 0 ? 0 : out.pointwise[row]) + share[k] * pointwise[i];
        if (k === 0) out.first[row] = pointwise[i];
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
  { t, logits }: Checkpoint,
  labels: Int32Array,
  rows: readonly number[],
  classes: number,
): Omit<CheckpointData, 'groups'> {
  const some = rowsOf(t, rows);
  const own = Int32Array.from(rows, (r) => labels[r]);
  // I(T;Ŷ) does not read X.
  return { x: some, t: [some], logits: [rowsOf(logits, rows)], labels: own, classes };
}

/** Weight of each checkpoint in an average over epochs (`epochAverage` of unit vectors). */
const averagingWeights = (epochs: readonly number[]) =>
  epochs.map((_, k) =>
    epochAverage(
      epochs,
      epochs.map((_, j) => Number(j === k)),
    ),
  );
