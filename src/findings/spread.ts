/** The spread of an effect over repetitions, and what it would be with more of them. */
import { groupBy } from '../base/group-by.js';
import { mean, type RankCorrelation } from '../dynamics/index.js';

/** An effect on the axis on which its errors are about normal. */
export interface Spread {
  effect: number;
  /** Repetitions, and what they are. */
  n: number;
  repeats: string;
  /** Standard error of the effect and its degrees of freedom, with this many repetitions of the same spread. Needs `n` ≥ 2. */
  error(repetitions: number): { error: number; df: number };
}

/** Degrees of freedom at which Student's t is the normal distribution to four digits. */
const NORMAL = 1e6;

const variance = (values: readonly number[]) => {
  const m = mean(values);
  return values.reduce((s, v) => s + (v - m) ** 2, 0) / (values.length - 1);
};

/** One value a seed. */
export function bySeed(values: readonly number[]): Spread {
  const s2 = variance(values);
  const error = (n: number) => ({ error: Math.sqrt(s2 / n), df: n - 1 });
  return { effect: mean(values), n: values.length, repeats: values.length === 1 ? 'seed' : 'seeds', error };
}

/** An effect of one attack at one seed. */
export interface Cell {
  attack: string;
  seed: number;
  value: number;
}

/** The mean of every attack at every seed: runs of one attack at several rates repeat neither. */
const oneEach = (cells: readonly Cell[]): Cell[] =>
  groupBy(cells, ({ attack, seed }) => JSON.stringify([attack, seed])).map((same) => ({
    ...same[0],
    value: mean(same.map((c) => c.value)),
  }));

/**
 * A claim over attacks. The attacks stand for others, and the runs of one seed share their first weights and the order of their data, so
 * that both are random effects, crossed: var = σ²(attack)/A + σ²(seed)/S + σ²(rest)/(A·S), from the mean squares of the two-way table. Degrees of
 * freedom by Satterthwaite. More seeds leave the first term as it is. With one attack it is `bySeed`.
 */
export function byAttackAndSeed(all: readonly Cell[]): Spread {
  const cells = oneEach(all);
  const attacks = [...new Set(cells.map((c) => c.attack))];
  const seeds = [...new Set(cells.map((c) => c.seed))];
  if (attacks.length < 2) return bySeed(cells.map((c) => c.value));
  const ofAttack = new Map(attacks.map((a) => [a, mean(cells.flatMap((c) => (c.attack === a ? c.value : [])))]));
  const within = (c: Cell) => c.value - ofAttack.get(c.attack)!;
  const ofSeed = new Map(seeds.map((s) => [s, mean(cells.flatMap((c) => (c.seed === s ? within(c) : [])))]));
  const free = (attacks.length - 1) * (seeds.length - 1);
  const rest = cells.reduce((t, c) => t + (within(c) - ofSeed.get(c.seed)!) ** 2, 0) / free / cells.length;
  const fixed = Math.max(0, variance([...ofAttack.values()]) / attacks.length - rest);
  const seeded = Math.max(variance([...ofSeed.values()]) / seeds.length, rest);
  const error = (n: number) => {
    const shrinking = (seeded * seeds.length) / n;
    const total = fixed + shrinking;
    // Both parts 0: every cell has the same value.
    const df = total ** 2 / (fixed ** 2 / (attacks.length - 1) + shrinking ** 2 / (n - 1));
    return { error: Math.sqrt(total), df: Number.isFinite(df) ? df : n - 1 };
  };
  const repeats = `seeds of ${attacks.length} attacks`;
  return { effect: mean([...ofAttack.values()]), n: seeds.length, repeats, error };
}

/** Smallest number of items whose τ has a variance (dynamics/rank.ts). */
const FEWEST = 5;

/** Kendall's τ over attacks on the axis of artanh, where its variance is 0.437/(n − 4); |τ| = 1, whose artanh is infinite, as one discordant pair. */
export function byRank({ tau, n }: RankCorrelation): Spread {
  const most = n < FEWEST ? 1 : 1 - 4 / (n * (n - 1));
  const effect = Math.atanh(Math.max(-most, Math.min(most, tau)));
  const error = (items: number) => ({ error: Math.sqrt(0.437 / Math.max(0, items - FEWEST + 1)), df: NORMAL });
  return { effect, n, repeats: 'attacks', error };
}
