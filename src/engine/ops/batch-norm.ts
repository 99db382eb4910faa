/**
 * Batch normalisation over activations [h, w, n, c] (Ioffe and Szegedy 2015). Its gradient is written out, which takes a few passes over
 * the activations instead of one per term:
 *
 *   y  = a·(x − μ) + β,  a = γ·r,  r = 1/√(σ² + ε),  m values per channel
 *   dβ = Σ dy,  dγ = r·Σ dy·(x − μ)
 *   dx = a·(dy − (x − μ)·(r·dγ/m) − dβ/m)
 */
import { type Op, Tensor } from '../tensor.js';
import { channelAdd, channelMul, channelSub, channelSum } from './channels.js';
import { add, div, mul, sqrt, sub } from './elementwise.js';

const perChannel = (x: Tensor) => x.size / x.shape[x.rank - 1];

/** Mean of every channel, [c]. */
export function channelMean(x: Tensor): Tensor {
  return div(channelSum(x), perChannel(x));
}

const centred = (x: Tensor) => channelSub(x, channelMean(x));

/** Variance of every channel about its mean, divided by the number of values, [c]. Two-pass: no cancellation. */
export function channelVariance(x: Tensor): Tensor {
  const c = centred(x);
  return div(channelSum(mul(c, c)), perChannel(x));
}

const batchNormOp: Op = {
  name: 'batchNorm',
  vjp: (g, node) => {
    const [, gamma, , away, variance] = node.inputs;
    const m = perChannel(away);
    const r = div(1, sqrt(add(variance, node.attributes.epsilon)));
    const dBeta = channelSum(g);
    const dGamma = mul(r, channelSum(mul(g, away)));
    const slope = div(mul(r, dGamma), m);
    const dx = channelMul(channelSub(sub(g, channelMul(away, slope)), div(dBeta, m)), mul(gamma, r));
    return [dx, dGamma, dBeta, null, null, null];
  },
  lower: (_graph, inputs) => inputs[5],
};

/** Normalisation by the statistics of the batch (training mode); the gradient includes them. γ, β [c]. */
export function batchNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon = 1e-5): Tensor {
  const away = centred(x);
  const variance = channelVariance(x);
  const y = channelAdd(channelMul(away, div(gamma, sqrt(add(variance, epsilon)))), beta);
  return new Tensor(batchNormOp, [x, gamma, beta, away, variance, y], { epsilon }, x.shape);
}

/** Its last input is its value, to which the gradient goes. */
const batchNormInferenceOp: Op = {
  name: 'batchNormInference',
  vjp: (g) => [null, null, null, null, null, g],
  lower: (graph, [x, gamma, beta, mu, variance, y], node) => {
    if (!graph.portable) return y;
    const attributes = { epsilon: { float: node.attributes.epsilon } };
    return graph.onImages(x, (images) =>
      graph.node('BatchNormalization', [images, gamma, beta, mu, variance], attributes),
    );
  },
};

/** Normalisation by given statistics (evaluation mode). All vectors [c], in the order of ONNX's BatchNormalization. */
export function batchNormInference(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  mu: Tensor,
  variance: Tensor,
  epsilon = 1e-5,
): Tensor {
  const scale = div(gamma, sqrt(add(variance, epsilon)));
  const y = channelAdd(channelMul(x, scale), sub(beta, mul(mu, scale)));
  return new Tensor(batchNormInferenceOp, [x, gamma, beta, mu, variance, y], { epsilon }, x.shape);
}
