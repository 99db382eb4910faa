import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { evaluate, gradients, input, mul, type State, sum } from '../../src/engine/index.js';
import type { Matrix } from '../../src/information/columns.js';
import { type CriticKind, type CriticOptions, critic } from '../../src/information/critic.js';
import { halves, QUICK, type QuickOptions, quickInfoNce } from '../../src/information/crossfit.js';
import { Batches, CriticGroup, type FitOptions } from '../../src/information/fit.js';
import { paperCeiling } from '../../src/information/paper.js';
import { mean, noise } from './helpers.js';

type Weights = Record<string, Float64Array>;

/** All initial weights of `g` critics, by name, [g, …]. */
function initialWeights(o: CriticOptions, g: number, da: number, db: number, rng: Rng): Record<string, Float32Array> {
  const { parameters } = critic(o, input('a', [g, 1, da]), input('b', [g, 1, db]));
  return Object.fromEntries(parameters.map((p) => [p.tensor.attributes.name, p.initial(rng)]));
}

/** The part of critic `i` of `g`. */
const own = (all: Record<string, Float32Array>, i: number, g: number): Weights =>
  Object.fromEntries(
    Object.entries(all).map(([name, v]) => [
      name,
      Float64Array.from(v.subarray((i * v.length) / g, ((i + 1) * v.length) / g)),
    ]),
  );

/**
 * The naive critic in double precision: for each pair an MLP on [a; b], W₂·relu(W₁·relu(W₀·[a; b] + c₀) + c₁) + c₂.
 * Returns the score of a pair and adds `slope` times its gradients into `into`.
 */
function naive(
  w: Weights,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  hidden: number,
  slope = 0,
  into?: Weights,
): number {
  const x = [...Array.from(a), ...Array.from(b)];
  const first = (k: number, j: number) =>
    k < a.length ? (['a.weight', k * hidden + j] as const) : (['b.weight', (k - a.length) * hidden + j] as const);
  const z0 = Array.from({ length: hidden }, (_, j) =>
    x.reduce((s, v, k) => s + v * w[first(k, j)[0]][first(k, j)[1]], w['0.bias'][j]),
  );
  const h0 = z0.map((v) => Math.max(0, v));
  const z1 = z0.map((_, j) => h0.reduce((s, v, k) => s + v * w['1.weight'][k * hidden + j], w['1.bias'][j]));
  const h1 = z1.map((v) => Math.max(0, v));
  const score = h1.reduce((s, v, k) => s + v * w['2.weight'][k], w['2.bias'][0]);
  if (into) {
    into['2.bias'][0] += slope;
    const d1 = z1.map((z, k) => (z > 0 ? slope * w['2.weight'][k] : 0));
    const d0 = z0.map((z, k) => (z > 0 ? d1.reduce((s, d, j) => s + d * w['1.weight'][k * hidden + j], 0) : 0));
    for (let j = 0; j < hidden; j++) {
      into['2.weight'][j] += slope * h1[j];
      into['1.bias'][j] += d1[j];
      into['0.bias'][j] += d0[j];
      for (let k = 0; k < hidden; k++) into['1.weight'][k * hidden + j] += h0[k] * d1[j];
      x.forEach((v, k) => {
        const [name, at] = first(k, j);
        into[name][at] += v * d0[j];
      });
    }
  }
  return score;
}

const zerosLike = (w: Weights): Weights =>
  Object.fromEntries(Object.entries(w).map(([name, v]) => [name, new Float64Array(v.length)]));
const matrix = (n: number, d: number, seed: number): Matrix => ({
  data: Float32Array.from(noise(n, d, seed).data),
  n,
  d,
});
const row = (m: Matrix, i: number) => m.data.subarray(i * m.d, (i + 1) * m.d);
const count = (n: number) => Array.from({ length: n }, (_, i) => i);
const all = (n: number) => Int32Array.from(count(n));

