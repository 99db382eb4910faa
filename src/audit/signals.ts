/** The signals of an audit: each a number per class for the verdict, and one per sample for the ranking. */

import { stealthQuantities } from '../dynamics/index.js';
import { epochAverage, mean } from '../dynamics/trajectory.js';
import { type CheckpointData, estimateCheckpoint } from '../information/checkpoint.js';
import { type Matrix, principalComponents, rowsOf } from '../information/columns.js';
import { MINIMUM_GROUP } from '../information/groups.js';
import { combined, FEWEST_OTHERS, holm, outlyingness } from './evidence.js';
import type { Look } from './look.js';
import { sideOdds, twoSidedness } from './mixture.js';
import { type Signal, signals, WEIGHT } from './names.js';
import { MOST_ODDS, SMALLEST_SIDE, twoMeans, unsplit } from './two-means.js';

/** Columns of T that a class is split in. */
const COMPONENTS = 10;
/** A class with fewer samples is not judged. */
export const FEWEST_SAMPLES = 30;
/** Standard deviations that classes are taken to have at least, of ln d′ and of nats a sample. */
const FLOOR = { separation: 0.03, 'two-sidedness': 0.02 };
/** Samples of a class whose information is estimated. */
const ESTIMATED = 200;
/** Share of the time of all signals that goes by while classes are split. */
const SPLITTING = 0.3;
/** The pairs of looks: those of the second half say how a class lies in the end, the first how it began. */
const later = (looks: readonly Look[]) => looks.slice(Math.floor(looks.length / 2));

/** How a class stands beside the others. */
export interface ClassEvidence {
  /** Value of each signal; NaN where it could not be had. */
  values: Record<Signal, number>;
  /** P-value of each signal by itself: chance of one more clean class so far out. */
  p: Record<Signal, number>;
  /** Of all signals together: the least p over its share of the level. Above 1 where nothing stands out. */
  together: number;
  /** The same adjusted over classes. */
  adjusted: number;
}

export interface Signals {
  classes: ClassEvidence[];
  /** Mean log-odds that a sample lies on the second side of its class, in nats, [n]: which side is the payload is not said here. */
  odds: Float64Array;
  /** Contribution of each sample to I(X;T) and I(T;Ŷ) of its class, nats, averaged over epochs, [n]; NaN where it was not estimated. */
  pointwise: { 'I(X;T)': Float32Array; 'I(T;Ŷ)': Float32Array };
}

/** Rows of each class. */
export function membersOf(labels: ArrayLike<number>, classes: number): Int32Array[] {
  const lists: number[][] = Array.from({ length: classes }, () => []);
  for (let i = 0; i < labels.length; i++) lists[labels[i]].push(i);
  return lists.map((l) => Int32Array.from(l));
}

/** How some samples of one class fall into two in T, mean over the later looks. */
export interface Halves {
  /** ln d′ beyond what one normal distribution of as many points shows; NaN where no look shows two sides. */
  separation: number;
  /** Standard deviation of that, were it one normal distribution. */
  error: number;
  /** Held-out gain of two normal distributions over one, nats a sample. */
  gain: number;
  /** Log-odds of the second side, nats, [rows]; which side is called the second is chance. */
  odds: Float64Array;
}

/** Splits the samples `rows` of a class, `FEWEST_SAMPLES` of them at least. */
export async function halvesOf(looks: readonly Look[], rows: Int32Array, seed: number): Promise<Halves> {
  const seen = later(looks);
  const components = Math.min(COMPONENTS, seen[0].features.d, Math.floor(rows.length / 3));
  const nothing = unsplit(rows.length, components);
  const apart: number[] = [];
  let gain = 0;
  const odds = new Float64Array(rows.length);
  for (const { features } of seen) {
    const points = await principalComponents(rowsOf(features, rows), components, seed);
    const split = twoMeans(points, seed, SMALLEST_SIDE);
    if (!Number.isNaN(split.separation)) apart.push(Math.log(Math.max(split.separation, 1e-3)) - nothing.mean);
    gain += twoSidedness(points, seed) / seen.length;
    const found = sideOdds(points, split.side).map((v) => Math.max(-MOST_ODDS, Math.min(MOST_ODDS, v)));
    // Each look is turned to agree with those before it.
    const agree = found.reduce((s, v, i) => s + v * odds[i], 0) < 0 ? -1 : 1;
    for (let i = 0; i < rows.length; i++) odds[i] += (agree * found[i]) / seen.length;
  }
  return { separation: mean(apart), error: nothing.sd, gain, odds };
}

