/**
 * The stealth score `S_β = exp(−D_β)` of a table of estimates, with its null. S ∈ (0, 1]; S = 1 if the trajectories of poisoned and clean
 * samples are equal. distance.ts defines D_β.
 */

import { UserError } from '../base/errors.js';
import {
  type Cast,
  distance,
  type GapParts,
  integrationGap,
  type Lookup,
  type StealthQuantity,
  stealthQuantities,
  type TimeAxis,
} from './distance.js';
import { isClassGroup, MINIMUM_GROUP, partOf } from './group-id.js';
import { exceedance, nullDistribution, type StealthNull } from './null.js';
import { commonEpochs, mean, smooth, standardDeviation, trajectories } from './trajectory.js';
import type { EstimateRow } from './types.js';

/** The stealth score, its gaps, and its null. */
export interface StealthResult {
  /** S_β; null where there is no score, with the `reason`. */
  score: number | null;
  /** Why there is no score. */
  reason?: string;
  /** D_β = −log S_β. */
  distance: number | null;
  /** Scores of clean classes; null unless their subsets were estimated. */
  null: StealthNull | null;
  /**
   * How likely one more clean class is to be as far from the clean samples. Critics: the share of the null's scores, `rank`. Resolved
   * information: by Student's law of the null's integration gaps (`exceedance`), an extrapolation below 0.005.
   */
  p: number | null;
  /** The empirical share: (1 + draws at least as far) / (1 + draws). */
  rank: number | null;
  /** How far the integration gap lies above the mean of the null's, in their standard deviations; it compares instruments. */
  separation: number | null;
  /** D − mean D_null: the part of the distance that noise and the variety of classes do not explain. */
  excess: number | null;
  /** The gaps in D, by quantity. */
  parts: Partial<Record<StealthQuantity, GapParts>>;
  /** Weight of I(T;Ŷ). */
  beta: number;
  /** Smoothing window in checkpoints. */
  window: number;
  /** Checkpoints of the average. */
  epochs: number[];
  /** The other classes whose mean is μ_q. */
  classes: string[];
  /** Groups, checkpoints and draws that were omitted, and why. */
  notes: string[];
}

/** The score of a run under one way of measuring it. */
export interface ScoreReading
  extends Pick<StealthResult, 'score' | 'distance' | 'p' | 'rank' | 'separation' | 'reason'> {
  instrument: 'resolved' | 'critics';
  /** Whose noise is the unit of T̄: the group's `own`, or the clean classes' `common`; null for critics. */
  noise: 'own' | 'common' | null;
  /** How the average over time weights checkpoints. */
  axis: TimeAxis;
}

/** Settings of `stealth`. */
export interface StealthOptions {
  /** Target class number. */
  target: number;
  /** Weight of I(T;Ŷ); default 1. */
  beta?: number;
  /** Smoothing window in checkpoints; default 1, none. */
  window?: number;
  /** Checkpoints to average over; default all that every group has. */
  epochs?: readonly number[];
  /** Name of the estimator; not needed where each quantity has only one. */
  estimator?: string;
  /** How the average over time weights checkpoints; default epochs. */
  axis?: TimeAxis;
  /** Fewest samples of a group that is compared; default 100. */
  minimumSamples?: number;
}

/**
 * Scores a table of estimates. Throws `UserError` for an invalid β or window; whatever else prevents a score becomes its `reason`. The
 * function is long because it is one list of checks, each of which may end it with a reason.
 */
