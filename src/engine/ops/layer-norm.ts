/**
 * Layer normalisation over the last axis (Ba, Kiros and Hinton 2016), with the gradient written out:
 *
 *   y  = γ·z + β,  z = (x − μ)·r,  r = 1/√(σ² + ε)
 *   dβ = Σ dy,  dγ = Σ dy·z
 *   dx = r·(dz − mean(dz) − z·mean(dz·z)),  dz = γ·dy
 */
import { type Op, Tensor } from '../tensor.js';
import { sumTo } from './broadcast.js';
import { add, div, mul, sqrt, sub } from './elementwise.js';
import { mean, sumSquare } from './reduce.js';

const rowMean = (x: Tensor) => mean(x, [-1], true);

const layerNormOp: Op = {
  name: 'layerNorm',
  vjp: (g, node) => {
    const [x, gamma] = node.inputs;
    const centred = sub(x, rowMean(x));
    const variance = div(sumSquare(centred, [-1], true), gamma.size);
    const r = div(1, sqrt(add(variance, node.attributes.epsilon)));
    const z = mul(centred, r);
    const dz = mul(g, gamma);
    const dx = mul(r, sub(sub(dz, rowMean(dz)), mul(z, rowMean(mul(dz, z)))));
    return [dx, sumTo(mul(g, z), gamma.shape), sumTo(g, gamma.shape)];
  },
  lower: (graph, inputs, node) =>
    graph.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: node.attributes.epsilon } }),
};

/** Every row normalised by its own mean and variance: x [..., d], γ and β [d]. */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon = 1e-5): Tensor {
  const d = x.shape[x.rank - 1];
  if (gamma.rank !== 1 || gamma.size !== d || beta.rank !== 1 || beta.size !== d)
    throw new Error(`layerNorm: γ [${gamma.shape}] and β [${beta.shape}] do not fit rows of [${x.shape}]`);
  return new Tensor(layerNormOp, [x, gamma, beta], { epsilon }, x.shape);
}
