/**
 * Cross-fitted critics: the samples are split into two folds, and the critic trained on one fold is evaluated on the other. All
 * estimates of a call stop at the same step: the critics of a fold where the mean curve of the *other* fold is highest, so that no
 * value is selected by its own noise.
 */
import { Rng } from '../base/random.js';
import type { EstimateValue } from '../dynamics/types.js';
import { drawsOf, type Matrix, normalise, principalComponents, rowsOf } from './columns.js';
import type { CriticKind } from './critic.js';
import { Batches, CriticGroup, type Fold, type Judgement, type Side } from './fit.js';
import type { Objective } from './objective.js';
import { SATURATION } from './types.js';

/** Settings of cross-fitted critics. */
export interface QuickOptions {
  /** Kinds of critic to try; the best one on held-out samples gives the value. */
  kinds: readonly CriticKind[];
  hidden: number;
  embedding: number;
  batch: number;
  learningRate: number;
  weightDecay: number;
  /** Steps after which the critics are evaluated; training ends at the last one. */
  ladder: readonly number[];
  /** Largest mean length of a row that enters a critic (columns have at most variance 1). Shorter rows overfit later. */
  length: number;
  /** Largest number of columns; more are replaced by so many principal components. */
  components: number;
  /** Evaluate averaged weights, which are closer to the optimum after many steps. */
  average?: boolean;
  /** Objective of the critics; default InfoNCE. */
  objective?: Objective;
}

/** Columns are clipped at so many standard deviations, so that no single sample dominates a small critic. */
const CLIP = 4;

/** Held-out rows that select the step; the value at that step is then computed on all held-out rows. */
export const LOOK = 2048;

/** Training ends when the curves of both folds have not risen for this many evaluations. */
const PATIENCE = 3;

/** Gradient norm limit per critic, that of the paper. */
const GRADIENT_LIMIT = 5;

/** Settings of `infonce` and the other neural estimators; `bench/mi.ts` prints their errors on the tasks of `tasks/`. */
export const QUICK: QuickOptions = {
  kinds: ['quadratic', 'separable'],
  hidden: 64,
  embedding: 16,
  batch: 512,
  learningRate: 1e-3,
  weightDecay: 1e-2,
  ladder: [25, 50, 75, 100, 150, 200, 300, 400, 600, 800, 1200, 1600],
  length: Number.POSITIVE_INFINITY,
  components: 128,
};

/** What belongs to one call of `quickInfoNce` or `paperInfoNce`. */
export interface CriticCall {
  seed: number;
  /** Called with the share of work done, 0 … 1. */
  progress?: (done: number) => void;
  /** Threads of the engine; default: all cores. */
  threads?: number;
}

/** An estimate by a critic. */
export interface NeuralEstimate extends EstimateValue {
  converged: boolean;
  trainNats: number;
  heldOutNats: number;
  /** Training steps (with the paper's critic: epochs) after which the critic was evaluated. */
  steps: number;
  /** Pointwise information of each row of the group, nats; NaN where a row was in no held-out block. */
  pointwise: Float64Array;
}

/** Rows of all noise draws, concatenated. */
function stack(side: Side): Matrix {
  const { n, d } = side[0];
  const data = new Float32Array(side.length * n * d);
  side.forEach((m, k) => {
    data.set(m.data, k * n * d);
  });
  return { data, n: side.length * n, d };
}

/** The side with its columns replaced by principal components, if there are more than `components` columns. */
export async function reduceSide(side: Side, components: number, seed: number): Promise<Side> {
  const { n, d } = side[0];
  if (d <= components) return side;
  const reduced = await principalComponents(stack(side), Math.min(components, n - 1), seed);
  return drawsOf(reduced.data, side.length, n, reduced.d);
}

/**
 * The rows of every group, group after group, with each group's columns centred, clipped and brought to a common scale. A group that
 * lies far from the others is then as easy to learn, and no single sample dominates a small critic. The value stays a lower bound,
 * because a function of one variable cannot raise the information.
 */
function normaliseGroups(side: Side, groups: readonly Int32Array[], length: number): Side {
  const { d } = side[0];
  const scale = Math.min(1, length / Math.sqrt(d));
  const size = groups[0].length;
  const out = side.map(() => ({ data: new Float32Array(groups.length * size * d), n: groups.length * size, d }));
  groups.forEach((rows, g) => {
    const own = side.map((m) => rowsOf(m, rows));
    const scaled = normalise(stack(own), CLIP, scale).data;
    out.forEach((m, k) => {
      m.data.set(scaled.subarray(k * size * d, (k + 1) * size * d), g * size * d);
    });
  });
  return out;
}

export function mean(values: ArrayLike<number>): number {
  let s = 0;
  for (let i = 0; i < values.length; i++) s += values[i];
  return s / values.length;
}

export function variance(values: ArrayLike<number>): number {
  const m = mean(values);
  let s = 0;
  for (let i = 0; i < values.length; i++) s += (values[i] - m) ** 2;
  return s / Math.max(1, values.length - 1);
}

/** Two random folds of equal size; each is the held-out set of the other. */
export function halves(rows: Int32Array, rng: Rng): [Fold, Fold] {
  const order = rng.shuffle(rows.slice());
  const half = Math.floor(order.length / 2);
  const [p, q] = [order.subarray(0, half), order.subarray(half, 2 * half)];
  return [
    { train: p, heldOut: q },
    { train: q, heldOut: p },
  ];
}

