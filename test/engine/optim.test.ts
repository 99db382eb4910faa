import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  adamw,
  clipGradNorm,
  constant,
  evaluate,
  input,
  Program,
  State,
  sgd,
  type Tensor,
} from '../../src/engine/index.js';

const golden = JSON.parse(readFileSync(new URL('../golden/optim.json', import.meta.url), 'utf8')) as {
  shapes: number[][];
  start: number[][];
  /** [step][parameter] */
  gradients: number[][][];
  /** Parameters after every step, [step][parameter]. */
  cases: Record<string, number[][][]>;
};

type Rule = (params: Tensor[], grads: Tensor[]) => Map<Tensor, Tensor>;
const step = input('step', []);
const rules: Record<string, Rule> = {
  AdamW: (p, g) => adamw(p, g, { learningRate: 1e-2, step, weightDecay: 0 }),
  'AdamW with weight decay': (p, g) => adamw(p, g, { learningRate: 1e-2, step, weightDecay: 0.1 }),
  'AdamW with other betas': (p, g) =>
    adamw(p, g, { learningRate: 3e-3, step, weightDecay: 1e-2, beta1: 0.8, beta2: 0.95, epsilon: 1e-6 }),
  'AdamW, gradients clipped at 0.5': (p, g) =>
    adamw(p, clipGradNorm(g, 0.5), { learningRate: 1e-2, step, weightDecay: 1e-2 }),
  SGD: (p, g) => sgd(p, g, { learningRate: 0.1, momentum: 0, weightDecay: 0 }),
  'SGD with weight decay': (p, g) => sgd(p, g, { learningRate: 0.1, momentum: 0, weightDecay: 5e-4 }),
  'SGD with momentum and weight decay': (p, g) => sgd(p, g, { learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 }),
  'SGD, gradients clipped at 0.5': (p, g) =>
    sgd(p, clipGradNorm(g, 0.5), { learningRate: 0.1, momentum: 0, weightDecay: 0 }),
};

/** Parameters after every step, [step][parameter]. */
async function follow(rule: Rule): Promise<Float32Array[][]> {
  const { shapes, start, gradients } = golden;
  const params = shapes.map((s, i) => input(`p${i}`, s, 'float32', 'state'));
  const grads = shapes.map((s, i) => input(`g${i}`, s));
  const updates = rule(params, grads);
  const program = await Program.compile({ outputs: {}, updates });
  const state = new State();
  for (const t of updates.keys()) state.set(t.attributes.name, new Float32Array(t.size));
  start.forEach((values, i) => {
    state.set(`p${i}`, Float32Array.from(values));
  });
  const after: Float32Array[][] = [];
  for (const [t, list] of gradients.entries()) {
    const feeds = Object.fromEntries(list.map((g, i) => [`g${i}`, Float32Array.from(g)]));
    await program.run({ ...feeds, step: Float32Array.of(t + 1) }, state);
    after.push(start.map((_, i) => state.get(`p${i}`).slice()));
  }
  await program.release();
  return after;
}

describe('optimizers move parameters as PyTorch’s do', () => {
  it('every case of the golden file is tested', () => {
    expect(Object.keys(rules)).toEqual(Object.keys(golden.cases));
  });

  it.each(Object.keys(rules))('%s: every move of six steps to 1e-4', async (name) => {
    const ours = await follow(rules[name]);
    golden.cases[name].forEach((params, t) => {
      params.forEach((theirs, i) => {
        const before = t === 0 ? golden.start[i] : golden.cases[name][t - 1][i];
        theirs.forEach((v, j) => {
          // Beside the step's own tolerance, the spacing of float32 over the steps so far.
          expect(Math.abs(ours[t][i][j] - v)).toBeLessThan(
            1e-4 * Math.abs(v - before[j]) + 1e-6 * Math.max(1, Math.abs(v)),
          );
        });
      });
    });
  });
});

describe('the gradient norm is clipped', () => {
  const a = constant([3, 0], [2]);
  const b = constant([[0, 4]].flat(), [1, 2]);

  it('to the limit, over all tensors together, keeping the direction', async () => {
    const [x, y] = clipGradNorm([a, b], 1);
    const out = await evaluate({ x, y });
    expect(out.x[0]).toBeCloseTo(0.6, 5);
    expect(out.y[1]).toBeCloseTo(0.8, 5);
  });

  it('only from above: smaller gradients stay as they are', async () => {
    const [x, y] = clipGradNorm([a, b], 6);
    const out = await evaluate({ x, y });
    expect([...(out.x as Float32Array), ...(out.y as Float32Array)]).toEqual([3, 0, 0, 4]);
  });

  it('for each of several models alone', async () => {
    // Norms 5 and 0.5.
    const [x, y] = clipGradNorm([constant([3, 0.3], [2, 1]), constant([4, 0.4], [2, 1, 1])], 1, 1);
    const out = await evaluate({ x, y });
    const values = [...(out.x as Float32Array), ...(out.y as Float32Array)];
    [0.6, 0.3, 0.8, 0.4].forEach((v, i) => {
      expect(values[i]).toBeCloseTo(v, 5);
    });
  });
});
