/**
 * The estimates of one checkpoint: I(X;T), I(T;Ŷ) and I(X;Ŷ) of every group, and I(T;Y) over all classes. The critics of all groups
 * are trained side by side.
 */
import { isNullGroup, WHOLE } from '../dynamics/group-id.js';
import type { Quantity } from '../dynamics/types.js';
import type { Matrix } from './columns.js';
import { type NeuralEstimate, QUICK, type QuickOptions, quickInfoNce, reduceSide } from './crossfit.js';
import type { Side } from './fit.js';
import type { Objective } from './objective.js';
import { PAPER, paperInfoNce } from './paper.js';
import type { Head } from './resolved-moment.js';

/** The recordings of a probe, in the order of the plan's `samples`. */
export interface CheckpointData {
  /** X, or the function of X that critics read in its place, [n, d]. */
  x: Matrix;
  /** Original labels, [n]. */
  labels: Int32Array;
  classes: number;
  /** Per noise draw: T [n, d] and Ŷ [n, classes]. */
  t: Matrix[];
  logits: Matrix[];
  groups: ReadonlyMap<string, Int32Array>;
  /** What resolved information needs besides the draws of T: T̄ [n, d] and the last layer; absent where they are not recorded. */
  channel?: { noiseFree: Matrix; head: Head };
}

export interface CheckpointEstimate extends NeuralEstimate {
  group: string;
  quantity: Quantity;
}

/** Critics of a checkpoint's groups. They are small and converge in few steps, because the groups are small and many. */
const GROUP: QuickOptions = {
  ...QUICK,
  kinds: ['quadratic'],
  components: 64,
  length: 2,
  learningRate: 5e-3,
  weightDecay: 1,
  ladder: [5, 10, 15, 20, 30, 40, 50, 65, 80, 100, 130, 160],
};

/** Critic of each quantity. T and Ŷ of a group may form clusters, which a quadratic critic cannot separate. */
export const GROUP_CRITIC: Record<Quantity, QuickOptions> = {
  'I(X;T)': GROUP,
  'I(X;Ŷ)': GROUP,
  'I(T;Y)': GROUP,
  'I(T;Ŷ)': { ...GROUP, kinds: ['separable'], learningRate: 4e-3, length: 4 },
};

/**
 * The groups for which each quantity is estimated. The null of the score needs I(X;T) and I(T;Ŷ) only. I(T;Y) is estimated for the whole
 * set only, because it is 0 inside one class.
 */
export function estimatesPlanned(groups: Iterable<string>): { quantity: Quantity; groups: string[] }[] {
  const ids = [...groups];
  return [
    { quantity: 'I(X;T)' as const, groups: ids },
    { quantity: 'I(T;Ŷ)' as const, groups: ids },
    { quantity: 'I(X;Ŷ)' as const, groups: ids.filter((id) => !isNullGroup(id)) },
    { quantity: 'I(T;Y)' as const, groups: ids.filter((id) => id === WHOLE) },
  ].filter((p) => p.groups.length > 0);
}

function oneHotLabels(labels: Int32Array, classes: number): Matrix {
  const data = new Float32Array(labels.length * classes);
  labels.forEach((y, i) => {
    data[i * classes + y] = 1;
  });
  return { data, n: labels.length, d: classes };
}

/** `quick`: values on held-out samples. `paper`: the paper's critics, whose value is the training objective. */
export type CheckpointCritic = 'quick' | 'paper';

/** Pairs that the paper's critics hold in memory at once. A pair takes about ten tensors of 128 floats: 670 MB in all. */
export const PAPER_PAIRS = 1 << 17;

/** The paper's settings for a quantity. */
export const paperSettings = (quantity: Quantity) =>
  PAPER[quantity === 'I(T;Ŷ)' || quantity === 'I(T;Y)' ? 'I(T;Ŷ)' : 'I(X;T)'];

export interface CheckpointOptions {
  seed: number;
  /** Gets the share of work done, 0 … 1. */
  progress?: (done: number) => void;
  /** Replaces InfoNCE in quick critics. */
  objective?: Objective;
  /** Quantities to estimate; default all. */
  only?: readonly Quantity[];
}

/** All estimates of one checkpoint. */
export async function estimateCheckpoint(
  data: CheckpointData,
  kind: CheckpointCritic,
  { seed, progress = () => {}, objective, only }: CheckpointOptions,
): Promise<CheckpointEstimate[]> {
  const reduce = (side: Side) => (kind === 'quick' ? reduceSide(side, GROUP.components, seed) : side);
  const plan = estimatesPlanned(data.groups.keys()).filter((p) => only?.includes(p.quantity) ?? true);
  // I(T;Ŷ) and I(T;Y) do not read X, which may be the widest.
  const x = plan.some((p) => p.quantity.startsWith('I(X;')) ? await reduce([data.x]) : [];
  const t = await reduce(data.t);
  const logits = await reduce(data.logits);
  const y: Side = [oneHotLabels(data.labels, data.classes)];
  const sides = { 'I(X;T)': [x, t], 'I(T;Ŷ)': [t, logits], 'I(X;Ŷ)': [x, logits], 'I(T;Y)': [t, y] } as const;
  const total = plan.reduce((s, p) => s + p.groups.length, 0);
  const results: CheckpointEstimate[] = [];
  for (const { quantity, groups } of plan) {
    const [a, b] = sides[quantity];
    const settings = paperSettings(quantity);
    const atOnce = kind === 'quick' ? groups.length : Math.max(1, Math.floor(PAPER_PAIRS / settings.batch ** 2));
    for (let from = 0; from < groups.length; from += atOnce) {
      const ids = groups.slice(from, from + atOnce);
      const rows = ids.map((id) => data.groups.get(id)!);
      const report = (done: number) => progress((results.length + done * ids.length) / total);
      const found =
        kind === 'quick'
          ? await quickInfoNce([a, b], rows, { ...GROUP_CRITIC[quantity], objective }, { seed, progress: report })
          : await paperInfoNce([a, b], rows, settings, { seed, progress: report });
      found.forEach((e, i) => {
        results.push({ ...e, group: ids[i], quantity });
      });
    }
  }
  return results;
}