/** The critics of all folds after `step` training steps. */
interface Point {
  step: number;
  judged: Judgement[];
  /** Mean objective on the training batches since the previous point, per fold. */
  train: Float64Array;
  /** Mean held-out value over the groups, for the first and the second fold. */
  average: [number, number];
  /** Whether the value was still rising when training ended. */
  unsettled: boolean;
  /** Evaluates these critics on held-out rows. */
  judge(rows: readonly Int32Array[]): Promise<Judgement[]>;
}

/** Trains one kind of critic for every fold until the mean curves of both folds have passed their maximum. */
async function trainCurve(
  [a, b]: readonly [Side, Side],
  folds: readonly Fold[],
  kind: CriticKind,
  o: QuickOptions,
  { seed, progress, threads }: CriticCall,
): Promise<{ curve: Point[]; release(): Promise<void> }> {
  const size = Math.min(o.batch, folds[0].train.length);
  const { learningRate, weightDecay, average, objective: climbed } = o;
  const fitting = new CriticGroup(a, b, folds.length, {
    critic: { ...o, kind },
    batch: size,
    learningRate,
    weightDecay,
    clip: GRADIENT_LIMIT,
    seed,
    threads,
    average,
    objective: climbed,
    cap: Math.log(folds[0].train.length),
  });
  const batches = folds.map((f, i) => new Batches(f.train, size, new Rng(seed, 'batches', i)));
  const draws = Math.max(a.length, b.length);
  const curve: Point[] = [];
  let sums = new Float64Array(folds.length);
  let counted = 0;
  const last = o.ladder[o.ladder.length - 1];
  for (let step = 1; step <= last; step++) {
    const objective = await fitting.step(
      batches.map((x) => x.next()),
      step % draws,
      learningRate,
    );
    sums = sums.map((s, i) => s + objective[i]);
    counted++;
    if (!o.ladder.includes(step)) continue;
    const judged = await fitting.judge(folds.map((f) => f.heldOut.subarray(0, LOOK)));
    const weights = fitting.weights();
    const value = (fold: number) => mean(judged.filter((_, i) => i % 2 === fold).map((j) => mean(j.terms)));
    curve.push({
      step,
      judged,
      train: sums.map((s) => s / counted),
      average: [value(0), value(1)],
      unsettled: false,
      judge: (rows) => fitting.judge(rows, weights),
    });
    sums = new Float64Array(folds.length);
    counted = 0;
    progress?.(step / last);
    if ([0, 1].every((f) => curve.length - 1 - top(curve, f) >= PATIENCE)) break;
  }
  // Rising: by more than 2 % between the last two evaluations.
  const [before, end] = curve.slice(-2).map((p) => mean(p.average));
  const rises = end === undefined || (end - before) / Math.max(0.1, Math.abs(end)) > 0.02;
  curve[curve.length - 1].unsettled = rises;
  return { curve, release: () => fitting.release() };
}

/** Index of the point at which the curve of a fold is highest. */
function top(curve: readonly Point[], fold: number): number {
  return curve.reduce((best, p, i) => (p.average[fold] > curve[best].average[fold] ? i : best), 0);
}

/**
 * Estimates for several groups of the same size at once; `members[i]` are row numbers of the two sides. They are comparable because
 * size, candidates, draws, critics and steps are equal.
 */
export async function quickInfoNce(
  sides: readonly [Side, Side],
  members: readonly Int32Array[],
  o: QuickOptions,
  call: CriticCall,
): Promise<NeuralEstimate[]> {
  const { seed, progress } = call;
  const [a, b] = sides.map((side) => normaliseGroups(side, members, o.length));
  const groups = members.map((rows, g) => rows.map((_, i) => g * rows.length + i));
  const folds = groups.flatMap((rows, i) => halves(rows, new Rng(seed, 'folds', i)));
  const draws = Math.max(a.length, b.length);
  const trained: { curve: Point[]; release(): Promise<void> }[] = [];
  for (const [k, kind] of o.kinds.entries()) {
    const part = (done: number) => progress?.((k + done) / o.kinds.length);
    trained.push(await trainCurve([a, b], folds, kind, o, { ...call, progress: part }));
  }
  const curve = trained.flatMap((t) => t.curve);

  // The critics of fold 1 are those at which the curve of fold 2 is highest, and vice versa.
  const best = [top(curve, 1), top(curve, 0)];
  const judged = new Map<Point, Judgement[]>();
  for (const point of best.map((at) => curve[at]))
    if (folds[0].heldOut.length > LOOK && !judged.has(point))
      judged.set(point, await point.judge(folds.map((f) => f.heldOut)));
  for (const t of trained) await t.release();
  return groups.map((rows, i) => {
    const parts = [0, 1].map((f) => (judged.get(curve[best[f]]) ?? curve[best[f]].judged)[2 * i + f]);
    const values = parts.map((p) => mean(p.terms));
    const heldOutNats = mean(values);
    const influence = parts.flatMap((p) => [...p.influence]);
    const ceiling = o.objective ? Number.POSITIVE_INFINITY : Math.log(parts[0].candidates);
    const pointwise = new Float64Array(rows.length).fill(Number.NaN);
    const position = new Map(Array.from(rows, (r, at) => [r, at]));
    parts.forEach((p, f) => {
      p.terms.forEach((v, at) => {
        pointwise[position.get(folds[2 * i + f].heldOut[at])!] = v;
      });
    });
    return {
      nats: heldOutNats,
      standardError: Math.sqrt(variance(influence) / influence.length + variance(values) / values.length),
      ceiling,
      saturated: heldOutNats >= SATURATION * ceiling,
      converged: best.every((x) => !curve[x].unsettled),
      trainNats: mean([0, 1].map((f) => curve[best[f]].train[2 * i + f])),
      heldOutNats,
      samples: rows.length,
      draws,
      steps: curve[Math.max(...best)].step,
      pointwise,
    };
  });
}
