/**
 * Objectives of critics other than InfoNCE. Scores are f [g, n, n] of g critics, with the true pairs on the diagonal. E is the mean over the
 * diagonal, E' the mean over all other pairs, which are independent.
 *
 * InfoNCE compares the true pair of each row with the candidates of that row. The other objectives have the form E[f] − φ(E'[h(f)]). With
 * Z = E'[h], a U-statistic in two indices, sample i has the influence fᵢᵢ − φ'(Z)·(mean of its row of h + mean of its column of h).
 */
import { add, concat, constant, div, log, logSumExp, mul, reshape, sub, sum } from '../engine/index.js';
import { type Op, Tensor } from '../engine/tensor.js';

/** An objective of the form E[f] − φ(E'[h(f)]). */
export interface Objective {
  name: 'nwj' | 'mine' | 'smile';
  /** h, elementwise. */
  kernel(f: Tensor): Tensor;
  /** φ: Z − 1, or ln Z. */
  outer: 'linear' | 'log';
  /**
   * Function that training maximises, [g]; default the value itself. `partition` is ln E'[eᶠ] of the batch [g], `average` its moving average
   * over the previous steps.
   */
  climb?(f: Tensor, partition: Tensor, average: Tensor): Tensor;
}

const sigmoidOp: Op = { name: 'sigmoid', lower: (graph, inputs) => graph.node('Sigmoid', inputs) };

const softplusOp: Op = {
  name: 'softplus',
  vjp: (grad, node) => [mul(grad, new Tensor(sigmoidOp, node.inputs, {}, node.shape))],
  // max(x, 0) + ln(1 + e^−|x|): ONNX Runtime's own Softplus works value by value and takes four times as long.
  lower: (graph, [x]) => {
    const far = graph.node('Exp', [graph.node('Neg', [graph.node('Abs', [x])])]);
    const small = graph.node('Log', [graph.node('Add', [far, graph.scalar(1)])]);
    return graph.node('Add', [graph.node('Max', [x, graph.scalar(0)]), small]);
  },
};

/** `ln(1 + eˣ)` */
export const softplus = (x: Tensor): Tensor => new Tensor(softplusOp, [x], {}, x.shape);

/**
 * Scores with a smooth upper limit of `cap` nats. A bound holds for any critic, so also for a limited one. The limit bounds the weight of a
 * single pair: with a cap of ln n, n samples suffice to observe a ratio of that size.
 */
export const capped = (f: Tensor, cap: number): Tensor => sub(cap, softplus(sub(cap, f)));

/** A constant [1, n, n] of one value on the diagonal and another off it. */
const diagonal = (n: number, on: number, off: number) =>
  constant(
    Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? on : off)),
    [1, n, n],
  );

/** E: mean over the diagonal, [g, n, n] → [g]. */
export function joint(f: Tensor): Tensor {
  const n = f.shape[1];
  return div(sum(mul(f, diagonal(n, 1, 0)), [1, 2]), n);
}

/** E': mean over all pairs but the diagonal, [g, n, n] → [g]. */
export function independent(h: Tensor): Tensor {
  const n = h.shape[1];
  return div(sum(mul(h, diagonal(n, 0, 1)), [1, 2]), n * (n - 1));
}

/** ln E'[eᶠ], [g, n, n] → [g], without overflow. */
function logPartition(f: Tensor): Tensor {
  const [g, n] = f.shape;
  const others = add(f, diagonal(n, -1e9, 0));
  return sub(logSumExp(reshape(others, [g, n * n]), 1), Math.log(n * (n - 1)));
}

/** Weight of the current step in the moving average of the partition. */
const RATE = 0.05;

/** Value and training objective [g] of one batch, and the next moving average of the log-partition [g]. */
export function batchValue(
  o: Objective,
  scores: Tensor,
  cap: number,
  average: Tensor,
): { value: Tensor; climb: Tensor; nextAverage: Tensor } {
  const f = capped(scores, cap);
  const partition = logPartition(f);
  const z = independent(o.kernel(f));
  const value = o.outer === 'linear' ? add(sub(joint(f), z), 1) : sub(joint(f), log(z));
  const parts = [add(average, Math.log(1 - RATE)), add(partition, Math.log(RATE))];
  const nextAverage = logSumExp(
    concat(
      parts.map((t) => reshape(t, [t.size, 1])),
      1,
    ),
    1,
  );
  return { value, climb: o.climb?.(f, partition, average) ?? value, nextAverage };
}
