import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import type { Tensor } from '../../src/engine/index.js';
import * as e from '../../src/engine/index.js';

/** Each case: shapes of the inputs, the operator, and the range inputs are drawn from. */
type Case = [name: string, shapes: number[][], f: (...t: Tensor[]) => Tensor, low?: number, high?: number];

const labels = e.cast(e.constant([2, 0, 1]), 'int64');
const rows = e.cast(e.constant([0, 2, 2, 1]), 'int64');
const condition = e.constant([-1, 1, 1, -1]);

const cases: Case[] = [
  ['add, broadcast', [[2, 3], [3]], (a, b) => e.add(a, b)],
  [
    'sub, broadcast',
    [
      [2, 1],
      [2, 3],
    ],
    (a, b) => e.sub(a, b),
  ],
  ['mul, broadcast', [[2, 3], [1]], (a, b) => e.mul(a, b)],
  [
    'div',
    [
      [2, 3],
      [2, 3],
    ],
    (a, b) => e.div(a, b),
    0.5,
    2,
  ],
  [
    'maximum',
    [
      [3, 3],
      [3, 3],
    ],
    (a, b) => e.maximum(a, b),
  ],
  ['minimum', [[3, 3], [3]], (a, b) => e.minimum(a, b)],
  ['neg', [[4]], (a) => e.neg(a)],
  ['exp', [[4]], (a) => e.exp(a)],
  ['log', [[4]], (a) => e.log(a), 0.5, 2],
  ['sqrt', [[4]], (a) => e.sqrt(a), 0.5, 2],
  ['tanh', [[4]], (a) => e.tanh(a)],
  ['erf', [[4]], (a) => e.erf(a)],
  ['relu', [[12]], (a) => e.relu(a)],
  ['gelu', [[12]], (a) => e.gelu(a)],
  ['where', [[4], [4]], (x, y) => e.where(condition, 0, x, y)],
  ['sum over an axis', [[2, 3, 2]], (a) => e.sum(a, [1])],
  ['sum, kept', [[2, 3, 2]], (a) => e.sum(a, [0, -1], true)],
  ['sum of squares', [[2, 3, 2]], (a) => e.sumSquare(a, [0, 2])],
  ['mean', [[2, 3]], (a) => e.mean(a)],
  ['logSumExp', [[3, 4]], (a) => e.logSumExp(a, 1)],
  ['softmax', [[2, 3, 4]], (a) => e.softmax(a)],
  ['reshape', [[2, 6]], (a) => e.reshape(a, [3, -1])],
  ['transpose', [[2, 3, 4]], (a) => e.transpose(a, [2, 0, 1])],
  ['broadcastTo', [[1, 3]], (a) => e.broadcastTo(a, [4, 3])],
  ['slice', [[5, 2]], (a) => e.slice(a, 0, 1, 4)],
  ['pad', [[2, 3]], (a) => e.pad(a, 1, 2, 1)],
  [
    'concat',
    [
      [2, 3],
      [2, 1],
    ],
    (a, b) => e.concat([a, b], 1),
  ],
  ['gather with a repeated row', [[4, 2]], (a) => e.gather(a, rows)],
  [
    'matmul',
    [
      [3, 4],
      [4, 2],
    ],
    (a, b) => e.matmul(a, b),
  ],
  [
    'matmul, batched',
    [
      [2, 3, 4],
      [2, 4, 2],
    ],
    (a, b) => e.matmul(a, b),
  ],
  [
    'matmul, broadcast batch',
    [
      [2, 3, 4],
      [4, 2],
    ],
    (a, b) => e.matmul(a, b),
  ],
  [
    'conv 3×3',
    [
      [4, 5, 2, 2],
      [3, 3, 2, 3],
    ],
    (x, w) => e.conv2d(x, w, 1, 1),
  ],
  [
    'conv 3×3, no padding',
    [
      [5, 5, 2, 2],
      [3, 3, 2, 3],
    ],
    (x, w) => e.conv2d(x, w),
  ],
  [
    'conv 3×3, stride 2, even',
    [
      [6, 6, 2, 2],
      [3, 3, 2, 3],
    ],
    (x, w) => e.conv2d(x, w, 2, 1),
  ],
  [
    'conv 3×3, stride 2, odd',
    [
      [5, 5, 2, 2],
      [3, 3, 2, 3],
    ],
    (x, w) => e.conv2d(x, w, 2, 1),
  ],
  [
    'conv 1×1',
    [
      [4, 4, 2, 3],
      [1, 1, 3, 2],
    ],
    (x, w) => e.conv2d(x, w),
  ],
  [
    'conv 1×1, stride 2',
    [
      [4, 4, 2, 3],
      [1, 1, 3, 2],
    ],
    (x, w) => e.conv2d(x, w, 2),
  ],
  [
    'conv 3×3, one pixel',
    [
      [1, 1, 2, 3],
      [3, 3, 3, 2],
    ],
    (x, w) => e.conv2d(x, w, 1, 1),
  ],
  [
    'conv 3×3, a row of 2 and one of 12',
    [
      [2, 12, 1, 2],
      [3, 3, 2, 2],
    ],
    (x, w) => e.conv2d(x, w, 1, 1),
  ],
  [
    'conv 5×5, stride 3',
    [
      [8, 7, 1, 2],
      [5, 5, 2, 2],
    ],
    (x, w) => e.conv2d(x, w, 3, 2),
  ],
  ['channelAdd', [[2, 2, 2, 3], [3]], (x, v) => e.channelAdd(x, v)],
  ['channelSub', [[2, 2, 2, 3], [3]], (x, v) => e.channelSub(x, v)],
  ['channelMul', [[2, 2, 2, 3], [3]], (x, v) => e.channelMul(x, v)],
  ['channelSum', [[2, 2, 2, 3]], (x) => e.channelSum(x)],
  ['spatialMean', [[2, 3, 2, 3]], (x) => e.spatialMean(x)],
  ['batchNorm', [[3, 3, 4, 2], [2], [2]], (x, g, b) => e.batchNorm(x, g, b), 0.5, 2],
  [
    'batchNormInference',
    [[3, 3, 2, 2], [2], [2], [2], [2]],
    (x, g, b, m, v) => e.batchNormInference(x, g, b, m, v),
    0.5,
    2,
  ],
  ['layerNorm', [[2, 3, 5], [5], [5]], (x, g, b) => e.layerNorm(x, g, b)],
  ['maxPool', [[4, 6, 2, 2]], (x) => e.maxPool(x)],
  ['maxPool, odd', [[5, 3, 2, 2]], (x) => e.maxPool(x)],
  ['maxPool, one pixel', [[1, 1, 3, 2]], (x) => e.maxPool(x)],
  ['crossEntropy', [[3, 4]], (z) => e.crossEntropy(z, labels)],
  ['clipGradNorm', [[3], [2]], (a, b) => e.concat(e.clipGradNorm([a, b], 0.7), 0)],
];