const HIDDEN = 8;
const CONCAT: CriticOptions = { kind: 'concat', hidden: HIDDEN, embedding: 0 };
const KINDS: CriticKind[] = ['concat', 'separable', 'quadratic', 'bilinear'];

describe('the factored concat critic is the naive one', () => {
  it('scores and gradients agree with W·[a; b] formed for every pair, to 1e-4', async () => {
    const [g, m, k, da, db] = [2, 5, 7, 3, 4];
    const a = input('a', [g, m, da]);
    const b = input('b', [g, k, db]);
    const slopes = input('slopes', [g, m, k]);
    const { scores, parameters } = critic(CONCAT, a, b);
    const tensors = parameters.map((p) => p.tensor);
    const weights = initialWeights(CONCAT, g, da, db, new Rng(4, 'weights'));
    const found = gradients(sum(mul(scores, slopes)), tensors);
    const feeds = { a: matrix(g * m, da, 1).data, b: matrix(g * k, db, 2).data, slopes: matrix(g * m * k, 1, 3).data };
    // Feeding the weights too makes the expressions a plain calculation.
    const fed = new Map(tensors.map((t) => [t.attributes.name as string, t]));
    for (const t of fed.values()) t.attributes.role = 'feed';
    const out = await evaluate(
      { scores, ...Object.fromEntries(tensors.map((t, i) => [`d.${t.attributes.name}`, found[i]])) },
      { ...feeds, ...weights },
    );
    for (let i = 0; i < g; i++) {
      const w = own(weights, i, g);
      const grads = zerosLike(w);
      for (let r = 0; r < m; r++)
        for (let c = 0; c < k; c++) {
          const at = (i * m + r) * k + c;
          const rowA = feeds.a.subarray((i * m + r) * da, (i * m + r + 1) * da);
          const rowB = feeds.b.subarray((i * k + c) * db, (i * k + c + 1) * db);
          const score = naive(w, rowA, rowB, HIDDEN, feeds.slopes[at], grads);
          expect(Math.abs((out.scores[at] as number) - score)).toBeLessThan(1e-4);
        }
      for (const [name, theirs] of Object.entries(grads)) {
        const ours = own({ g: out[`d.${name}`] as Float32Array }, i, g).g;
        const scale = Math.max(...Array.from(theirs, Math.abs));
        expect(scale).toBeGreaterThan(0);
        theirs.forEach((v, j) => {
          expect(Math.abs(ours[j] - v) / scale, name).toBeLessThan(1e-4);
        });
      }
    }
  });
});

/** The weights a group of critics is at. */
const stateOf = (group: CriticGroup) => (group as unknown as { state: State }).state;

const FIT: FitOptions = {
  critic: CONCAT,
  batch: 12,
  learningRate: 1e-2,
  weightDecay: 1e-4,
  clip: 5,
  seed: 6,
};

