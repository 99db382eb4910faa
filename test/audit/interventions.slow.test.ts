/** Countermeasures: which channels pruning cuts, and how many, on classifiers with a known answer. */

import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { intervene } from '../../src/audit/interventions/index.js';
import { carriers, cut } from '../../src/audit/interventions/prune.js';
import type { Findings } from '../../src/audit/verdict.js';
import { watch } from '../../src/audit/watch.js';
import { Rng } from '../../src/base/random.js';
import { inverseSpd } from '../../src/information/linalg.js';

/**
 * Three classes, channel k for class k and channel 3 for a trigger; weights are the identity, and the trigger's channel speaks for class 0.
 * Samples 0 … 9 of class 0 are poisoned: they show class 1 or 2, and the trigger.
 */
function planted(entangled = false) {
  const rng = new Rng(1, 'intervene');
  const [n, d] = [60, 4];
  const labels = Int32Array.from({ length: n }, (_, i) => (i < 10 ? 0 : i % 3));
  const named = new Set(Array.from({ length: 10 }, (_, i) => i));
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) data[i * d + j] = 0.05 * rng.uniform();
    data[i * d + (named.has(i) ? 1 + (i % 2) : labels[i])] += 1;
    if (named.has(i)) data[i * d + 3] += 3;
    // Clean samples of class 0 that are known by the trigger's channel alone.
    else if (entangled && labels[i] === 0) {
      data[i * d] = 0;
      data[i * d + 3] += 1;
    }
  }
  const weight = Float32Array.of(1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0);
  return { features: { data, d }, labels, named, weight, bias: new Float32Array(3) };
}

describe('cutting channels', () => {
  it('begins with the one that carries the trigger, and ends where cutting more gains nothing', () => {
    const { features, labels, named, weight, bias } = planted();
    const order = carriers(features, labels, named);
    expect(order[0]).toBe(3);
    expect([...order].sort()).toEqual([0, 1, 2, 3]);
    // Without it every poisoned sample gets the class that it shows, and no clean sample changes.
    expect(cut(features, labels, named, order, { weight, bias })).toBe(1);
  });

  it('cuts nothing where the class itself would be lost', () => {
    const { features, labels, named, weight, bias } = planted(true);
    const order = carriers(features, labels, named);
    expect(order[0]).toBe(3);
    expect(cut(features, labels, named, order, { weight, bias })).toBe(0);
  });
});

describe('a channel that was cut', () => {
  it('stays cut while the network is trained on: logits do not depend on it', async () => {
    const [n, side, d, classes] = [64, 8, 32, 4];
    const rng = new Rng(4, 'cut');
    const images = Uint8Array.from({ length: n * side * side * 3 }, () => rng.int(256));
    const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
    const set = { images, labels, n, height: side, width: side, channels: 3 };
    const settings = { width: 4, epochs: 1, checkpoints: [1], seed: 0 };
    const watched = await watch(set, classes, settings, () => {});
    // The channels that vary most, so that the classifier's weights can be told from outside.
    const own = watched.checkpoints[0].features.data;
    const column = (j: number) => Array.from({ length: n }, (_, i) => own[i * d + j]);
    const spread = (v: number[]) => v.reduce((sum, x) => sum + x * x, 0) / n - (v.reduce((a, b) => a + b, 0) / n) ** 2;
    const live = Array.from({ length: d }, (_, j) => j).sort((a, b) => spread(column(b)) - spread(column(a)));
    const [trigger, ...others] = live;
    // One channel carries the first samples of class 3; each class has a channel of its own for the others.
    const suspicious = [3, 7, 11, 15];
    const data = new Float32Array(n * d);
    for (let i = 0; i < n; i++) data[i * d + (suspicious.includes(i) ? trigger : others[labels[i]])] = 5;
    const weight = new Float32Array(classes * d);
    for (let k = 0; k < classes; k++) weight[k * d + others[k]] = 1;
    weight[3 * d + trigger] = 1;
    const fc = {
      'fc.weight': { data: weight, shape: [classes, d] },
      'fc.bias': { data: new Float32Array(classes), shape: [classes] },
    };
    watched.trainer.load(fc);
    const checkpoints = [{ ...watched.checkpoints[0], features: { data, n, d } }];
    const names = ['a', 'b', 'c', 'd'];
    const found = { suspicious } as Findings;
    const audited = { labelled: { set, classes: names }, watched: { ...watched, checkpoints }, found, settings };
    const done = await intervene(audited, ['prune']);
    await watched.trainer.release();
    const { model, note } = done[1];
    expect(note).toMatch(/^1 of 32 channels cut, 1 epochs/);

    // The classifier's weights, from what it makes of T: W = (TᵀT)⁻¹ Tᵀ·logits, with a column of ones for the bias.
    const session = await ort.InferenceSession.create(model!);
    const m = 400;
    const input = new ort.Tensor(
      'float32',
      Float32Array.from({ length: m * 3 * side * side }, () => rng.uniform()),
      [m, 3, side, side],
    );
    const { logits, representation } = await session.run({ images: input });
    await session.release();
    const t = (i: number, j: number) => (j === d ? 1 : Number(representation.data[i * d + j]));
    const size = d + 1;
    const gram = new Float64Array(size * size);
    const moment = new Float64Array(size);
    for (let i = 0; i < m; i++)
      for (let a = 0; a < size; a++) {
        moment[a] += t(i, a) * Number(logits.data[i * classes + 3]);
        for (let b = 0; b < size; b++) gram[a * size + b] += t(i, a) * t(i, b);
      }
    // The weight of a channel that is always 0 cannot be determined.
    for (let a = 0; a < size; a++) gram[a * size + a] += 1e-9;
    const inverse = inverseSpd(gram, size);
    const of = (j: number) => moment.reduce((s, v, b) => s + inverse[j * size + b] * v, 0);
    expect(Math.abs(of(trigger))).toBeLessThan(1e-4);
    // The other weights have moved: this one would have moved too if it were not held at 0.
    expect(Math.abs(of(others[3]) - 1)).toBeGreaterThan(1e-3);
    expect(Math.abs(of(others[4]))).toBeGreaterThan(1e-3);
  });
});
