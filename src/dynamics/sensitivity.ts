/**
 * How much a ranking of attacks by stealth depends on the analyst's choices: β in both conventions, the smoothing window, the time axis, the
 * estimator (with its κ and noise model), the layer. For every choice: the scores, and Kendall's τ between their order and the order under the reference choice.
 */
import { UserError } from '../base/errors.js';
import type { TimeAxis } from './distance.js';
import type { LagrangianConvention } from './lagrangian.js';
import { kendallTau } from './rank.js';
import { stealth } from './stealth.js';
import { mean } from './trajectory.js';
import type { EstimateRow } from './types.js';

/** The runs of one attack, one table of estimates per seed. */
export interface Contestant {
  name: string;
  target: number;
  /** Tables may hold several estimators and layers; `layer` names that of rows without one. */
  tables: readonly { layer: string; rows: readonly EstimateRow[] }[];
}

/** The choices behind a ranking of attacks. */
export interface Choice {
  beta: number;
  /** `tishby`: β weighs I(T;Ŷ), as in the score's definition; `compression`: β weighs I(X;T). */
  convention: LagrangianConvention;
  window: number;
  /** How averages over time weight checkpoints; default epochs. */
  axis?: TimeAxis;
  /** Estimators of I(X;T) and I(T;Ŷ). */
  estimators: { 'I(X;T)': string; 'I(T;Ŷ)': string };
  layer: string;
}

/** The ranking under one choice. */
export interface Outcome extends Choice {
  /** Score S of each attack, the mean over its seeds; null where a seed has no score. */
  scores: Record<string, number | null>;
  /** τ_b with the reference's order, over the attacks that have a score under both; null for fewer than three. */
  tau: number | null;
  /** Lowest τ_b when one attack is omitted, and that attack; null for fewer than four attacks. */
  leaveOneOut: { tau: number; without: string } | null;
}

/** Score S of one attack under a choice, the mean over its seeds; null where a seed has no score. */
export function scoreUnder({ target, tables }: Contestant, choice: Choice): number | null {
  const { beta, convention, window, axis, estimators, layer } = choice;
  // (β·G(X;T) + G(T;Ŷ)) / (1 + β) is the score's own form at 1/β.
  const weight = convention === 'tishby' ? beta : 1 / beta;
  const scores = tables.map(({ layer: own, rows }) => {
    const chosen = rows.filter(
      (r) =>
        (r.layer ?? own) === layer && (estimators as Record<string, string | undefined>)[r.quantity] === r.estimator,
    );
    return stealth(
      chosen.map((r) => ({ ...r, estimator: 'chosen' })),
      { target, beta: weight, window, axis },
    ).score;
  });
  return scores.length > 0 && scores.every((s) => s !== null) ? mean(scores as number[]) : null;
}

/** Scores under every choice, and their agreement with `reference`. Throws `UserError` for a β that is not positive. */
export function sensitivity(
  contestants: readonly Contestant[],
  reference: Choice,
  choices: readonly Choice[],
): Outcome[] {
  for (const { beta } of [reference, ...choices])
    if (!(beta > 0 && Number.isFinite(beta))) throw new UserError(`beta must be positive, got ${beta}`);
  const scoresOf = (choice: Choice) =>
    Object.fromEntries(contestants.map((c) => [c.name, scoreUnder(c, choice)])) as Record<string, number | null>;
  const wanted = scoresOf(reference);
  return choices.map((choice) => {
    const scores = scoresOf(choice);
    const both = contestants.map((c) => c.name).filter((n) => wanted[n] !== null && scores[n] !== null);
    const agreement = (names: readonly string[]) =>
      kendallTau(
        names.map((n) => wanted[n]!),
        names.map((n) => scores[n]!),
      );
    const left = both.map((without) => ({ without, tau: agreement(both.filter((n) => n !== without)) }));
    const worst = left.filter((l) => Number.isFinite(l.tau)).sort((a, b) => a.tau - b.tau)[0];
    return {
      ...choice,
      scores,
      tau: both.length >= 3 ? agreement(both) : null,
      leaveOneOut: both.length >= 4 && worst ? worst : null,
    };
  });
}
