/** The two clusters into which the samples of a class are split in T, and the signals that say how clear they are. */
import { mean } from '../dynamics/trajectory.js';
import { principalComponents, rowsOf } from '../information/columns.js';
import { chanceLaw } from './chance.js';
import { type Checkpoint, secondHalf } from './checkpoint.js';
import { FEWEST_OTHERS, outlyingClasses, outlyingness, type PerClass, type Spread } from './evidence.js';
import { clustered, heldOutGain, limited } from './mixture.js';
import { chanceOfClean } from './reference.js';

/** Principal components of T in which a class is split: as many as Activation Clustering reduces to. */
export const COMPONENTS = 10;
/** Samples per component at least: as many as a component has parameters, two means and a variance. */
const PER_COMPONENT = 3;
/** A class with fewer samples is not judged. */
export const FEWEST_SAMPLES = COMPONENTS * PER_COMPONENT;
/**
 * The spread of clean classes within a set, fitted to clean sets (docs/audit.md). `separation`, in ln d′, has rare large values there, of clusters
 * of few samples: a lower limit alone. `two-sidedness`, in nats per sample, is as wide in every set, beside what it varies by chance.
 */
const SEPARATION: Spread = { floor: 0.1 };
const TWO_SIDEDNESS = { sd: 0.06, freedom: 12 };

/**
 * The spread of `two-sidedness` where that of one checkpoint varies by chance with the standard deviation `chance`; it is a mean over two. Clean sets with
 * 100 samples a class, where `chance` is 0.09, have 0.06 to 0.09.
 */
const gainSpread = (chance: number): Spread => ({
  clean: { ...TWO_SIDEDNESS, sd: Math.hypot(TWO_SIDEDNESS.sd, chance / Math.SQRT2) },
});

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
  const late = secondHalf(checkpoints);
  const components = Math.min(COMPONENTS, late[0].features.d, Math.floor(rows.length / PER_COMPONENT));
  const chance = chanceLaw(rows.length, components);
  const apart: number[] = [];
  const found: { gain: number; logOdds: Float64Array }[] = [];
  for (const { features } of late) {
    const points = await principalComponents(rowsOf(features, rows), components, seed);
    const split = clustered(points, seed);
    if (!Number.isNaN(split.separation))
      apart.push(Math.log(Math.max(split.separation, 1e-3)) - chance.separation.mean);
    const gain = (split.r ? heldOutGain(points, split.r, seed) : 0) - chance.gain.mean;
    found.push({ gain, logOdds: limited(split.logOdds) });
  }
  const gain = mean(found.map((f) => f.gain));
  const errors = { separation: chance.separation.sd, gain: chance.gain.sd };
  return { separation: mean(apart), errors, gain, logOdds: agreed(found) };
}

/** Pearson's correlation; NaN where one of both does not vary. */
function correlation(a: Float64Array, b: Float64Array): number {
  const [ma, mb] = [a, b].map((v) => v.reduce((s, x) => s + x, 0) / v.length);
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

/** Correlation of the log-odds of two checkpoints from which on they split the samples alike. */
const ALIKE = 0.5;

/**
 * Mean log-odds, nats, of the clearest split and of those that split the samples alike. Of several clusters each checkpoint may find
 * another, and a mean over these would find none.
 */
function agreed(found: readonly { gain: number; logOdds: Float64Array }[]): Float64Array {
  const clearest = found.reduce((best, f) => (f.gain > best.gain ? f : best));
  // Which cluster is the second is arbitrary at each checkpoint.
  const signed = found.map(({ logOdds }) => ({ logOdds, r: correlation(clearest.logOdds, logOdds) }));
  const alike = signed.filter(({ logOdds, r }) => logOdds === clearest.logOdds || Math.abs(r) >= ALIKE);
  return clearest.logOdds.map(
    (_, i) => alike.reduce((s, { logOdds, r }) => s + (r < 0 ? -1 : 1) * logOdds[i], 0) / alike.length,
  );
}

/** The signal `separation`: ln d′ of each class's clusters in excess of chance; null for a class that is not judged. */
export function separation(split: readonly (TwoClusters | null)[]): PerClass {
  const values = split.map((s) => s?.separation ?? Number.NaN);
  return {
    values,
    p: outlyingClasses(values, 'upper', { ...SEPARATION, errors: errorsBeyondOthers(split, 'separation') }),
  };
}

/** The signal `two-sidedness`: held-out gain of two normal distributions over one; null for a class that is not judged. */
export function twoSidedness(split: readonly (TwoClusters | null)[]): PerClass {
  const values = split.map((s) => s?.gain ?? Number.NaN);
  const squares = split.flatMap((s) => (s ? [s.errors.gain ** 2] : []));
  // The median: a few small classes are as wide as the rest by their own errors.
  const chance = Math.sqrt(squares.sort((a, b) => a - b)[squares.length >> 1] ?? 0);
  return {
    values,
    p: outlyingClasses(values, 'upper', { ...gainSpread(chance), errors: errorsBeyondOthers(split, 'gain') }),
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
  const p = (signal: 'separation' | 'two-sidedness', value: number, spread: Spread) =>
    outlyingness([value, ...others.map((o) => o[signal])], 'upper', spread)[0];
  return Math.max(
    p('separation', split.separation, SEPARATION),
    p('two-sidedness', split.gain, gainSpread(split.errors.gain)),
  );
}
