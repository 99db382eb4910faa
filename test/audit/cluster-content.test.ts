/** What the clusters of a class show a network that does not know the class, and which of them is poisoned. */
import { describe, expect, it } from 'vitest';
import { choosePoisoned, contentOf, decidePoisoned, type SideContent } from '../../src/audit/cluster-content.js';

/** Which of two clusters is poisoned, asked in both orders. */
const both = (a: SideContent, b: SideContent) => [decidePoisoned(a, b).poisoned, decidePoisoned(b, a).poisoned];

describe('what a cluster shows', () => {
  it('has spread 1 for all other classes equally and 0 for one of them, and the confidence of the softmax', () => {
    // Class 0 is never predicted. Four clear images, one of each other class; four that look a little like class 2.
    const sure = [1, 2, 3, 4].flatMap((k) => [99, 1, 2, 3, 4].map((_, j) => (j === 0 ? 99 : j === k ? 20 : 0)));
    const doubtful = [0, 0, 0, 0].flatMap(() => [99, 0, Math.log(3), 0, 0]);
    const logits = { data: Float32Array.from([...sure, ...doubtful]), n: 8, d: 5 };
    const [low, high] = contentOf(logits, [-1, -1, -1, -1, 1, 1, 1, 1], 0);
    expect(low.spread).toBeCloseTo(1, 6);
    expect(low.confidence).toBeCloseTo(1, 6);
    expect(high.spread).toBe(0);
    expect(high.confidence).toBeCloseTo(3 / 6, 6);
    expect(both(low, high)).toEqual([0, 1]);
  });

  it('is compared in equal numbers: twenty samples of four classes in turn show no more than four of them do', () => {
    const logits = (classes: number[]) => classes.flatMap((k) => [0, 1, 2, 3, 4].map((j) => (j === k ? 9 : 0)));
    const rows = [...Array.from({ length: 20 }, (_, i) => 1 + (i % 4)), 1, 2, 3, 4];
    const cluster = rows.map((_, i) => (i < 20 ? -1 : 1));
    const [many, few] = contentOf({ data: Float32Array.from(logits(rows)), n: 24, d: 5 }, cluster, 0);
    expect(few.spread).toBeCloseTo(1, 6);
    expect(many.spread).toBeLessThanOrEqual(1);
    // Only four of 100 classes were known: equal shares of these four are the largest spread possible.
    const wide = { data: new Float32Array(24 * 100).fill(-9), n: 24, d: 100 };
    rows.forEach((k, i) => {
      wide.data[i * 100 + k] = 9;
    });
    expect(contentOf(wide, cluster, 0, 4)[1].spread).toBeCloseTo(1, 6);
  });

  it('does not tell which cluster is poisoned if the more confident one shows fewer classes and neither shows nearly all', () => {
    const narrow = { spread: 0.3, confidence: 0.9, error: 0.01 };
    const own = { spread: 0.6, confidence: 0.6, error: 0.01 };
    const poisoned = { spread: 0.9, confidence: 0.5, error: 0.01 };
    expect(both(narrow, own)).toEqual([null, null]);
    expect(both(own, poisoned)).toEqual([1, 0]);
  });
});

it('a cluster that shows many classes, but less clearly than the other, is a doubtful choice: 101 images of airplanes with a watermark', () => {
  const own = { spread: 0.528, confidence: 0.568, error: 0.016 };
  const marked = { spread: 0.826, confidence: 0.513, error: 0.022 };
  expect(decidePoisoned(own, marked)).toEqual({ poisoned: 1, isDoubtful: true });
  // Nearly all classes, or more of them and more clearly, leave no doubt.
  expect(decidePoisoned(own, { ...marked, spread: 0.9 })).toEqual({ poisoned: 1, isDoubtful: false });
  expect(decidePoisoned(own, { ...marked, confidence: 0.65 })).toEqual({ poisoned: 1, isDoubtful: false });
});

describe('confidences that differ by chance', () => {
  const own = { spread: 0.34, confidence: 0.56, error: 0.01 };
  const few = { spread: 0.55, confidence: 0.62, error: 0.05 };

  it('do not make a cluster poisoned that shows some other classes, and clear ones do', () => {
    expect(both(own, few)).toEqual([null, null]);
    const many = { ...few, error: 0.02 };
    expect(both(own, many)).toEqual([1, 0]);
  });

  it('have the standard error of a mean: deviations ±a of 4 samples give a / √3', () => {
    const logit = (p: number) => Math.log(p / (1 - p));
    const rows = [0.9, 0.7, 0.9, 0.7].flatMap((p) => [0, logit(p), 0]);
    const [, { confidence, error }] = contentOf({ data: Float32Array.from(rows), n: 4, d: 3 }, [1, 1, 1, 1], 0);
    expect(confidence).toBeCloseTo(0.8, 6);
    expect(error).toBeCloseTo(0.1 / Math.sqrt(3), 6);
  });
});

describe('the choice of poisoned parts', () => {
  /** Images of class 0: a number of samples for each part, of which each looks like the given classes in turn. */
  const shown = (parts: { n: number; like: number[]; by: number }[]) => {
    const rows = parts.flatMap(({ n, like, by }, part) =>
      Array.from({ length: n }, (_, i) => ({
        part,
        row: [0, 1, 2, 3, 4, 5].map((k) => (k === like[i % like.length] ? by : 0)),
      })),
    );
    const logits = { data: Float32Array.from(rows.flatMap((r) => r.row)), n: rows.length, d: 6 };
    return { logits, part: rows.map((r) => r.part) };
  };

  it('joins parts that each show one class: four of four other classes are poisoned, the fifth is the class itself', () => {
    const { logits, part } = shown([
      { n: 20, like: [1], by: 6 },
      { n: 20, like: [2], by: 6 },
      { n: 80, like: [5, 5, 5, 4], by: 2 },
      { n: 20, like: [3], by: 6 },
      { n: 20, like: [4], by: 6 },
    ]);
    expect([...choosePoisoned(logits, part, 0).poisoned!].sort()).toEqual([0, 1, 3, 4]);
  });

  it('is not made where the more confident part shows fewer classes', () => {
    const { logits, part } = shown([
      { n: 40, like: [1], by: 6 },
      { n: 40, like: [2, 3], by: 2 },
    ]);
    expect(choosePoisoned(logits, part, 0).poisoned).toBeNull();
  });
});
