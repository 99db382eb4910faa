/**
 * The estimates of one checkpoint: every group's I(X;T), I(T;Ŷ) and I(X;Ŷ), and I(T;Y) over all classes, with the critics
 * of all groups trained side by side.
 */
import { isNullGroup } from '../dynamics/group-id.js';
import type { Matrix } from './columns.js';
import { type NeuralEstimate, QUICK, type QuickOptions, quickInfoNce, reduceSide } from './crossfit.js';
import type { Side } from './fit.js';
import type { Objective } from './objective.js';
import { PAPER, paperInfoNce } from './paper.js';

/** What a probe recorded, in the order of the plan's `samples`. */
export interface CheckpointData {
  /** X, or a function of it that critics read in its place, [n, d]. */
  x: Matrix;
  /** Original labels, [n]. */
  labels: Int32Array;
  classes: number;
  /** Per noise draw: T [n, d] and Ŷ [n, classes]. */
  t: Matrix[];
  logits: Matrix[];
  groups: ReadonlyMap<string, Int32Array>;
}

export interface CheckpointEstimate extends NeuralEstimate {
  group: string;
  quantity: 'I(X;T)' | 'I(T;Ŷ)' | 'I(X;Ŷ)' | 'I(T;Y)';
}

/** Critics of a checkpoint's groups: small and quick to settle, because groups are small and many. */
const GROUP: QuickOptions = {
  ...QUICK,
  kinds: ['quadratic'],
  components: 64,
  length: 2,
  learningRate: 5e-3,
  weightDecay: 1,
  ladder: [5, 10, 15, 20, 30, 40, 50, 65, 80, 100, 130, 160],
};

/** T and Ŷ of a group may fall into clusters, which a quadratic critic cannot tell apart. */
export const GROUP_CRITIC: Record<CheckpointEstimate['quantity'], QuickOptions> = {
  'I(X;T)': GROUP,
  'I(X;Ŷ)': GROUP,
  'I(T;Y)': GROUP,
  'I(T;Ŷ)': { ...GROUP, kinds: ['separable'], learningRate: 4e-3, length: 4 },
};

/** True for the groups that only the score's null needs. */

/** Which groups each quantity is estimated for. The null needs I(X;T) and I(T;Ŷ); inside one class I(T;Y) is 0. */
export function estimatesPlanned(
  groups: Iterable<string>,
): { quantity: CheckpointEstimate['quantity']; groups: string[] }[] {
  const ids = [...groups];
  return [
    { quantity: 'I(X;T)' as const, groups: ids },
    { quantity: 'I(T;Ŷ)' as const, groups: ids },
    { quantity: 'I(X;Ŷ)' as const, groups: ids.filter((id) => !isNullGroup(id)) },
    { quantity: 'I(T;Y)' as const, groups: ids.filter((id) => id === 'all') },
  ].filter((p) => p.groups.length > 0);
}

function oneHotLabels(labels: Int32Array, classes: number): Matrix {
  const data = new Float32Array(labels.length * classes);
  labels.forEach((y, i) => {
    data[i * classes + y] = 1;
  });
  return { data, n: labels.length, d: classes };
}

/** Which critic: `quick` is held out, `paper` is the protocol's and reports the training objective. */
export type CheckpointCritic = 'quick' | 'paper';

/** Pairs of a batch that the paper's critics hold at once: some ten tensors of 128 values each. */
export const PAPER_PAIRS = 1 << 17;

/** The protocol's settings for a quantity. */
export const paperSettings = (quantity: CheckpointEstimate['quantity']) =>
  PAPER[quantity === 'I(T;Ŷ)' || quantity === 'I(T;Y)' ? 'I(T;Ŷ)' : 'I(X;T)'];

/** All estimates of one checkpoint. `objective`: what quick critics climb in the place of InfoNCE; `only`: these quantities alone. */
export async function estimateCheckpoint(
  data: CheckpointData,
  kind: CheckpointCritic,
  seed: number,
  progress: (done: number) => void = () => {},
  objective?: Objective,
  only?: readonly CheckpointEstimate['quantity'][],
): Promise<CheckpointEstimate[]> {
  const reduce = (side: Side) => (kind === 'quick' ? reduceSide(side, GROUP.components, seed) : side);
  const x = await reduce([data.x]);
  const t = await reduce(data.t);
  const logits = await reduce(data.logits);
  const y: Side = [oneHotLabels(data.labels, data.classes)];
  const sides = { 'I(X;T)': [x, t], 'I(T;Ŷ)': [t, logits], 'I(X;Ŷ)': [x, logits], 'I(T;Y)': [t, y] } as const;
  const plan = estimatesPlanned(data.groups.keys()).filter((p) => only?.includes(p.quantity) ?? true);
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
          ? await quickInfoNce(a, b, rows, { ...GROUP_CRITIC[quantity], objective }, seed, report)
          : await paperInfoNce(a, b, rows, settings, seed, report);
      found.forEach((e, i) => {
        results.push({ ...e, group: ids[i], quantity });
      });
    }
  }
  return results;
}
