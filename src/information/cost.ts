/** The cost of the estimates of one checkpoint: the critics, their inputs, their steps, operations and seconds. */

import { quickest } from '../base/timing.js';
import type { Quantity } from '../dynamics/types.js';
import { flops, input } from '../engine/index.js';
import { type CheckpointCritic, estimatesPlanned, GROUP_CRITIC, PAPER_PAIRS, paperSettings } from './checkpoint.js';
import { critic } from './critic.js';
import { LOOK } from './crossfit.js';
import { CriticGroup, criticStep, type FitOptions, type Side } from './fit.js';
import { logWeights, PAPER_FIT } from './paper.js';

/** Typical number of steps after which quick critics have converged, and of evaluations until then. */
const QUICK_STEPS = 80;
const QUICK_JUDGEMENTS = 9;

/** Repetitions of each timed step: few, because `--dry-run` must answer within seconds. */
const TIMED = 2;

/** Numbers of columns of X, T and Ŷ, and the number of classes. */
export interface Columns {
  x: number;
  t: number;
  logits: number;
  classes: number;
}

interface Critics {
  options: FitOptions;
  /** Number of critics trained side by side. */
  count: number;
  columns: [number, number];
  steps: number;
  /** Held-out rows of each critic; every row is scored against all of them. */
  judged: number;
  /** Number of evaluations. */
  judgements: number;
  /** Number of negatives drawn from the batch; null if the whole batch is used. */
  negatives: number | null;
}

/** What the critics of a checkpoint estimate. */
export interface CriticWork {
  groups: Iterable<string>;
  quantities: readonly Quantity[];
  /** Samples of a group, and noise draws of each. */
  size: number;
  draws: number;
  columns: Columns;
}

/** All critics of a checkpoint. */
function critics(kind: CheckpointCritic, { groups, quantities, size, draws, columns }: CriticWork) {
  const found: Critics[] = [];
  const half = Math.floor(size / 2);
  for (const { quantity, groups: ids } of estimatesPlanned(groups).filter((p) => quantities.includes(p.quantity))) {
    const { x, t, logits, classes } = columns;
    const pair: [number, number] = {
      'I(X;T)': [x, t] as [number, number],
      'I(T;Ŷ)': [t, logits] as [number, number],
      'I(X;Ŷ)': [x, logits] as [number, number],
      'I(T;Y)': [t, classes] as [number, number],
    }[quantity];
    if (kind === 'quick') {
      const o = GROUP_CRITIC[quantity];
      const options = { ...o, critic: { ...o, kind: o.kinds[0] }, batch: Math.min(o.batch, half), clip: 5, seed: 0 };
      const shown = pair.map((d) => Math.min(d, o.components)) as [number, number];
      const judged = Math.min(LOOK, half);
      const common = {
        options,
        columns: shown,
        steps: QUICK_STEPS,
        judgements: QUICK_JUDGEMENTS * draws,
        negatives: null,
      };
      found.push({ ...common, count: 2 * ids.length, judged });
      continue;
    }
    const o = paperSettings(quantity);
    const atOnce = Math.max(1, Math.floor(PAPER_PAIRS / o.batch ** 2));
    for (let from = 0; from < ids.length; from += atOnce) {
      const count = Math.min(atOnce, ids.length - from);
      const fitted = (rows: number) => {
        const batch = Math.min(o.batch, rows);
        const perEpoch = Math.max(1, Math.ceil(Math.floor(rows / batch) / 2));
        const options = { ...PAPER_FIT, learningRate: o.learningRate, batch, seed: 0 };
        return { options, columns: pair, steps: o.epochs * perEpoch, negatives: o.negatives };
      };
      found.push({ ...fitted(size), count, judged: 0, judgements: 0 });
      found.push({ ...fitted(half), count: 2 * count, judged: half, judgements: draws });
    }
  }
  return found;
}

const stepFlops = ({ options, count, columns, negatives }: Critics) =>
  flops(criticStep(options, { critics: count, pairs: options.batch, columns }, negatives !== null));

function judgeFlops({ options, count, columns: [a, b], judged, judgements }: Critics): number {
  if (judged === 0) return 0;
  const { scores } = critic(options.critic, input('a', [count, judged, a]), input('b', [count, judged, b]));
  return judgements * flops({ outputs: { scores } });
}

/** Seconds of one step on this machine, with arbitrary values, and of the first one, which compiles the program. */
async function timeSteps(c: Critics): Promise<{ first: number; step: number }> {
  const { options, count, columns, negatives } = c;
  const n = count * options.batch;
  const side = (d: number): Side => [{ data: Float32Array.from({ length: n * d }, (_, i) => Math.sin(i * i)), n, d }];
  const started = performance.now();
  const group = new CriticGroup(side(columns[0]), side(columns[1]), count, options);
  const rows = Array.from({ length: count }, (_, g) =>
    Int32Array.from({ length: options.batch }, (_, i) => g * options.batch + i),
  );
  const drawn = new Int32Array(n * (negatives ?? 0)).map((_, i) => i % options.batch);
  const once = () => {
    const weights = negatives === null ? undefined : logWeights(drawn, n, options.batch, negatives);
    return group.step(rows, 0, options.learningRate, weights);
  };
  await once();
  const first = (performance.now() - started) / 1000;
  const step = await quickest(TIMED, once);
  await group.release();
  return { first, step };
}

export interface CriticCost {
  /** Floating-point operations, two per multiply-add. */
  flops: number;
  /** Seconds on this machine, from a few timed steps. */
  seconds: number;
}

/**
 * Cost of the critics of one checkpoint. Exact for the paper's critics. Quick critics stop when they have converged; 80 steps are
 * assumed.
 */
export async function criticCost(kind: CheckpointCritic, work: CriticWork): Promise<CriticCost> {
  const timed = new Map<string, { first: number; step: number }>();
  const total = { flops: 0, seconds: 0 };
  for (const c of critics(kind, work)) {
    const key = JSON.stringify([c.columns, c.options.batch, c.options.critic.kind, c.count]);
    const seconds = timed.get(key) ?? (await timeSteps(c));
    timed.set(key, seconds);
    const [step, judge] = [stepFlops(c), judgeFlops(c)];
    total.flops += c.steps * step + judge;
    // Every checkpoint compiles its critics anew.
    total.seconds += seconds.first + seconds.step * (c.steps + judge / step);
  }
  return total;
}
