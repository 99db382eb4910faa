/** Sides of a class, baselines, and what stands in a set beside its images. */
import { describe, expect, it } from 'vitest';
import { payloadOf } from '../../src/audit/examine.js';
import { activationClustering, lossIsolation, spectralSignatures } from '../../src/audit/index.js';
import { losses } from '../../src/audit/look.js';
import { contentOf } from '../../src/audit/sides.js';
import { sidesDiffer } from '../../src/audit/signals.js';
import { Rng } from '../../src/base/random.js';
import { auroc } from '../../src/dynamics/rank.js';

describe('what a side shows', () => {
  it('is all other classes alike and surely, or one of them and doubtfully: spread 1 and 0, confidence as the softmax has it', () => {
    // Class 0 is not asked about. Four sure images, one of each other class; four that look a little like class 2.
    const sure = [1, 2, 3, 4].flatMap((k) => [99, 1, 2, 3, 4].map((_, j) => (j === 0 ? 99 : j === k ? 20 : 0)));
    const doubtful = [0, 0, 0, 0].flatMap(() => [99, 0, Math.log(3), 0, 0]);
    const logits = { data: Float32Array.from([...sure, ...doubtful]), n: 8, d: 5 };
    const [low, high] = contentOf(logits, [-1, -1, -1, -1, 1, 1, 1, 1], 0);
    expect(low.spread).toBeCloseTo(1, 6);
    expect(low.confidence).toBeCloseTo(1, 6);
    expect(high.spread).toBe(0);
    expect(high.confidence).toBeCloseTo(3 / 6, 6);
    expect([payloadOf(low, high), payloadOf(high, low)]).toEqual([0, 1]);
  });

  it('is compared in equal numbers: twenty samples of four classes in turn show no more than four of them do', () => {
    const logits = (classes: number[]) => classes.flatMap((k) => [0, 1, 2, 3, 4].map((j) => (j === k ? 9 : 0)));
    const rows = [...Array.from({ length: 20 }, (_, i) => 1 + (i % 4)), 1, 2, 3, 4];
    const side = rows.map((_, i) => (i < 20 ? -1 : 1));
    const [many, few] = contentOf({ data: Float32Array.from(logits(rows)), n: 24, d: 5 }, side, 0);
    expect(few.spread).toBeCloseTo(1, 6);
    expect(many.spread).toBeLessThanOrEqual(1);
    // Of 100 classes only four were known: what is spread over all of them is spread as far as it can be.
    const wide = { data: new Float32Array(24 * 100).fill(-9), n: 24, d: 100 };
    rows.forEach((k, i) => {
      wide.data[i * 100 + k] = 9;
    });
    expect(contentOf(wide, side, 0, 4)[1].spread).toBeCloseTo(1, 6);
  });

  it('does not tell which is the payload where the surer side shows fewer classes and neither shows them all', () => {
    const narrow = { spread: 0.3, confidence: 0.9 };
    const own = { spread: 0.6, confidence: 0.6 };
    const brought = { spread: 0.9, confidence: 0.5 };
    expect([payloadOf(narrow, own), payloadOf(own, narrow)]).toEqual([null, null]);
    expect([payloadOf(own, brought), payloadOf(brought, own)]).toEqual([1, 0]);
  });
});

/** Ten classes of normal features; a tenth of class 0 lies elsewhere and was learned early. */
function planted() {
  const rng = new Rng(2, 'planted');
  const [n, d, classes] = [1000, 12, 10];
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
  const payload = Uint8Array.from(labels, (y, i) => Number(y === 0 && i % 100 === 0));
  const features = new Float32Array(n * d).map((_, i) => {
    const at = Math.floor(i / d);
    return rng.normal() + (i % d === labels[at] ? 5 : 0) + (i % d === 11 ? 9 * payload[at] : 0);
  });
  const loss = Float32Array.from(payload, (p) => (p ? 0.1 : 1 + rng.uniform()));
  const matrix = { data: features, n, d };
  return { labels, payload, look: { epoch: 1, features: matrix, t: matrix, logits: matrix, loss }, classes };
}

describe('the baselines', () => {
  const { labels, payload, look, classes } = planted();

  it('rank planted payload first, each by its own definition', async () => {
    const ac = await activationClustering(look, labels, classes, 0);
    const ss = await spectralSignatures(look, labels, classes, 0);
    expect(auroc(ac, payload)!.auroc).toBeGreaterThan(0.99);
    expect(auroc(ss, payload)!.auroc).toBeGreaterThan(0.9);
    expect(auroc(lossIsolation(look), payload)!.auroc).toBe(1);
  });

  it('Spectral Signatures are squared projections on the first singular vector, over their mean', async () => {
    // On a line the centred values are the projections.
    const values = [-3, -1, 0, 1, 3];
    const line = { data: Float32Array.from(values.flatMap((v) => [v, 0])), n: 5, d: 2 };
    const found = await spectralSignatures({ ...look, features: line }, new Int32Array(5), 1, 0);
    values.forEach((v, i) => {
      expect(found[i]).toBeCloseTo(v ** 2 / 4, 4);
    });
  });
});

describe('the difference of sides', () => {
  it('is in standard deviations of all, with √(1/n₁ + 1/n₂) as its standard error: a side of few samples says little', () => {
    // 5 at 1 and 20 at 0: mean 0.2, standard deviation 0.4.
    const value = Float32Array.from({ length: 25 }, (_, i) => Number(i < 5));
    const odds = Float64Array.from(value, (v) => (v ? 3 : -3));
    const rows = Int32Array.from({ length: 25 }, (_, i) => i);
    const { values, errors } = sidesDiffer(value, [rows, rows.subarray(1)], odds);
    expect(values[0]).toBeCloseTo(2.5, 6);
    expect(errors[0]).toBeCloseTo(0.5, 12);
    // Four samples are no side.
    expect(values[1]).toBeNaN();
  });
});

describe('losses', () => {
  it('are −ln of the softmax of the label, and finite for logits of any size', () => {
    const found = losses({ data: Float32Array.of(0, 0, 1000, -1000), n: 2, d: 2 }, [0, 1]);
    expect(found[0]).toBeCloseTo(Math.LN2, 6);
    expect(found[1]).toBeCloseTo(2000, 3);
  });
});