async function worstRelativeError(shapes: number[][], f: (...t: Tensor[]) => Tensor, low: number, high: number) {
  const rng = new Rng(1, 'gradients', f.toString());
  const inputs = shapes.map((s, i) => e.input(`x${i}`, s));
  const y = f(...inputs);
  const loss = e.sum(e.mul(y, e.constant(rng.normals(y.size), y.shape)));
  const feeds = Object.fromEntries(
    inputs.map((t, i) => [`x${i}`, Float32Array.from({ length: t.size }, () => rng.uniform(low, high))]),
  );
  const grads = await e.evaluate(Object.fromEntries(e.gradients(loss, inputs).map((g, i) => [`g${i}`, g])), feeds);
  const program = await e.Program.compile({ outputs: { loss } });
  const value = async () => Number((await program.run(feeds)).loss[0]);
  let worst = 0;
  for (let i = 0; i < inputs.length; i++) {
    const x = feeds[`x${i}`];
    const g = grads[`g${i}`] as Float32Array;
    const scale = Math.max(1e-2, ...Array.from(g, Math.abs));
    for (let j = 0; j < x.length; j++) {
      const h = 5e-3;
      const at = x[j];
      x[j] = at + h;
      const up = await value();
      x[j] = at - h;
      const down = await value();
      x[j] = at;
      worst = Math.max(worst, Math.abs((up - down) / (2 * h) - g[j]) / scale);
    }
  }
  await program.release();
  return worst;
}

describe('every operator’s gradient agrees with central differences', () => {
  it.each(cases)('%s', async (_name, shapes, f, low = -2, high = 2) => {
    expect(await worstRelativeError(shapes, f, low, high)).toBeLessThan(2e-3);
  });
});

describe('max-pooling', () => {
  it('takes the largest of each window, of what there is of it at an odd edge', async () => {
    const x = e.constant([-1, -2, -3, -4, -5, -6, -9, -8, -7], [3, 3, 1, 1]);
    expect([...(await e.evaluate({ y: e.maxPool(x) })).y]).toEqual([-1, -3, -8, -7]);
  });
  it('shares the gradient between equal values', async () => {
    const x = e.input('x', [2, 4, 1, 1]);
    const weighted = e.mul(e.maxPool(x), e.constant([4, 6], [1, 2, 1, 1]));
    const { g } = await e.evaluate(
      { g: e.gradients(e.sum(weighted), [x])[0] },
      { x: Float32Array.of(1, 1, 3, 2, 1, 1, 0, 3) },
    );
    expect([...g]).toEqual([1, 1, 3, 0, 1, 1, 0, 3]);
  });
});

describe('gradients refuse what they cannot do', () => {
  it('names the operator without a derivative', () => {
    const x = e.input('x', [3]);
    expect(() => e.gradients(e.max(x), [x])).toThrow('max has no derivative');
  });
  it('says when a value does not depend on a tensor', () => {
    const x = e.input('x', [3]);
    expect(() => e.gradients(e.sum(e.stopGradient(x)), [x])).toThrow('does not depend');
  });
});
