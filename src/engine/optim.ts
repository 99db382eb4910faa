/**
 * Optimizers as graph expressions, from parameters and gradients to updates of parameters and optimizer state. Every state tensor starts
 * at zero and is named after its parameter.
 */

import type { OptimizerKind } from './names.js';
import { reshape } from './ops/broadcast.js';
import { add, div, exp, minimum, mul, sqrt, sub } from './ops/elementwise.js';
import { addAll, sumSquare } from './ops/reduce.js';
import { input, type Operand, type Tensor } from './tensor.js';

/** State tensor → its value after the step. */
export type Updates = Map<Tensor, Tensor>;

function stateLike(p: Tensor, kind: string): Tensor {
  return input(`${kind}.${p.attributes.name}`, p.shape, 'float32', 'state');
}

/** Names of the state tensors of each parameter, by optimizer. */
export const OPTIMIZER_STATE: Record<OptimizerKind, readonly string[]> = {
  sgd: ['momentum'],
  adamw: ['adam_m', 'adam_v'],
};

/** Settings of `sgd`. */
export interface SgdOptions {
  learningRate: Operand;
  momentum: number;
  weightDecay: number;
}

/** SGD with momentum as in PyTorch: `v ← μ·v + (g + λ·p)`, `p ← p − η·v`. */
export function sgd(params: readonly Tensor[], grads: readonly Tensor[], o: SgdOptions): Updates {
  const updates: Updates = new Map();
  params.forEach((p, i) => {
    const v = stateLike(p, 'momentum');
    const g = o.weightDecay === 0 ? grads[i] : add(grads[i], mul(p, o.weightDecay));
    const next = o.momentum === 0 ? g : add(mul(v, o.momentum), g);
    if (o.momentum !== 0) updates.set(v, next);
    updates.set(p, sub(p, mul(next, o.learningRate)));
  });
  return updates;
}

/** Settings of `adamw`. Defaults, those of PyTorch: β₁ 0.9, β₂ 0.999, ε 1e-8. */
export interface AdamWOptions {
  learningRate: Operand;
  /** Number of the step, from 1, as a scalar tensor, for the bias correction. */
  step: Tensor;
  weightDecay: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/** AdamW (Loshchilov and Hutter 2019) as in PyTorch: decay by `η·λ·p`, bias-corrected moments. */
export function adamw(params: readonly Tensor[], grads: readonly Tensor[], o: AdamWOptions): Updates {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = o;
  const updates: Updates = new Map();
  // The moments are stored as Σβᵗ⁻ⁱg. Their factors 1 − β are part of the scalars, which saves a third of the passes.
  const correct = (beta: number) => div(1 - beta, sub(1, powStep(beta, o.step)));
  const rate = mul(o.learningRate, correct(beta1));
  const root = sqrt(correct(beta2));
  params.forEach((p, i) => {
    const g = grads[i];
    const m = stateLike(p, 'adam_m');
    const v = stateLike(p, 'adam_v');
    const m1 = add(mul(m, beta1), g);
    const v1 = add(mul(v, beta2), mul(g, g));
    const move = div(mul(m1, rate), add(mul(sqrt(v1), root), epsilon));
    const kept = o.weightDecay === 0 ? p : mul(p, sub(1, mul(o.learningRate, o.weightDecay)));
    updates.set(m, m1).set(v, v1).set(p, sub(kept, move));
  });
  return updates;
}

/** βᵗ as exp(t · ln β). */
function powStep(beta: number, step: Tensor): Tensor {
  return exp(mul(step, Math.log(beta)));
}

/**
 * Gradients scaled so that their joint L2 norm is at most `limit` (`clip_grad_norm_` of PyTorch).
 * `groupAxes` leading axes number independent models that are trained side by side; each is clipped separately.
 */
export function clipGradNorm(grads: readonly Tensor[], limit: number, groupAxes = 0): Tensor[] {
  const squares = grads.map((g) =>
    sumSquare(
      g,
      Array.from({ length: g.rank - groupAxes }, (_, i) => i + groupAxes),
    ),
  );
  const norm = sqrt(addAll(squares));
  const scale = minimum(div(limit, add(norm, 1e-6)), 1);
  return grads.map((g) =>
    mul(g, reshape(scale, [...g.shape.slice(0, groupAxes), ...Array(g.rank - groupAxes).fill(1)])),
  );
}
