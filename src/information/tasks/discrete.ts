/** Pairs in which something is discrete. */
import { Rng } from '../../base/random.js';
import { tableInformation } from '../plugin.js';
import type { Task } from './types.js';

/** A task from a function that draws one number for each variable. */
function scalarTask(
  id: string,
  summary: string,
  truth: number,
  discrete: [boolean, boolean],
  draw: (rng: Rng) => [number, number],
): Task {
  return {
    id,
    summary,
    truth,
    truthError: 0,
    sample(n, seed) {
      const rng = new Rng(seed, 'task', id);
      const a = new Float64Array(n);
      const b = new Float64Array(n);
      for (let i = 0; i < n; i++) [a[i], b[i]] = draw(rng);
      return { a: { data: a, n, d: 1, discrete: discrete[0] }, b: { data: b, n, d: 1, discrete: discrete[1] } };
    },
  };
}

const CLASSES = 10;
const RATE = 0.1;

/** P(B = b, Y = y), [2, 10]: a tenth of each of ten equal classes is poisoned and relabelled 0. */
export function poisonTable(): Float64Array {
  const table = new Float64Array(2 * CLASSES).fill((1 - RATE) / CLASSES, 0, CLASSES);
  table[CLASSES] = RATE;
  return table;
}

/**
 * B "is poisoned", Y the label trained on. Stratified, not drawn at random: where n is a multiple of 100 every sample of
 * size n has exactly the table above, in random order.
 */
const poisonAndLabel: Task = {
  id: 'poison-label',
  summary: 'whether a sample is poisoned, and its label: a tenth of ten equal classes is relabelled 0',
  truth: tableInformation(poisonTable(), 2, CLASSES),
  truthError: 0,
  sample(n, seed) {
    const a = new Float64Array(n);
    const b = new Float64Array(n);
    new Rng(seed, 'task', 'poison-label').permutation(n).forEach((stratum, i) => {
      const poisoned = Math.floor(stratum / CLASSES) % Math.round(1 / RATE) === 0;
      a[i] = poisoned ? 1 : 0;
      b[i] = poisoned ? 0 : stratum % CLASSES;
    });
    return { a: { data: a, n, d: 1, discrete: true }, b: { data: b, n, d: 1, discrete: true } };
  },
};

const LEVELS = 5;
const categoryUniform = scalarTask(
  'category-uniform',
  `one of ${LEVELS} equal categories k, and a uniform on (k, k + 2)`,
  Math.log(LEVELS) - ((LEVELS - 1) / LEVELS) * Math.LN2,
  [true, false],
  (rng) => {
    const k = rng.int(LEVELS);
    return [k, k + rng.uniform(0, 2)];
  },
);

/** h(½N(−m, 1) + ½N(m, 1)) − h(N(0, 1)) by Simpson's rule; the integrand is analytic, so the error is that of rounding. */
function twoNormalsInformation(m: number): number {
  const steps = 4000;
  const end = m + 12;
  const density = (x: number) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  let entropy = 0;
  for (let i = 0; i <= steps; i++) {
    const x = -end + (2 * end * i) / steps;
    const p = 0.5 * (density(x - m) + density(x + m));
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    if (p > 0) entropy -= (weight * p * Math.log(p) * (2 * end)) / steps / 3;
  }
  return entropy - 0.5 * Math.log(2 * Math.PI * Math.E);
}

const twoNormals = scalarTask(
  'two-normals',
  'a fair coin, and a normal around −1.5 or 1.5',
  twoNormalsInformation(1.5),
  [true, false],
  (rng) => {
    const side = rng.int(2);
    return [side, (side ? 1.5 : -1.5) + rng.normal()];
  },
);

/** A exponential, B Poisson of mean A: 2 ln 2 − γ − Σ_k ln k · 2⁻ᵏ (Gao et al. 2017). */
const exponentialPoisson = scalarTask(
  'exponential-poisson',
  'an exponential variable, and a Poisson count with it as its mean',
  (() => {
    let sum = 2 * Math.LN2 - 0.5772156649015329;
    for (let k = 2; k < 200; k++) sum -= Math.log(k) * 2 ** -k;
    return sum;
  })(),
  [false, false],
  (rng) => {
    const wait = () => -Math.log(1 - rng.uniform());
    const mean = wait();
    // Events of a unit-rate process before time `mean`.
    let count = 0;
    for (let time = wait(); time < mean; time += wait()) count++;
    return [mean, count];
  },
);

/**
 * Half of the pairs normal of correlation 0.9, half on the four points (±1, ±1), equal signs with probability 0.9. Either
 * variable shows which half it is from, so I = ln 2 + ½ I(normal) + ½ I(signs).
 */
const halfDiscrete = scalarTask(
  'half-discrete-half-normal',
  'half bivariate normal of correlation 0.9, half two signs that agree nine times in ten',
  Math.LN2 - 0.25 * Math.log(1 - 0.81) + 0.5 * (Math.LN2 + 0.9 * Math.log(0.9) + 0.1 * Math.log(0.1)),
  [false, false],
  (rng) => {
    if (rng.uniform() < 0.5) {
      const z = rng.normal();
      return [z, 0.9 * z + Math.sqrt(1 - 0.81) * rng.normal()];
    }
    const sign = rng.uniform() < 0.5 ? -1 : 1;
    return [sign, rng.uniform() < 0.9 ? sign : -sign];
  },
);

export const discreteTasks: Task[] = [poisonAndLabel, categoryUniform, twoNormals, exponentialPoisson, halfDiscrete];
