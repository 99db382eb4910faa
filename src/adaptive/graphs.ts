/**
 * The two parts of the adversary's objective as programs, with their gradients with respect to the numbers of the trigger: the loss of triggered
 * images, and how far their resolved information at one moment of a surrogate is from that of clean samples. Networks are read without noise
 * and in evaluation mode, so a program's value is a function of its feeds alone.
 */

import type { ImageShape } from '../attacks/types.js';
import {
  add,
  argMax,
  constant,
  crossEntropy,
  gradients,
  input,
  logSumExp,
  matmul,
  maximum,
  mean,
  mul,
  neg,
  type ProgramSpec,
  sub,
  sum,
  type Tensor,
  transpose,
} from '../engine/index.js';
import { type Forward, Layers } from '../models/index.js';
import type { ImageGraphOptions } from '../training/graphs.js';
import type { Form } from './forms/index.js';

/** The image shape of a network. */
export const shapeOf = (o: ImageGraphOptions): ImageShape => ({
  height: o.height,
  width: o.imageWidth,
  channels: o.channels,
});

/** `n` triggered images through the network. */
function triggered(o: ImageGraphOptions, form: Form, n: number): { numbers: Tensor; forward: Forward } {
  const shape = shapeOf(o);
  const size = form.parts(shape, 1).reduce((sum, part) => sum + part.size, 0);
  const numbers = input('trigger', [size]);
  const x = transpose(form.triggered(numbers, n, shape), [1, 2, 0, 3]);
  return { numbers, forward: o.model.forward(new Layers('eval', 0), x, o) };
}

/**
 * Feeds: those of the form, `trigger`, its numbers, `labels` [n] int32, the label that the attacker wants. Outputs: `loss`, their mean
 * cross-entropy in nats; `predicted` [n]; `gradient` of the loss with respect to the numbers.
 */
export function attackStep(o: ImageGraphOptions, form: Form, n: number): ProgramSpec {
  const { numbers, forward } = triggered(o, form, n);
  const loss = mean(crossEntropy(forward.logits, input('labels', [n], 'int32')));
  const [gradient] = gradients(loss, [numbers]);
  return { outputs: { loss, predicted: argMax(forward.logits), gradient } };
}

/**
 * Resolved information of points [n, d] in units of the noise, as an expression: the formula of information/resolved.ts with directions
 * z [m, n, d], each with both signs. `inverseKappa`: 1/κ, a scalar. Nats.
 */
export function resolvedExpression(points: Tensor, z: Tensor, inverseKappa: Tensor): Tensor {
  const [m, n] = z.shape;
  // Distances are differences of large numbers; about the mean these are smallest.
  const p = mul(sub(points, mean(points, [0], true)), inverseKappa);
  const squares = sum(mul(p, p), [1], true);
  const apart = sub(mul(0.5, add(squares, transpose(squares))), matmul(p, transpose(p)));
  const others = Float32Array.from({ length: n * n }, (_, at) => (at % (n + 1) === 0 ? 0 : 1));
  const energy = mul(neg(maximum(apart, 0)), constant(others, [n, n]));
  // z·(p_i − p_j), [m, n, n].
  const tilt = sub(sum(mul(z, p), [2], true), matmul(z, transpose(p)));
  const both = add(logSumExp(add(energy, tilt), 2), logSumExp(sub(energy, tilt), 2));
  return sub(Math.log(n), mul(0.5 / (m * n), sum(both)));
}

/**
 * One moment of a surrogate. Feeds: those of the form, `trigger`; `whiten` [d, d], T̄·whiten is in units of the noise; `basis` [d, classes], T·basis is what
 * the classifier reads of T in units of γ (columns past the rank are 0); `residual` [n, d], one draw of the noise of T; `z_xt` [m, n, d] and `z_ty`
 * [m, n, classes]; `inverse_kappa` [2]; `clean` [2], the values of clean samples, nats; `weights` [2], all for I(X;T) and I(T;Ŷ). Outputs: `xt` and `ty`, nats;
 * `gap` = Σ weight·|value − clean|; `gradient` of the gap with respect to the numbers.
 */
export function gapStep(o: ImageGraphOptions, form: Form, n: number, m: number): ProgramSpec {
  const { numbers, forward } = triggered(o, form, n);
  const t = forward.representation;
  const d = t.shape[1];
  const pair = (name: string) => {
    const both = input(name, [2]);
    return [0, 1].map((at) => sum(mul(both, constant(at === 0 ? [1, 0] : [0, 1]))));
  };
  const [kappas, clean, weights] = ['inverse_kappa', 'clean', 'weights'].map(pair);
  const xt = resolvedExpression(matmul(t, input('whiten', [d, d])), input('z_xt', [m, n, d]), kappas[0]);
  const read = matmul(add(t, input('residual', [n, d])), input('basis', [d, o.classes]));
  const ty = resolvedExpression(read, input('z_ty', [m, n, o.classes]), kappas[1]);
  const parts = [xt, ty].map((value, q) => {
    const off = sub(value, clean[q]);
    return mul(weights[q], maximum(off, neg(off)));
  });
  const gap = add(parts[0], parts[1]);
  const [gradient] = gradients(gap, [numbers]);
  return { outputs: { xt, ty, gap, gradient } };
}
