import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import type { ImageSet } from '../../src/datasets/types.js';
import { topological } from '../../src/engine/autodiff.js';
import { input } from '../../src/engine/index.js';
import { isInput } from '../../src/engine/tensor.js';
import { findModel, Layers, type Mode } from '../../src/models/index.js';
import type { ProbeDraw } from '../../src/training/passes.js';
import { Trainer } from '../../src/training/trainer.js';

const model = findModel('resnet18');
const WIDTH = 4;
const CLASSES = 10;

function forward(mode: Mode, noiseStd: number, width = WIDTH) {
  const layers = new Layers(mode, noiseStd);
  const out = model.forward(layers, input('x', [32, 32, 2, 3]), { classes: CLASSES, width });
  return { ...out, layers };
}

describe('noise stands where the paper puts it', () => {
  const inputsOf = (mode: Mode, noiseStd: number) =>
    topological([forward(mode, noiseStd).logits])
      .filter((t) => isInput(t) && t.attributes.role === 'noise')
      .map((t) => t.shape.join('×'));

  it.each<Mode>(['train', 'eval'])('%s: twice in each of 8 blocks, and on the pooled features', (mode) => {
    const inBlocks = [
      [4, 32],
      [8, 16],
      [16, 8],
      [32, 4],
    ].flatMap(([c, size]) => Array(4).fill(`${size}×${size}×2×${c}`));
    expect(inputsOf(mode, 0.4)).toEqual([...inBlocks, '2×32']);
  });

  it('γ = 0 needs none', () => {
    expect(inputsOf('train', 0)).toEqual([]);
  });

  it('right after a ReLU, but for the pooled features', () => {
    const sums = topological([forward('eval', 0.4).logits]).filter((t) => t.inputs[1]?.attributes.role === 'noise');
    expect(sums.map((t) => t.inputs[0].op.name)).toEqual([...Array(16).fill('relu'), 'spatialMean']);
  });

  it('T sees the last block’s noise and not the pooled one; T̄ sees neither', () => {
    const { representation, representationMean, logits } = forward('eval', 0.4);
    const noises = (t: typeof logits) => topological([t]).filter((n) => n.attributes.role === 'noise').length;
    expect([logits, representation, representationMean].map(noises)).toEqual([17, 16, 15]);
  });
});

describe('the architecture', () => {
  it('has the parameters of ResNet-18 with a small stem: 11 173 962 at width 64', () => {
    const { layers } = forward('train', 0, 64);
    const count = layers.parameters.filter((p) => p.trainable).reduce((s, p) => s + p.tensor.size, 0);
    expect(count).toBe(11_173_962);
  });

  it('updates the running statistics of all 20 batch norms in training, and of none in evaluation', () => {
    expect(forward('train', 0).layers.updates.size).toBe(40);
    expect(forward('eval', 0).layers.updates.size).toBe(0);
  });
});

/** `n` copies of each of a few random images. */
function copies(images: number, n: number): ImageSet {
  const size = 32 * 32 * 3;
  const rng = new Rng(2, 'images');
  const set = new Uint8Array(images * n * size);
  for (let i = 0; i < images; i++) {
    const image = Uint8Array.from({ length: size }, () => rng.int(256));
    for (let k = 0; k < n; k++) set.set(image, (i * n + k) * size);
  }
  return { images: set, labels: new Int32Array(images * n), n: images * n, height: 32, width: 32, channels: 3 };
}

const IMAGES = 4;
const COPIES = 128;
const D = 8 * WIDTH;
const sd = (values: number[], about: number) =>
  Math.sqrt(values.reduce((s, v) => s + (v - about) ** 2, 0) / values.length);
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

async function probed(noiseStd: number, draws: number) {
  const set = copies(IMAGES, COPIES);
  const config = { model, width: WIDTH, epochs: 1, batchSize: 32, learningRate: 0.1, momentum: 0.9, weightDecay: 0 };
  const trainer = new Trainer(
    { ...config, schedule: 'plateau', noiseStd, seed: 3 },
    { classes: CLASSES, train: { ...set, poisoned: new Uint8Array(set.n) }, test: set, triggered: null },
  );
  const found = await trainer.probe(set, draws);
  const noiseFree = await trainer.noiseFree(set);
  await trainer.release();
  return { trainer, draws: found, noiseFree };
}

describe('the same images probed 512 times at γ 0.4', () => {
  let run: Awaited<ReturnType<typeof probed>>;
  let draws: ProbeDraw[];
  beforeAll(async () => {
    run = await probed(0.4, 4);
    draws = run.draws;
  });
  /** `f` for every image, over all its passes: element i of row r of draw k. */
  const overPasses = (image: number, f: (draw: ProbeDraw, row: number) => number) =>
    draws.flatMap((draw) => Array.from({ length: COPIES }, (_, k) => f(draw, image * COPIES + k)));

  it('T lies about T̄ with the standard deviation the model states, γ/√16', () => {
    expect(run.trainer.representationNoise()).toBeCloseTo(0.1, 12);
    const n = draws.length * IMAGES * COPIES;
    for (let j = 0; j < D; j++) {
      const off = draws.flatMap(({ representation: t, representationMean: m }) =>
        Array.from({ length: IMAGES * COPIES }, (_, r) => t[r * D + j] - m[r * D + j]),
      );
      // Four standard errors of a mean and of a standard deviation.
      expect(Math.abs(mean(off))).toBeLessThan((4 * 0.1) / Math.sqrt(n));
      expect(Math.abs(sd(off, 0) / 0.1 - 1)).toBeLessThan(4 / Math.sqrt(2 * n));
    }
  });

  it('T̄ itself varies from pass to pass: fifteen noises stand before it', () => {
    const one = overPasses(0, (d, r) => d.representationMean[r * D]);
    expect(sd(one, mean(one))).toBeGreaterThan(0.01);
  });

  it('Ŷ is no function of T: about fc(T) it has the standard deviation γ·‖w‖ of each class', () => {
    const weight = run.trainer.state.get('fc.weight');
    const bias = run.trainer.state.get('fc.bias');
    for (let c = 0; c < CLASSES; c++) {
      const w = weight.subarray(c * D, (c + 1) * D);
      const expected = 0.4 * Math.sqrt(w.reduce((s, v) => s + v * v, 0));
      const off = [0, 1, 2, 3].flatMap((image) =>
        overPasses(image, (d, r) => {
          const fc = w.reduce((s, v, j) => s + v * d.representation[r * D + j], bias[c]);
          return d.logits[r * CLASSES + c] - fc;
        }),
      );
      expect(Math.abs(sd(off, 0) / expected - 1)).toBeLessThan(4 / Math.sqrt(2 * off.length));
    }
  });
});

describe('without noise', () => {
  it('two passes agree exactly, T is T̄, and both are the noise-free representation', async () => {
    const { draws, noiseFree, trainer } = await probed(0, 2);
    expect(draws[1]).toEqual(draws[0]);
    expect(draws[0].representationMean).toEqual(draws[0].representation);
    expect(noiseFree).toEqual(draws[0].representation);
    expect(trainer.representationNoise()).toBe(0);
    expect(noiseFree.some((v) => v !== noiseFree[0])).toBe(true);
  });
});