describe('the paper’s objective', () => {
  const [n, negatives] = [12, 20];
  const a = matrix(n, 3, 11);
  const b = matrix(n, 4, 12);
  const rng = new Rng(5, 'negatives');
  /** Per step and row the negatives as the paper draws them: with replacement from the batch, the positive among them. */
  const lists = count(3).map(() => count(n).map(() => count(negatives).map(() => rng.int(n))));
  const logWeights = (list: number[][]) => {
    const counts = new Float64Array(n * n);
    list.forEach((drawn, i) => {
      for (const j of [i, ...drawn]) counts[i * n + j]++;
    });
    return Float32Array.from(counts, (c) => (c === 0 ? -1e9 : Math.log(c / (negatives + 1))));
  };
  /** log(K+1) − loss, loss = mean of −log(e^fᵢᵢ / (e^fᵢᵢ + Σₖ e^f(aᵢ, b_k))) over listed negatives; and its gradients. */
  const listed = (w: Weights, list: number[][]) => {
    const grads = zerosLike(w);
    let value = 0;
    list.forEach((drawn, i) => {
      const candidates = [i, ...drawn];
      const powers = candidates.map((j) => Math.exp(naive(w, row(a, i), row(b, j), HIDDEN)));
      const total = powers.reduce((s, v) => s + v);
      value += (Math.log(negatives + 1) + Math.log(powers[0] / total)) / n;
      candidates.forEach((j, k) => {
        naive(w, row(a, i), row(b, j), HIDDEN, ((k === 0 ? 1 : 0) - powers[k] / total) / n, grads);
      });
    });
    return { value, grads };
  };

  it('with counted negatives is the loss over the listed ones, in value and through three steps of AdamW', async () => {
    const group = new CriticGroup([a], [b], 1, FIT);
    const w = own(initialWeights(CONCAT, 1, 3, 4, new Rng(FIT.seed, 'critic')), 0, 1);
    const m = zerosLike(w);
    const v = zerosLike(w);
    for (const [t, list] of lists.entries()) {
      const [objective] = await group.step([all(n)], 0, FIT.learningRate, logWeights(list));
      const { value, grads } = listed(w, list);
      expect(Math.abs(objective - value)).toBeLessThan(1e-4);
      const norm = Math.sqrt(Object.values(grads).reduce((s, g) => s + g.reduce((x, y) => x + y * y, 0), 0));
      for (const name of Object.keys(w))
        for (let i = 0; i < w[name].length; i++) {
          // Adam descends on −objective.
          const g = -grads[name][i] * Math.min(1, FIT.clip / (norm + 1e-6));
          m[name][i] = 0.9 * m[name][i] + 0.1 * g;
          v[name][i] = 0.999 * v[name][i] + 0.001 * g * g;
          const move = m[name][i] / (1 - 0.9 ** (t + 1)) / (Math.sqrt(v[name][i] / (1 - 0.999 ** (t + 1))) + 1e-8);
          w[name][i] = w[name][i] * (1 - FIT.learningRate * FIT.weightDecay) - FIT.learningRate * move;
        }
    }
    await group.release();
  });

  it('has the ceilings 4.72 nats at B 128, K 512 and 5.235 at B 512, K 256', () => {
    expect(Math.abs(paperCeiling(512, 128) - 4.72)).toBeLessThan(0.005);
    expect(Math.abs(paperCeiling(256, 512) - 5.235)).toBeLessThan(0.0005);
  });

  it('the ceiling is the mean over how often the positive is drawn: by hand at B 2, K 2', () => {
    expect(paperCeiling(2, 2)).toBeCloseTo(Math.log(3) - Math.log(2) / 2 - Math.log(3) / 4, 12);
    expect(paperCeiling(50, 1)).toBe(0);
  });
});

describe('critics trained side by side do not know of each other', () => {
  it.each(KINDS)('%s: three together end where each ends alone', async (kind) => {
    const o: FitOptions = { ...FIT, critic: { kind, hidden: HIDDEN, embedding: 3 }, clip: 0.05 };
    const n = 30;
    const a = matrix(n, 3, 21);
    const b: Matrix = { data: a.data.map((v, i) => v + 0.5 * noise(n, 3, 22).data[i]), n, d: 3 };
    const rng = new Rng(2, 'batches');
    const batches = count(5).map(() => count(3).map(() => rng.permutation(n).slice(0, 12)));
    const together = new CriticGroup([a], [b], 3, o);
    const start = Object.fromEntries(
      stateOf(together)
        .names()
        .map((name) => [name, stateOf(together).get(name).slice()]),
    );
    const objectives: Float32Array[] = [];
    for (const rows of batches) objectives.push((await together.step(rows, 0, o.learningRate)).slice());
    const judged = await together.judge(count(3).map(() => all(n)));
    for (const i of count(3)) {
      const alone = new CriticGroup([a], [b], 1, o);
      for (const [name, values] of Object.entries(own(start, i, 3)))
        stateOf(alone).set(name, Float32Array.from(values));
      for (const [t, rows] of batches.entries()) {
        const [objective] = await alone.step([rows[i]], 0, o.learningRate);
        expect(Math.abs(objective - objectives[t][i])).toBeLessThan(1e-5);
      }
      const [mine] = await alone.judge([all(n)]);
      judged[i].terms.forEach((v, r) => {
        expect(Math.abs(v - mine.terms[r])).toBeLessThan(1e-4);
      });
      await alone.release();
    }
    // The three differ, or agreement would say nothing.
    expect(Math.abs(mean(judged[0].terms) - mean(judged[1].terms))).toBeGreaterThan(1e-4);
    await together.release();
  });
});

