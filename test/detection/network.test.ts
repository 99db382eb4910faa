/** What detectors are told of a network, on one whose answers can be worked out by hand. */
import { describe, expect, it } from 'vitest';
import { silentNetwork } from '../../src/detection/network.js';
import { reshape, spatialMean } from '../../src/engine/index.js';
import type { Model } from '../../src/models/types.js';
import { Trainer } from '../../src/training/trainer.js';

/** A batch norm of the pixels, a batch norm of that, and their mean as logits: two channels, two classes. */
const twoNorms: Model = {
  name: 'two-norms',
  summary: 'two batch norms',
  source: 'this test',
  defaultWidth: 1,
  layers: ['end'],
  forward(layers, x) {
    const y = layers.batchNorm('second', layers.batchNorm('first', x));
    const logits = spatialMean(y);
    const representation = reshape(logits, logits.shape);
    const readout = { representation, representationMean: representation, representationNoise: 0 };
    return { ...readout, logits, layers: { end: readout } };
  },
};

const images = Uint8Array.of(0, 51, 255, 102, 51, 51, 204, 153);
/** Two images of 1×2 pixels with two channels. */
const set = { images, labels: Int32Array.of(0, 1), n: 2, height: 1, width: 2, channels: 2 };
const vector = (...values: number[]) => ({ shape: [2], data: Float32Array.from(values) });
const [mean1, variance1, mean2, variance2] = [
  [0.2, 0.5],
  [0.04, 0.25],
  [0.1, -0.3],
  [1, 4],
];

function network() {
  const config = {
    model: twoNorms,
    width: 1,
    epochs: 1,
    batchSize: 2,
    learningRate: 0.1,
    momentum: 0,
    weightDecay: 0,
    schedule: 'constant' as const,
    noiseStd: 0.5,
    seed: 0,
  };
  const trainer = new Trainer(config, {
    classes: 2,
    train: { ...set, poisoned: new Uint8Array(2) },
    test: set,
    triggered: null,
  });
  trainer.load({
    'first.weight': vector(1, 2),
    'first.bias': vector(0, 1),
    'first.running_mean': vector(...mean1),
    'first.running_var': vector(...variance1),
    'second.running_mean': vector(...mean2),
    'second.running_var': vector(...variance2),
  });
  return silentNetwork(trainer);
}

const normal = (x: number, mean: number, variance: number) => {
  const v = variance + 1e-5;
  return -((x - mean) ** 2) / (2 * v) - Math.log(2 * Math.PI * v) / 2;
};
/** After the first batch norm: scales 1 and 2, shifts 0 and 1. */
const first = (x: number, c: number) => ((c + 1) * (x - mean1[c])) / Math.sqrt(variance1[c] + 1e-5) + c;
const second = (x: number, c: number) => (first(x, c) - mean2[c]) / Math.sqrt(variance2[c] + 1e-5);
const pixel = (i: number, p: number, c: number) => images[4 * i + 2 * p + c] / 255;
const places = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
];

describe('a network that detectors ask', () => {
  it('has in every batch norm the smallest log-density of an image’s values', async () => {
    const { likelihoods, batchNorms, release } = network();
    const { data, n, d } = await likelihoods(set);
    expect([n, d, batchNorms]).toEqual([2, 2, 2]);
    for (let i = 0; i < 2; i++) {
      const entering = places.map(([p, c]) => normal(pixel(i, p, c), mean1[c], variance1[c]));
      const between = places.map(([p, c]) => normal(first(pixel(i, p, c), c), mean2[c], variance2[c]));
      expect(data[2 * i]).toBeCloseTo(Math.min(...entering), 4);
      expect(data[2 * i + 1]).toBeCloseTo(Math.min(...between), 4);
    }
    await release();
  });

  it('amplifies scale and shift of the last batch norms, and is itself again afterwards', async () => {
    const { logits, amplified, release } = network();
    const plain = (i: number, c: number) => (second(pixel(i, 0, c), c) + second(pixel(i, 1, c), c)) / 2;
    const both = (i: number, c: number) => {
      const at = (p: number) => (1.5 * (1.5 * first(pixel(i, p, c), c) - mean2[c])) / Math.sqrt(variance2[c] + 1e-5);
      return (at(0) + at(1)) / 2;
    };
    for (const [found, expected] of [
      [await amplified(set, 1, 1.5), (i: number, c: number) => 1.5 * plain(i, c)],
      [await amplified(set, 2, 1.5), both],
      [await logits(set), plain],
    ] as const)
      for (let i = 0; i < 2; i++) for (let c = 0; c < 2; c++) expect(found[2 * i + c]).toBeCloseTo(expected(i, c), 4);
    await release();
  });
});