/**
 * P-value of a split of what is left of a class, by how the other classes fall into two: the larger of both signals', because what is
 * left of a clean class may well be narrower than other classes, which makes one of them stand out.
 */
export function splitP({ separation, gain }: Halves, others: readonly ClassEvidence[]): number {
  const p = (signal: 'separation' | 'two-sidedness', value: number) =>
    outlyingness([value, ...others.map((o) => o.values[signal])], 'upper', { floor: FLOOR[signal] })[0];
  return Math.max(p('separation', separation), p('two-sidedness', gain));
}

/**
 * Difference of a class's sides in a value of its samples, over that value's standard deviation, and its standard error, which is large
 * where a side is small; samples without a value do not count.
 */
export function sidesDiffer(
  value: Float32Array,
  members: readonly Int32Array[],
  odds: Float64Array,
): { values: number[]; errors: number[] } {
  const each = members.map((rows) => {
    const known = [...rows].filter((r) => Number.isFinite(value[r]));
    const sides = [true, false].map((up) => known.filter((r) => odds[r] > 0 === up).map((r) => value[r]));
    const all = known.map((r) => value[r]);
    const centre = mean(all);
    const sd = Math.sqrt(mean(all.map((v) => (v - centre) ** 2)));
    if (sides.some((s) => s.length < SMALLEST_SIDE) || !(sd > 0)) return { value: Number.NaN, error: 0 };
    return {
      value: Math.abs(mean(sides[0]) - mean(sides[1])) / sd,
      error: Math.sqrt(1 / sides[0].length + 1 / sides[1].length),
    };
  });
  return { values: each.map((e) => e.value), errors: each.map((e) => e.error) };
}

/** Standard errors that ln d′ of classes has beyond what that of the others has on average, which their differences show already. */
function beyondOthers(halves: readonly (Halves | null)[]): number[] {
  const squares = halves.map((h) => (h ? h.error ** 2 : Number.NaN));
  return squares.map((own, c) => {
    const others = squares.filter((v, k) => k !== c && Number.isFinite(v));
    return Math.sqrt(Math.max(0, own - mean(others))) || 0;
  });
}

/** I(X;T) and I(T;Ŷ) of each class's samples at one look; equal numbers of all, so that size is no evidence. */
async function information(
  { features, x, t, logits }: Look,
  labels: Int32Array,
  members: readonly Int32Array[],
  seed: number,
  progress: (share: number) => void,
) {
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
  const some = (m: Matrix) => rowsOf(m, rows);
  const data: CheckpointData = {
    x: some(x ?? features),
    t: [some(t)],
    logits: [some(logits)],
    labels: Int32Array.from(rows, (r) => labels[r]),
    classes: members.length,
    groups,
  };
  const estimates = await estimateCheckpoint(data, 'quick', seed, progress, undefined, stealthQuantities);
  return { rows, groups, estimates };
}

/** What each point of a trajectory counts in its average over epochs (`epochAverage` of unit vectors). */
const averagingWeights = (epochs: readonly number[]) =>
  epochs.map((_, k) =>
    epochAverage(
      epochs,
      epochs.map((_, j) => Number(j === k)),
    ),
  );