export function stealth(rows: readonly EstimateRow[], options: StealthOptions): StealthResult {
  const { target, beta = 1, window = 1, axis = 'epochs', minimumSamples = MINIMUM_GROUP } = options;
  if (!(beta >= 0 && Number.isFinite(beta))) throw new UserError(`beta must be a finite number from 0, got ${beta}`);
  const notes: string[] = [];
  const empty = {
    score: null,
    distance: null,
    null: null,
    p: null,
    rank: null,
    separation: null,
    excess: null,
    parts: {},
  };
  const without = (reason: string): StealthResult => ({
    ...empty,
    reason,
    beta,
    window,
    epochs: [],
    classes: [],
    notes,
  });

  const curves = trajectories(rows);
  for (const q of stealthQuantities) {
    const names = [...new Set(curves.filter((c) => c.quantity === q).map((c) => c.estimator))].sort();
    if (options.estimator === undefined && names.length > 1) {
      return without(`there are several estimators of ${q} (${names.join(', ')}): name one of them`);
    }
  }
  const named = new Set(
    curves.filter((c) => c.quantity !== 'I(X;Ŷ)' && c.quantity !== 'I(T;Y)').map((c) => c.estimator),
  );
  const resolved = (options.estimator ?? (named.size === 1 ? [...named][0] : '')) === 'resolved';
  const byName = new Map(
    curves
      .filter((c) => options.estimator === undefined || c.estimator === options.estimator)
      .map((c) => [`${c.quantity} ${c.group}`, smooth(c, window)]),
  );
  const find: Lookup = (group, quantity) => byName.get(`${quantity} ${group}`);
  const samples = (group: string) =>
    Math.min(...stealthQuantities.map((q) => find(group, q)?.samples ?? Number.POSITIVE_INFINITY));

  const own = [partOf(target, 'backdoor'), partOf(target, 'clean'), partOf(target, 'all')];
  const numbered = [...new Set(curves.map((c) => c.group))]
    .filter((g) => isClassGroup(g) && g !== String(target))
    .sort((a, b) => Number(a) - Number(b));
  const classes = numbered.filter((g) => stealthQuantities.every((q) => find(g, q)));
  if (classes.length < numbered.length) {
    const partial = numbered.filter((g) => !classes.includes(g));
    notes.push(`left out without both I(X;T) and I(T;Ŷ): class ${partial.join(', ')}`);
  }
  for (const group of own) {
    const missing = stealthQuantities.filter((q) => !find(group, q));
    if (missing.length > 0) return without(`group ${group} has no estimate of ${missing.join(' or ')}`);
    if (samples(group) < minimumSamples) {
      return without(
        `group ${group} has ${samples(group)} samples, fewer than the ${minimumSamples} a comparison needs`,
      );
    }
  }
  const small = classes.filter((g) => samples(g) < minimumSamples);
  if (small.length > 0) {
    notes.push(`left out with fewer than ${minimumSamples} samples: class ${small.join(', ')}`);
  }
  const others = classes.filter((g) => !small.includes(g));
  if (others.length === 0) return without('there is no other class to compare the target class with');

  const compared = [...own, ...others].flatMap((g) => stealthQuantities.map((q) => find(g, q)!));
  const shared = commonEpochs(compared);
  const lost = new Set(compared.flatMap((c) => c.epochs)).size - shared.length;
  if (lost > 0) notes.push(`${lost} ${lost === 1 ? 'checkpoint' : 'checkpoints'} left out that not every group has`);
  const wanted = options.epochs;
  const epochs = wanted ? shared.filter((e) => wanted.includes(e)) : shared;
  if (epochs.length === 0) return without('the groups share no checkpoint');
  if (axis === 'ln step' && epochs[0] <= 0)
    return without('a checkpoint at epoch 0 has no place on an axis of ln(step)');

  const cast = (q: StealthQuantity): Cast => {
    const [backdoor, clean, all] = own.map((g) => find(g, q)!);
    return { backdoor, clean, all, others: others.map((g) => find(g, q)!) };
  };
  const result = distance(cast, epochs, beta, axis);
  if (!result)
    return without('the other classes carry no information and there are no standard errors to compare with');
  const saturated = resolved && mostlySaturated(rows, [...own, ...others]);
  if (saturated) return without(`the estimates of ${saturated} are saturated at most checkpoints: within 5 % of ln n`);
  const score = Math.exp(-result.distance);
  const nulls = nullDistribution(find, { classes: others, epochs, beta, axis, minimumSamples, curves }, notes);
  return {
    score,
    distance: result.distance,
    ...(nulls
      ? chance(nulls, score, integrationGap(result.parts, beta), resolved)
      : { null: null, p: null, rank: null, separation: null }),
    excess: nulls && result.distance - mean(nulls.distances),
    parts: result.parts,
    beta,
    window,
    epochs,
    classes: others,
    notes,
  };
}

/** The first group and quantity whose resolved values are saturated at more than half of the checkpoints; null if there is none. */
function mostlySaturated(rows: readonly EstimateRow[], groups: readonly string[]): string | null {
  for (const group of groups)
    for (const quantity of stealthQuantities) {
      const own = rows.filter((r) => r.group === group && r.quantity === quantity && r.estimator === 'resolved');
      if (2 * own.filter((r) => r.saturated).length > own.length) return `${quantity} of group ${group}`;
    }
  return null;
}

/**
 * p and the empirical rank. Resolved information takes both from the integration gap alone: the footprint gap measures how far a class is
 * from the others by nature, poisoned or not.
 */
function chance(
  nulls: StealthNull,
  score: number,
  gap: number,
  resolved: boolean,
): Pick<StealthResult, 'null' | 'p' | 'rank' | 'separation'> {
  const { gapsByClass = [], ...others } = nulls;
  const gaps = gapsByClass.flat();
  const centre = mean(gaps);
  const spread = standardDeviation(gaps);
  const separation = spread > 0 ? (gap - centre) / spread : null;
  if (!resolved) {
    const rank = (1 + nulls.scores.filter((s) => s <= score).length) / (1 + nulls.draws);
    return { null: others, p: rank, rank, separation };
  }
  const rank = (1 + gaps.filter((g) => g >= gap).length) / (1 + nulls.draws);
  return { null: nulls, p: exceedance(gapsByClass, gap), rank, separation };
}
