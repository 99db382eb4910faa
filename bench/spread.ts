/** How much the classes of clean sets vary within a set: what the test of an audit takes from clean sets (docs/audit.md). */
import { chanceLaw } from '../src/audit/chance.js';
import { COMPONENTS } from '../src/audit/clusters.js';
import { mean } from '../src/dynamics/trajectory.js';
import { digamma } from '../src/information/special.js';

/** Values of one clean set, its classes of equal sizes. */
export interface CleanValues {
  dataset: string;
  images: number;
  separation: readonly (number | null)[];
  gain: readonly (number | null)[];
}

const variance = (values: readonly number[]) => {
  const centre = mean(values);
  return values.reduce((s, v) => s + (v - centre) ** 2, 0) / (values.length - 1);
};

const finite = (values: readonly (number | null)[]) => values.filter((v): v is number => Number.isFinite(v));

/** ψ′(x) by its recurrence and its asymptotic series. */
function trigamma(x: number): number {
  let sum = 0;
  let at = x;
  for (; at < 20; at++) sum += 1 / at ** 2;
  return sum + 1 / at + 1 / (2 * at ** 2) + 1 / (6 * at ** 3) - 1 / (30 * at ** 5);
}

/**
 * Spread of `two-sidedness` within a set beside chance, and the degrees of freedom for which it counts: of variances s² with f degrees of freedom, relative
 * to those expected, the variance of ln s² is ψ′(f/2) + ψ′(freedom/2) (Smyth 2004). Infinite if they differ by no more than chance says.
 */
export function fitted(sets: readonly CleanValues[]): { sd: number; freedom: number } {
  const of = sets.map(({ images, gain }) => {
    const values = finite(gain);
    // A value is a mean over two checkpoints.
    const chance = chanceLaw(images / gain.length, COMPONENTS).gain.sd ** 2 / 2;
    return { s2: variance(values), chance, f: values.length - 1 };
  });
  const sd = Math.sqrt(Math.max(0, mean(of.map(({ s2, chance }) => s2 - chance))));
  const logs = of.map(({ s2, chance, f }) => Math.log(s2 / (sd ** 2 + chance)) - digamma(f / 2) + Math.log(f / 2));
  const excess = variance(logs) - mean(of.map(({ f }) => trigamma(f / 2)));
  if (excess <= trigamma(5e5)) return { sd, freedom: Number.POSITIVE_INFINITY };
  let [low, high] = [1e-3, 1e6];
  while (high / low > 1 + 1e-9) {
    const middle = Math.sqrt(low * high);
    if (trigamma(middle / 2) > excess) low = middle;
    else high = middle;
  }
  return { sd, freedom: low };
}

/** Means and spreads by data set and size, and what is fitted to all, in Markdown. */
export function spreadTable(rows: readonly CleanValues[]): string[] {
  const cells = (some: readonly CleanValues[], what: 'gain' | 'separation') => {
    const sets = some.map((r) => finite(r[what]));
    const means = sets.map(mean);
    const within = Math.sqrt(mean(sets.map(variance)));
    const most = Math.max(...sets.map((values, k) => Math.max(...values) - means[k]));
    return [mean(means), Math.sqrt(variance(means)), within, most].map((v) => v.toFixed(3)).join(' | ');
  };
  const lines = [...new Set(rows.map((r) => r.dataset))].sort().flatMap((d) =>
    ['under', 'from'].flatMap((which) => {
      const some = rows.filter((r) => r.dataset === d && r.images < 2000 === (which === 'under'));
      if (some.length < 2) return [];
      return `| ${d}, ${which} 2 000 images | ${some.length} | ${cells(some, 'gain')} | ${cells(some, 'separation')} |`;
    }),
  );
  const { sd, freedom } = fitted(rows);
  const counts = Number.isFinite(freedom) ? freedom.toFixed(0) : '∞';
  return [
    '| clean sets with classes of equal sizes | sets | two-sidedness, nats: mean | between sets | within a set | largest above its set | separation: mean | between sets | within a set | largest above its set |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...lines,
    '',
    `Fitted to ${rows.length} sets: two-sidedness varies within a set by ${sd.toFixed(3)} nats beside chance, which counts for ${counts} degrees of freedom.`,
  ];
}
