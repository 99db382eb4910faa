/**
 * Laws with heavy tails, bounded support or curved embeddings. Mutual information does not change under an invertible map
 * of either variable, so a normal or Student pair pushed through one keeps its truth while it loses its shape.
 */

import { logGamma } from '../../base/gamma.js';
import type { Rng } from '../../base/random.js';
import { digamma } from '../special.js';
import { denseCovariance, normalDraw, normalInformation, sparseCovariance } from './normal.js';
import { continuousTask, type Pair, type Task } from './types.js';

/**
 * Excess of the multivariate Student law over the normal one of the same dispersion: f(ν) + f(ν+p+q) − f(ν+p) − f(ν+q),
 * f(x) = ln Γ(x/2) − (x/2)·ψ(x/2) (Arellano-Valle, Contreras-Reyes and Genton 2013). Positive even where the dispersion is
 * diagonal: both variables share one scale.
 */
export function studentExcess(freedom: number, p: number, q: number): number {
  const f = (x: number) => logGamma(x / 2) - (x / 2) * digamma(x / 2);
  return f(freedom) + f(freedom + p + q) - f(freedom + p) - f(freedom + q);
}

/** Divides a normal draw by √(χ²_ν / ν). */
function studentDraw(covariance: Float64Array, freedom: number, p: number, q: number) {
  const normal = normalDraw(covariance, p, q);
  return (rng: Rng, pair: Pair) => {
    normal(rng, pair);
    let square = 0;
    for (let i = 0; i < freedom; i++) square += rng.normal() ** 2;
    const scale = Math.sqrt(freedom / square);
    for (const side of [pair.a, pair.b]) for (let i = 0; i < side.length; i++) side[i] *= scale;
  };
}

function student(name: string, covariance: Float64Array, freedom: number, d: number): Task {
  return continuousTask(
    `student-${name}-${d}x${d}-${freedom}`,
    `Student's t with ${freedom} degrees of freedom, dispersion ${name}`,
    d,
    d,
    normalInformation(covariance, d, d) + studentExcess(freedom, d, d),
    studentDraw(covariance, freedom, d, d),
  );
}

/** A uniform on (0, 1), B = A + uniform on (−ε, ε): ε − ln 2ε for ε ≤ ½, else 1 / 4ε. */
function uniformAdditive(epsilon: number): Task {
  const truth = epsilon <= 0.5 ? epsilon - Math.log(2 * epsilon) : 1 / (4 * epsilon);
  return continuousTask(
    `uniform-additive-${epsilon}`,
    `uniform plus uniform noise of half-width ${epsilon}`,
    1,
    1,
    truth,
    (rng, { a, b }) => {
      a[0] = rng.uniform();
      b[0] = a[0] + rng.uniform(-epsilon, epsilon);
    },
  );
}

/** The task with `map` applied to every number of both variables. */
function elementwise(name: string, task: Task, map: (v: number) => number): Task {
  return {
    ...task,
    id: `${name}-${task.id}`,
    summary: `${task.summary}; every value through ${name}`,
    sample(n, seed) {
      const { a, b } = task.sample(n, seed);
      return { a: { ...a, data: a.data.map(map) }, b: { ...b, data: b.data.map(map) } };
    },
  };
}

const normal3 = continuousTask(
  'normal-sparse-3x3',
  'normal, two pairs of columns correlated by 0.8',
  3,
  3,
  normalInformation(sparseCovariance(3, 3, 2, 0.8), 3, 3),
  normalDraw(sparseCovariance(3, 3, 2, 0.8), 3, 3),
);

/** Turns the first two of three columns by an angle that grows with the squared distance from the origin. */
function spiral(v: Float64Array, speed: number): void {
  const angle = speed * (v[0] ** 2 + v[1] ** 2 + v[2] ** 2);
  const [x, y] = v;
  v[0] = Math.cos(angle) * x - Math.sin(angle) * y;
  v[1] = Math.sin(angle) * x + Math.cos(angle) * y;
}

const normalDraw3 = normalDraw(sparseCovariance(3, 3, 2, 0.8), 3, 3);
const spiralTask = continuousTask(
  'spiral-normal-3x3',
  `${normal3.summary}; each variable twisted around an axis`,
  3,
  3,
  normal3.truth,
  (rng, pair) => {
    normalDraw3(rng, pair);
    spiral(pair.a, 1 / 3);
    spiral(pair.b, -1 / 3);
  },
);

/** A squashed to u in (0, 1) and rolled up: t = 1.5π(1 + 2u), A' = (t cos t, t sin t) / 21. */
const swissRoll = continuousTask(
  'swissroll-2x1',
  'bivariate normal of correlation 0.9, the first variable rolled up in a plane',
  2,
  1,
  -0.5 * Math.log(1 - 0.9 ** 2),
  (rng, { a, b }) => {
    const z = rng.normal();
    b[0] = 0.9 * z + Math.sqrt(1 - 0.9 ** 2) * rng.normal();
    const t = 1.5 * Math.PI * (1 + 2 / (1 + Math.exp(-1.7 * z)));
    a[0] = (t * Math.cos(t)) / 21;
    a[1] = (t * Math.sin(t)) / 21;
  },
);

const student1 = student('identity', denseCovariance(2, 0), 1, 1);
const student3 = student('sparse', sparseCovariance(3, 3, 2, 0.8), 3, 3);

export const transformedTasks: Task[] = [
  student1,
  student('dense', denseCovariance(4, 0.5), 2, 2),
  student3,
  uniformAdditive(0.1),
  uniformAdditive(0.75),
  elementwise('asinh', student1, Math.asinh),
  elementwise('asinh', student3, Math.asinh),
  elementwise('cube', normal3, (v) => v ** 3),
  elementwise('half-cube', normal3, (v) => Math.sign(v) * Math.abs(v) ** 1.5),
  spiralTask,
  swissRoll,
];
