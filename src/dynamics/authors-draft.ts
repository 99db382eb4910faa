/**
 * The draft score in the public working repository of the authors of "Exploring Dynamic Properties of Backdoor Training Through
 * Information Bottleneck" (arXiv 2511.21923). For q ∈ {I(X;T), I(T;Ŷ)} and g ∈ {c/clean, c/all}, the values
 * {q_g} ∪ {q_k : k ≠ c} of a checkpoint are min–max scaled to q̃. A term is `|mean_k(q̃_g − q̃_k)|`, averaged over epochs 5, 40 and
 * 100 of 120. The score is the sum of the four terms, 0 … 4; lower is stealthier.
 */

import { type StealthQuantity, stealthQuantities } from './distance.js';
import { isClassGroup, partOf } from './group-id.js';
import { commonEpochs, mean, trajectories } from './trajectory.js';
import type { EstimateRow } from './types.js';

/** The draft score of the paper's authors, 0 … 4; lower is stealthier. */
export interface DraftResult {
  /** The sum of the terms, or null with the reason in words. */
  score: number | null;
  reason?: string;
  /** Checkpoints of the average. */
  epochs: number[];
  /** A sentence that says which epochs are replaced, where the run lacks the draft's own. */
  note?: string;
  /** One term per quantity and group, such as `I(X;T) 0/clean`. */
  terms: Record<string, number>;
}

/** Settings of `authorsDraft`. */
export interface DraftOptions {
  /** Target class number. */
  target: number;
  /** Epochs of the average; default 5, 40, 100, those of the draft. */
  epochs?: readonly number[];
  /** Length in epochs of the training to which `epochs` belong; default 120. */
  trainedFor?: number;
  /** Name of the estimator; not needed where each quantity has only one. */
  estimator?: string;
}

/** The authors' draft score of a table of estimates. Whatever prevents a score becomes the `reason`. */
export function authorsDraft(rows: readonly EstimateRow[], options: DraftOptions): DraftResult {
  const { target, epochs: wanted = [5, 40, 100], trainedFor = 120, estimator } = options;
  const without = (reason: string): DraftResult => ({ score: null, reason, epochs: [], terms: {} });
  const own = [partOf(target, 'clean'), partOf(target, 'all')];
  const curves = trajectories(rows).filter(
    (c) => (estimator === undefined || c.estimator === estimator) && isStealthQuantity(c.quantity),
  );
  for (const q of stealthQuantities) {
    const names = [...new Set(curves.filter((c) => c.quantity === q).map((c) => c.estimator))].sort();
    if (names.length > 1)
      return without(`there are several estimators of ${q} (${names.join(', ')}): name one of them`);
  }
  const find = (group: string, q: StealthQuantity) => curves.find((c) => c.group === group && c.quantity === q);
  const classes = [...new Set(curves.map((c) => c.group))].filter(
    (g) => isClassGroup(g) && g !== String(target) && stealthQuantities.every((q) => find(g, q)),
  );
  if (classes.length === 0) return without('there is no other class to compare the target class with');
  const lacking = own.find((g) => stealthQuantities.some((q) => !find(g, q)));
  if (lacking) return without(`group ${lacking} lacks an estimate of I(X;T) or I(T;Ŷ)`);

  const available = commonEpochs([...own, ...classes].flatMap((g) => stealthQuantities.map((q) => find(g, q)!)));
  if (available.length === 0) return without('the groups share no checkpoint');
  const epochs = chooseEpochs(available, wanted, trainedFor);
  const terms: Record<string, number> = {};
  for (const q of stealthQuantities) {
    const value = (group: string, epoch: number) => {
      const curve = find(group, q)!;
      return curve.values[curve.epochs.indexOf(epoch)];
    };
    for (const g of own) {
      terms[`${q} ${g}`] = mean(
        epochs.map((e) =>
          scaledGap(
            value(g, e),
            classes.map((k) => value(k, e)),
          ),
        ),
      );
    }
  }
  const exact = wanted.every((e) => epochs.includes(e));
  return {
    score: Object.values(terms).reduce((a, b) => a + b, 0),
    epochs,
    ...(exact ? {} : { note: `epochs ${epochs.join(', ')} stand in for ${wanted.join(', ')}, which this run lacks` }),
    terms,
  };
}

/** `|mean_k(g̃ − k̃)|` with g and all k scaled to [0, 1] together; 0 where all are equal. */
function scaledGap(own: number, others: readonly number[]): number {
  const low = Math.min(own, ...others);
  const range = Math.max(own, ...others) - low;
  return range > 0 ? Math.abs(own - mean(others)) / range : 0;
}

/**
 * The checkpoints nearest to the wanted epochs. In a run that ends before the last of them, each wanted epoch is replaced by the
 * checkpoint at the same share of the training. Each checkpoint counts once.
 */
function chooseEpochs(available: readonly number[], wanted: readonly number[], trainedFor: number): number[] {
  const last = available[available.length - 1];
  const share = last >= Math.max(...wanted) ? 1 : last / trainedFor;
  const nearest = (e: number) => available.reduce((best, a) => (Math.abs(a - e) < Math.abs(best - e) ? a : best));
  return [...new Set(wanted.map((e) => nearest(e * share)))].sort((a, b) => a - b);
}

function isStealthQuantity(q: string): q is StealthQuantity {
  return (stealthQuantities as readonly string[]).includes(q);
}