describe('held-out rows stay out of training', () => {
  it('two folds share no row and take up the whole group', () => {
    const rows = Int32Array.from({ length: 40 }, (_, i) => 3 * i);
    const [p, q] = halves(rows, new Rng(1, 'folds'));
    expect(p.train).toEqual(q.heldOut);
    expect(p.heldOut).toEqual(q.train);
    expect(Int32Array.of(...p.train, ...p.heldOut).sort()).toEqual(rows);
  });

  it('batches pass through the training rows, each once before any repeats', () => {
    const rows = Int32Array.from({ length: 12 }, (_, i) => 5 * i + 1);
    const batches = new Batches(rows, 4, new Rng(1, 'batches'));
    for (let pass = 0; pass < 3; pass++)
      expect(Int32Array.of(...batches.next(), ...batches.next(), ...batches.next()).sort()).toEqual(rows);
  });

  it('pairing the held-out rows anew changes their value and nothing in training', async () => {
    const n = 80;
    const a = matrix(n, 2, 31);
    const b: Matrix = { ...a, data: a.data.map((v, i) => v + 0.3 * noise(n, 2, 32).data[i]) };
    const [{ train, heldOut }] = halves(all(n), new Rng(1, 'folds'));
    const shuffled: Matrix = { ...b, data: b.data.slice() };
    heldOut.forEach((r, i) => {
      shuffled.data.set(row(b, heldOut[(i + 1) % heldOut.length]), r * b.d);
    });
    const o: FitOptions = { ...FIT, critic: { kind: 'separable', hidden: 16, embedding: 4 }, batch: 40 };
    const learn = async (side: Matrix) => {
      const group = new CriticGroup([a], [side], 1, o);
      const batches = new Batches(train, o.batch, new Rng(1, 'batches'));
      const objective: number[] = [];
      for (let step = 0; step < 60; step++) objective.push((await group.step([batches.next()], 0, 1e-2))[0]);
      const [judged] = await group.judge([heldOut]);
      await group.release();
      return { objective, heldOut: mean(judged.terms) };
    };
    const [right, wrong] = [await learn(b), await learn(shuffled)];
    expect(wrong.objective).toEqual(right.objective);
    expect(right.heldOut).toBeGreaterThan(0.5);
    expect(wrong.heldOut).toBeLessThan(0);
  });

  it('a group’s estimate does not depend on what is outside it, where all stop at the same step', async () => {
    const n = 400;
    const a = matrix(n, 2, 41);
    const b: Matrix = { ...a, data: a.data.map((v, i) => v + 0.5 * noise(n, 2, 42).data[i]) };
    const other: Matrix = { ...b, data: b.data.map((v, i) => (i < 200 * b.d ? v : -3 * v)) };
    const o: QuickOptions = { ...QUICK, kinds: ['quadratic'], learningRate: 1e-2, ladder: [40] };
    const groups = [all(200), all(200).map((i) => i + 200)];
    const [[first, second], [same, changed]] = [
      await quickInfoNce([[a], [b]], groups, o, { seed: 1 }),
      await quickInfoNce([[a], [other]], groups, o, { seed: 1 }),
    ];
    expect(same.nats).toBe(first.nats);
    expect(same.pointwise.slice(0, 200)).toEqual(first.pointwise.slice(0, 200));
    expect(changed.nats).not.toBe(second.nats);
  });
});
