/**
 * Batch normalisation over [n, c, h, w] (Ioffe and Szegedy 2015), with the gradient written out, so that backward is
 * two passes over the activations instead of one per term:
 *
 *   y  = γ·(x − μ)·r + β,  r = 1/√(σ² + ε)
 *   dβ = Σ dy,  dγ = r·(Σ dy·x − μ·Σ dy)
 *   dx = γr·dy − (γr²·dγ/m)·x + (γr²·dγ·μ − γr·dβ)/m
 */
import { type Op, Tensor } from '../tensor.js';
import { add, div, mul, neg, sqrt, sub } from './elementwise.js';
import { mean, sum, sumSquare } from './reduce.js';

const OVER = [0, 2, 3];

/** Mean of every channel, [c]. */
export function channelMean(x: Tensor): Tensor {
  return mean(x, OVER);
}

/** Variance of every channel about its mean, divided by the number of values, [c]. Two-pass: no cancellation. */
export function channelVariance(x: Tensor): Tensor {
  const centred = channelAffine(x, onesLike(x), neg(channelMean(x)));
  return div(sum(sumSquare(centred, [2, 3]), [0]), x.size / x.shape[1]);
}

function onesLike(x: Tensor): Tensor {
  return new Tensor(fillOp, [], { value: 1 }, [x.shape[1]]);
}

const fillOp: Op = {
  name: 'fill',
  lower: (graph, _inputs, node) => graph.floats(new Float32Array(node.size).fill(node.attributes.value), node.shape),
};

const affineOp: Op = {
  name: 'channelAffine',
  vjp: (g, node) => {
    const [x, a, b] = node.inputs;
    return [channelAffine(g, a, new Tensor(fillOp, [], { value: 0 }, b.shape)), sum(mul(g, x), OVER), sum(g, OVER)];
  },
  // The inference form of BatchNormalization is the runtime's one-pass a·x + b.
  lower: (graph, [x, a, b], node) => {
    const c = node.shape[1];
    const zero = graph.floats(new Float32Array(c), [c]);
    const one = graph.floats(new Float32Array(c).fill(1), [c]);
    return graph.node('BatchNormalization', [x, a, b, zero, one], { epsilon: { float: 0 } });
  },
};

/** `a·x + b` with one a and one b per channel: x [n, c, h, w], a and b [c]. */
export function channelAffine(x: Tensor, a: Tensor, b: Tensor): Tensor {
  return new Tensor(affineOp, [x, a, b], {}, x.shape);
}

const batchNormOp: Op = {
  name: 'batchNorm',
  vjp: (g, node) => {
    const [x, gamma, , mu, variance] = node.inputs;
    const m = x.size / x.shape[1];
    const r = div(1, sqrt(add(variance, node.attributes.epsilon)));
    const dBeta = sum(g, OVER);
    const dGamma = mul(r, sub(sum(mul(g, x), OVER), mul(mu, dBeta)));
    const scale = mul(gamma, r);
    const slope = div(mul(mul(scale, r), dGamma), m);
    const offset = sub(mul(slope, mu), div(mul(scale, dBeta), m));
    const zero = new Tensor(fillOp, [], { value: 0 }, gamma.shape);
    return [add(channelAffine(g, scale, offset), channelAffine(x, neg(slope), zero)), dGamma, dBeta, null, null];
  },
  lower: (graph, [x, gamma, beta, mu, variance], node) =>
    graph.node('BatchNormalization', [x, gamma, beta, mu, variance], { epsilon: { float: node.attributes.epsilon } }),
};

/** Normalised by the batch's own statistics; they are differentiated through. γ, β [c]. */
export function batchNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon = 1e-5): Tensor {
  return new Tensor(batchNormOp, [x, gamma, beta, channelMean(x), channelVariance(x)], { epsilon }, x.shape);
}

/** Normalised by given statistics (evaluation mode). All vectors [c]. */
export function batchNormInference(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  mu: Tensor,
  variance: Tensor,
  epsilon = 1e-5,
): Tensor {
  const scale = div(gamma, sqrt(add(variance, epsilon)));
  return channelAffine(x, scale, sub(beta, mul(mu, scale)));
}
