/**
 * How much a ranking of attacks by stealth owes to the choices behind it: β in both conventions, the smoothing window, the
 * estimator, the layer. For every choice the scores, and Kendall's τ of their order with that of the reference.
 */
import { UserError } from '../base/errors.js';
import type { LagrangianConvention } from './lagrangian.js';
import { kendallTau } from './rank.js';
import { stealth } from './stealth.js';
import { mean } from './trajectory.js';
import type { EstimateRow } from './types.js';

/** The runs of one attack, one table of estimates per seed. */
export interface Contestant {
  name: string;
  target: number;
  /** Tables may hold several estimators and layers; `layer` is that of rows without one. */
  tables: readonly { layer: string; rows: readonly EstimateRow[] }[];
}

/** The choices behind a ranking of attacks. */
export interface Choice {
  beta: number;
  /** `tishby`: β weighs I(T;Ŷ), as in the score's definition; `compression`: β weighs I(X;T). */
  convention: LagrangianConvention;
  window: number;
  /** Estimators of I(X;T) and I(T;Ŷ). */
  estimators: { 'I(X;T)': string; 'I(T;Ŷ)': string };
  layer: string;
}

/** What a choice makes of the ranking. */
export interface Outcome extends Choice {
  /** S by attack, the mean over seeds; null where a seed has no score. */
  scores: Record<string, number | null>;
  /** τ_b with the reference's order over all attacks that both score; null with fewer than three. */
  tau: number | null;
  /** The same with each attack left out in turn: lowest τ, and the attack without which it is reached. */
  leaveOneOut: { tau: number; without: string } | null;
}

/** S of one attack under a choice, the mean over its seeds. */
export function scoreUnder({ target, tables }: Contestant, choice: Choice): number | null {
  const { beta, convention, window, estimators, layer } = choice;
  // (β·G(X;T) + G(T;Ŷ)) / (1 + β) is the score's own form at 1/β.
  const weight = convention === 'tishby' ? beta : 1 / beta;
  const scores = tables.map(({ layer: own, rows }) => {
    const taken = rows.filter(
      (r) =>
        (r.layer ?? own) === layer && (estimators as Record<string, string | undefined>)[r.quantity] === r.estimator,
    );
    return stealth(
      taken.map((r) => ({ ...r, estimator: 'chosen' })),
      { target, beta: weight, window },
    ).score;
  });
  return scores.length > 0 && scores.every((s) => s !== null) ? mean(scores as number[]) : null;
}

/** Every choice's scores and agreement with `reference`. Throws `UserError` on a β that is not positive. */
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
