/**
 * Prints the table of `docs/estimators.md`: what each estimator answers on every task with a known answer, mean and spread
 * over five samples of 2 000, and the times of the largest sizes the estimators are meant for.
 */
import { performance } from 'node:perf_hooks';
import { cca, gao, ksg, pairwiseBounds, plugin, ross } from '../src/information/index.js';
import { tasks } from '../src/information/tasks/index.js';
import { continuousTask } from '../src/information/tasks/types.js';
import type { DirectEstimator, Samples } from '../src/information/types.js';

const SAMPLES = 2000;
const SEEDS = [1, 2, 3, 4, 5];

function fits(estimator: DirectEstimator, a: Samples, b: Samples): boolean {
  const discrete = Number(a.discrete) + Number(b.discrete);
  return (
    { ksg: discrete === 0, cca: discrete === 0, ross: discrete === 1, plugin: discrete === 2 }[estimator.name] ?? true
  );
}

const estimators = [ksg(), cca(), gao(), ross(), plugin()];
console.log(`| task | truth | ${estimators.map((e) => e.name).join(' | ')} |`);
console.log(`|---|---|${estimators.map(() => '---|').join('')}`);
for (const task of tasks) {
  // Neighbours in 3 584 dimensions and canonical correlations of more columns than samples answer nothing.
  if (task.id.startsWith('planted')) continue;
  const pairs = SEEDS.map((seed) => task.sample(SAMPLES, seed));
  const cells = estimators.map((estimator) => {
    if (!fits(estimator, pairs[0].a, pairs[0].b)) return '';
    const values = pairs.map(({ a, b }, i) => estimator.estimate(a, b, { seed: SEEDS[i] }).nats);
    const mean = values.reduce((s, v) => s + v, 0) / values.length;
    const spread = Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / (values.length - 1));
    return `${mean.toFixed(3)} ± ${spread.toFixed(3)}`;
  });
  console.log(`| \`${task.id}\` | ${task.truth.toFixed(3)} | ${cells.join(' | ')} |`);
}

function normals(p: number, q: number) {
  return continuousTask('bench', '', p, q, 0, (rng, { a, b }) => {
    for (let i = 0; i < p; i++) a[i] = rng.normal();
    for (let i = 0; i < q; i++) b[i] = (i < p ? 0.8 * a[i] : 0) + 0.6 * rng.normal();
  });
}

function time(what: string, work: () => void): void {
  work();
  const runs = [0, 1, 2].map(() => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  console.log(`${what}: ${(Math.min(...runs) / 1000).toFixed(2)} s`);
}

console.log('');
for (const d of [1, 4, 8]) {
  const { a, b } = normals(d, d).sample(10000, 1);
  time(`ksg with its standard error, 10 000 samples, ${d} + ${d} columns`, () => ksg().estimate(a, b, { seed: 1 }));
}
const wide = normals(512, 10).sample(5000, 1);
time('cca, 5 000 samples, 512 + 10 columns', () => cca().estimate(wide.a, wide.b, { seed: 1 }));
time('pairwise bounds, 5 000 samples, 512 columns', () => pairwiseBounds(wide.a, { std: 8 }, { seed: 1 }));