/** All signals of a watched training. `progress` hears the share done, and may throw to end the work. */
export async function measureSignals(
  looks: readonly Look[],
  labels: Int32Array,
  classes: number,
  seed: number,
  progress: (share: number) => void = () => {},
): Promise<Signals> {
  const members = membersOf(labels, classes);
  const n = labels.length;
  const odds = new Float64Array(n);
  const halves: (Halves | null)[] = [];
  for (const [c, rows] of members.entries()) {
    progress((SPLITTING * c) / classes);
    const found = rows.length < FEWEST_SAMPLES ? null : await halvesOf(looks, rows, seed);
    rows.forEach((r, i) => {
      odds[r] = found?.odds[i] ?? 0;
    });
    halves.push(found);
  }
  const missing = () => new Float32Array(n).fill(Number.NaN);
  const pointwise = { 'I(X;T)': missing(), 'I(T;Ŷ)': missing() };
  const first = missing();
  const averages = { 'I(X;T)': new Float64Array(classes), 'I(T;Ŷ)': new Float64Array(classes) };
  const errors = { 'I(X;T)': new Float64Array(classes), 'I(T;Ŷ)': new Float64Array(classes) };
  // Estimates on few samples are no evidence either way.
  const enough = members.filter((m) => m.length >= MINIMUM_GROUP).length > FEWEST_OTHERS;
  const share = averagingWeights(looks.map((l) => l.epoch));
  for (const [k, seen] of (enough ? looks : []).entries()) {
    const found = await information(seen, labels, members, seed, (done) =>
      progress(SPLITTING + (1 - SPLITTING) * ((k + done) / looks.length)),
    );
    for (const { quantity, group, nats, standardError, pointwise: each } of found.estimates) {
      if (quantity !== 'I(X;T)' && quantity !== 'I(T;Ŷ)') continue;
      const c = Number(group);
      averages[quantity][c] += share[k] * nats;
      errors[quantity][c] = Math.hypot(errors[quantity][c], share[k] * standardError);
      found.groups.get(group)!.forEach((at, i) => {
        const before = k === 0 ? 0 : pointwise[quantity][found.rows[at]];
        pointwise[quantity][found.rows[at]] = before + share[k] * each[i];
        if (k === 0 && quantity === 'I(T;Ŷ)') first[found.rows[at]] = each[i];
      });
    }
  }
  const judged = (v: ArrayLike<number>) =>
    Array.from(v, (x, c) => (!enough || members[c].length < MINIMUM_GROUP ? Number.NaN : x));
  const early = { loss: sidesDiffer(looks[0].loss, members, odds), information: sidesDiffer(first, members, odds) };
  const values: Record<Signal, number[]> = {
    separation: halves.map((h) => h?.separation ?? Number.NaN),
    'two-sidedness': halves.map((h) => h?.gain ?? Number.NaN),
    'I(X;T)': judged(averages['I(X;T)']),
    'I(T;Ŷ)': judged(averages['I(T;Ŷ)']),
    'early loss': early.loss.values,
    'early information': early.information.values,
  };
  const p: Record<Signal, number[]> = {
    separation: outlyingness(values.separation, 'upper', { floor: FLOOR.separation, errors: beyondOthers(halves) }),
    'two-sidedness': outlyingness(values['two-sidedness'], 'upper', { floor: FLOOR['two-sidedness'] }),
    'I(X;T)': outlyingness(values['I(X;T)'], 'both', { errors: errors['I(X;T)'] }),
    'I(T;Ŷ)': outlyingness(values['I(T;Ŷ)'], 'both', { errors: errors['I(T;Ŷ)'] }),
    'early loss': outlyingness(values['early loss'], 'upper', early.loss),
    'early information': outlyingness(values['early information'], 'upper', early.information),
  };
  const together = members.map((_, c) => combined(signals.map((s) => ({ p: p[s][c], weight: WEIGHT[s] }))));
  // A class that is not judged raises no alarm, and costs the others nothing.
  const asked = [...halves.keys()].filter((c) => halves[c]);
  const held = holm(asked.map((c) => together[c]));
  const adjusted = new Array<number>(classes).fill(1);
  asked.forEach((c, i) => {
    adjusted[c] = held[i];
  });
  const of = (table: Record<Signal, number[]>, c: number) =>
    Object.fromEntries(signals.map((s) => [s, table[s][c]])) as Record<Signal, number>;
  return {
    classes: members.map((_, c) => ({
      values: of(values, c),
      p: of(p, c),
      together: together[c],
      adjusted: adjusted[c],
    })),
    odds,
    pointwise,
  };
}
