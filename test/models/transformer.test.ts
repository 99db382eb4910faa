/** The transformer that reads texts against PyTorch over five steps, and what padding and unread words do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Program, State, sizeOf } from '../../src/engine/index.js';
import { fromTorch, torchShape, toTorch } from '../../src/models/index.js';
import { transformer } from '../../src/models/transformer.js';
import { type GraphOptions, inferenceStep, parameters, probeStep, trainStep } from '../../src/training/graphs.js';
import { furthest, initial, norm, uniform } from './helpers.js';

interface Golden {
  width: number;
  classes: number;
  vocabulary: number;
  length: number;
  rate: number;
  momentum: number;
  weightDecay: number;
  tokens: number[];
  losses: number[];
  first: number[];
  last: number[];
  tensors: Record<string, { shape: number[]; norm: number; along: number }>;
}

const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, '../golden/transformer.json'), 'utf8'));
const { width, classes, vocabulary, length, momentum, weightDecay } = golden;
const options: GraphOptions = {
  model: transformer,
  ...{ width, classes, vocabulary, length, momentum, weightDecay, noiseStd: 0 },
};
const tokens = Int32Array.from(golden.tokens);
const n = tokens.length / length;
const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
const own = new Map(parameters(options).map((p) => [p.name, p]));
const state = new State();

describe('the transformer trains as PyTorch trains it', () => {
  const losses: number[] = [];
  let probe: Program;
  let first: Float32Array;
  const logits = async () => Float32Array.from((await probe.run({ tokens }, state)).logits as Float32Array);

  beforeAll(async () => {
    for (const [name, p] of own) {
      state.set(name, fromTorch(p, initial(name, torchShape(p))));
      state.set(`momentum.${name}`, new Float32Array(sizeOf(torchShape(p))));
    }
    probe = await Program.compile(probeStep(options, n), { threads: 1 });
    first = await logits();
    const step = await Program.compile(trainStep(options, n), { threads: 1 });
    for (const _ of golden.losses) {
      const out = await step.run({ tokens, labels, learning_rate: Float32Array.of(golden.rate) }, state);
      losses.push((out.losses as Float32Array).reduce((a, b) => a + b) / n);
    }
    await step.release();
  });
  afterAll(() => probe.release());

  test('logits before the first step and after the last', async () => {
    expect(furthest(first, golden.first)).toBeLessThan(1e-4);
    expect(furthest(await logits(), golden.last)).toBeLessThan(1e-4);
  });

  test('five losses', () => {
    expect(losses).toHaveLength(5);
    losses.forEach((loss, i) => {
      expect(Math.abs(loss / golden.losses[i] - 1)).toBeLessThan(1e-4);
    });
  });

  test('every tensor has its name and shape, and its change agrees within 1 %', () => {
    expect([...own.keys()].sort()).toEqual(Object.keys(golden.tensors).sort());
    for (const [name, p] of own) {
      const theirs = golden.tensors[name];
      expect([...torchShape(p)], name).toEqual(theirs.shape);
      const start = initial(name, torchShape(p));
      const change = Float64Array.from(toTorch(p, state.get(name)).data, (v, i) => (v as number) - start[i]);
      const direction = uniform(`along.${name}`, change.length);
      // The bias of keys has no gradient; what moves it is rounding.
      const allowed = 0.01 * theirs.norm + 1e-6;
      expect(Math.abs(norm(change) - theirs.norm), name).toBeLessThan(allowed);
      expect(Math.abs(change.reduce((s, v, i) => s + v * direction[i], 0) - theirs.along), name).toBeLessThan(allowed);
    }
  });

  test('padding is not read, and words are', async () => {
    const before = await logits();
    const row = (all: ArrayLike<number>, i: number) => Array.from(all).slice(i * classes, (i + 1) * classes);
    // What stands behind the end of a text, as its embedding, does not count: a table whose first row differs gives the same.
    const table = state.get('token_embed.weight');
    const kept = table.slice(0, 8 * width);
    table.subarray(0, 8 * width).fill(3);
    expect(furthest(await logits(), before)).toBeLessThan(1e-5);
    table.set(kept);
    const changed = tokens.slice();
    changed[1] = changed[1] === 7 ? 8 : 7;
    const after = (await probe.run({ tokens: changed }, state)).logits as Float32Array;
    expect(furthest(row(after, 0), row(before, 0))).toBeGreaterThan(1e-3);
    expect(furthest(row(after, 2), row(before, 2))).toBe(0);
  });

  test('a batch without the padding behind its longest text gives the same', async () => {
    const read = length - 2;
    const cut = Int32Array.from({ length: n * read }, (_, k) => tokens[Math.floor(k / read) * length + (k % read)]);
    const padded = Int32Array.from(tokens, (t, k) => (k % length < read ? t : 0));
    const short = await Program.compile(probeStep({ ...options, read }, n), { threads: 1 });
    const { logits: theirs } = await short.run({ tokens: cut }, state);
    await short.release();
    const { logits: ours } = await probe.run({ tokens: padded }, state);
    expect(furthest(theirs as Float32Array, ours as Float32Array)).toBeLessThan(1e-5);
  });

  test('the model for other programs gives the same logits', async () => {
    const program = await Program.compile(inferenceStep(options, n), { threads: 1 });
    const { logits: theirs } = await program.run({ tokens }, state);
    await program.release();
    expect(furthest(theirs as Float32Array, await logits())).toBeLessThan(1e-5);
  });
});
