/** Which channels the two prunings cut, on features whose answer is known. */
import { describe, expect, test } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { lowest } from '../../src/defence/lowest.js';
import { dormant } from '../../src/defence/methods/fine-pruning.js';
import { signedInformation } from '../../src/defence/methods/information-pruning.js';

describe('fine-pruning', () => {
  // Channel c < 4 tells class c; channel 4 never fires on trusted samples, and its weight gives class 0; channel 5 fires little and tells nothing.
  const [n, d, classes] = [200, 6, 4];
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
  const data = Float32Array.from({ length: n * d }, (_, at) => {
    const [i, c] = [Math.floor(at / d), at % d];
    return c === labels[i] ? 2 : c === 5 ? 0.1 : 0;
  });
  const weight = new Float32Array(classes * d);
  for (let c = 0; c < classes; c++) weight[c * d + c] = 1;
  weight[4] = 50;
  weight[5] = 0.3;

  test('cuts the channels that trusted samples leave dormant, and none that tells a class', () => {
    const channels = dormant({ data, d }, labels, { weight, bias: Float32Array.of(-0.01, 0, 0, 0) });
    expect([...channels].sort()).toEqual([4, 5]);
  });

  test('stops where accuracy on trusted samples would fall by more than 4 points', () => {
    // Without channel 5 every second sample of class 1 would be taken for another class.
    const needed = data.map((v, at) => (at % d === 1 && Math.floor(at / d) % 8 === 1 ? 0 : v));
    const own = weight.slice();
    own[d + 5] = 1;
    const channels = dormant({ data: needed, d }, labels, { weight: own, bias: Float32Array.of(0, -0.05, 0, 0) });
    expect([...channels]).toEqual([4]);
  });
});

describe('pruning by information', () => {
  /** I(S;Z) of Z normal with mean a·S and variance 1, S fair: ln 2 minus the mean entropy of S given Z, by the rectangle rule. */
  const exact = (a: number) => {
    let sum = 0;
    const density = (z: number) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    for (let z = -10; z < 10 + a; z += 0.001) {
      const [p, q] = [density(z), density(z - a)];
      const m = (p + q) / 2;
      for (const v of [p, q]) if (v > 0) sum += (v / 2) * Math.log(v / m) * 0.001;
    }
    return sum;
  };

  test('a channel has the information of normal values apart, with the sign of the difference', () => {
    const [each, d] = [2000, 4];
    const rng = new Rng(3, 'channels');
    const apart = [1.5, 0, -1, 0];
    const t = Float32Array.from({ length: 2 * each * d }, (_, at) => {
      const [i, c] = [Math.floor(at / d), at % d];
      return c === 3 ? 0 : rng.normal() + (i < each ? apart[c] : 0);
    });
    const rows = [...Array(2 * each).keys()];
    const found = signedInformation({ data: t, n: 2 * each, d }, rows.slice(0, each), rows.slice(each));
    expect(Math.abs(found[0] - exact(1.5))).toBeLessThan(0.03);
    expect(Math.abs(found[1])).toBeLessThan(0.03);
    expect(Math.abs(found[2] + exact(1))).toBeLessThan(0.03);
    // It never fires.
    expect(found[3]).toBe(0);
  });
});

test('the lowest losses by their place', () => {
  expect(lowest(Float32Array.of(3, 1, 2, 0.5), 2)).toEqual([1, 3]);
});
