/** The two clusters into which the samples of a class are split in T, and the signals that say how clear they are. */
import { mean } from '../dynamics/trajectory.js';
import { principalComponents, rowsOf } from '../information/columns.js';
import { chanceLaw } from './chance.js';
import type { Checkpoint } from './checkpoint.js';
import { FEWEST_OTHERS, outlyingClasses, outlyingness, type PerClass } from './evidence.js';
import { clustered, heldOutGain, MOST_LOG_ODDS } from './mixture.js';
import { chanceOfClean } from './reference.js';

/** Principal components of T in which a class is split: as many as Activation Clustering reduces to. */
const COMPONENTS = 10;
/** Samples per component at least: as many as a component has parameters, two means and a variance. */
const PER_COMPONENT = 3;
/** A class with fewer samples is not judged. */
export const FEWEST_SAMPLES = COMPONENTS * PER_COMPONENT;
/**
 * Lower limits on the standard deviation of clean classes, in ln d′ and in nats per sample, so that classes that agree by chance are no
 * evidence: what the classes of one clean set show (docs/audit.md).
 */
const FLOOR = { separation: 0.1, 'two-sidedness': 0.04 };

/** Some samples of one class as two clusters in T: mean over the checkpoints of the second half. */
export interface TwoClusters {
  /** ln d′ beyond what one normal distribution of as many points shows; NaN if no checkpoint shows two clusters. */
  separation: number;
  /** Standard deviation of both for one normal distribution. */
  errors: { separation: number; gain: number };
  /** Held-out gain of two normal distributions over one beyond what one normal distribution shows, nats per sample. */
  gain: number;
  /** Log-odds of the second cluster, nats, [rows]. Which cluster is the second is arbitrary. */
  logOdds: Float64Array;
}

/** Splits samples of a class, at least `FEWEST_SAMPLES` of them, given by their rows. */
export async function twoClusters(
  checkpoints: readonly Checkpoint[],
  rows: ArrayLike<number>,
  seed: number,
): Promise<TwoClusters> {
  // The first half says how the class began, the second how it lies in the end.
  const late = checkpoints.slice(Math.floor(checkpoints.length / 2));
  const components = Math.min(COMPONENTS, late[0].features.d, Math.floor(rows.length / PER_COMPONENT));
  const chance = chanceLaw(rows.length, components);
  const apart: number[] = [];
  let gain = 0;
  const logOdds = new Float64Array(rows.length);
  for (const { features } of late) {
    const points = await principalComponents(rowsOf(features, rows), components, seed);
    const split = clustered(points, seed);
    if (!Number.isNaN(split.separation))
      apart.push(Math.log(Math.max(split.separation, 1e-3)) - chance.separation.mean);
    gain += ((split.r ? heldOutGain(points, split.r, seed) : 0) - chance.gain.mean) / late.length;
    const found = split.logOdds.map((v) => Math.max(-MOST_LOG_ODDS, Math.min(MOST_LOG_ODDS, v)));
    // Which cluster is the second is arbitrary at each checkpoint: it is turned to agree with those before it.
    const agree = found.reduce((s, v, i) => s + v * logOdds[i], 0) < 0 ? -1 : 1;
    for (let i = 0; i < rows.length; i++) logOdds[i] += (agree * found[i]) / late.length;
  }
  return { separation: mean(apart), errors: { separation: chance.separation.sd, gain: chance.gain.sd }, gain, logOdds };
}

/** The signal `separation`: ln d′ of each class's clusters in excess of chance; null for a class that is not judged. */
export function separation(split: readonly (TwoClusters | null)[]): PerClass {
  const values = split.map((s) => s?.separation ?? Number.NaN);
  return {
    values,
    p: outlyingClasses(values, 'upper', { floor: FLOOR.separation, errors: errorsBeyondOthers(split, 'separation') }),
  };
}

/** The signal `two-sidedness`: held-out gain of two normal distributions over one; null for a class that is not judged. */
export function twoSidedness(split: readonly (TwoClusters | null)[]): PerClass {
  const values = split.map((s) => s?.gain ?? Number.NaN);
  return {
    values,
    p: outlyingClasses(values, 'upper', { floor: FLOOR['two-sidedness'], errors: errorsBeyondOthers(split, 'gain') }),
  };
}

/** Standard errors of a signal in excess of the others' mean: how far these differ shows that part already. */
function errorsBeyondOthers(split: readonly (TwoClusters | null)[], what: keyof TwoClusters['errors']): number[] {
  const squares = split.map((s) => (s ? s.errors[what] ** 2 : Number.NaN));
  return squares.map((own, c) => {
    const others = squares.filter((v, k) => k !== c && Number.isFinite(v));
    return Math.sqrt(Math.max(0, own - mean(others))) || 0;
  });
}

/**
 * P-value of a split of a part of a class against the values that other classes have for the whole: the larger of both signals',
 * because the rest of a clean class may well be narrower than other classes, which by itself makes one of them differ from the others.
 * With too few others, against classes of clean sets.
 */
export function splitP(split: TwoClusters, others: readonly Record<'separation' | 'two-sidedness', number>[]): number {
  if (others.length < FEWEST_OTHERS) return chanceOfClean(split);
  const p = (signal: 'separation' | 'two-sidedness', value: number) =>
    outlyingness([value, ...others.map((o) => o[signal])], 'upper', { floor: FLOOR[signal] })[0];
  return Math.max(p('separation', split.separation), p('two-sidedness', split.gain));
}
