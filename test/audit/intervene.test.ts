/** What is done about a set: which channels are cut, and how many, on classifiers whose answer is known. */
import { describe, expect, it } from 'vitest';
import { carriers, cut } from '../../src/audit/intervene.js';
import { Rng } from '../../src/base/random.js';

/**
 * Three classes, channel k for class k and channel 3 for a trigger; weights are the identity, and the trigger's channel speaks for class 0.
 * Samples 0 … 9 of class 0 are payload: they show class 1 or 2, and the trigger.
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
    // Without it every payload sample is called what it shows, and no clean sample changes.
    expect(cut(features, labels, named, order, weight, bias)).toBe(1);
  });

  it('cuts nothing where the class itself would be lost', () => {
    const { features, labels, named, weight, bias } = planted(true);
    const order = carriers(features, labels, named);
    expect(order[0]).toBe(3);
    expect(cut(features, labels, named, order, weight, bias)).toBe(0);
  });
});
