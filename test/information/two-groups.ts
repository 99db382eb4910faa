import { Rng } from '../../src/base/random.js';

/** T = X + noise for the first group, T independent of X for the second; Ŷ a noisy copy of T's first columns. */
export function twoGroups(size: number) {
  const rng = new Rng(5, 'checkpoint');
  const n = 2 * size;
  const x = { data: rng.normals(n * 4), n, d: 4 };
  const draw = () => ({
    data: Float32Array.from(x.data, (v, i) => (i < size * 4 ? v + 0.5 * rng.normal() : rng.normal())),
    n,
    d: 4,
  });
  const t = [draw(), draw()];
  const logits = t.map((m) => ({
    data: Float32Array.from({ length: n * 2 }, (_, i) => m.data[Math.floor(i / 2) * 4 + (i % 2)] + 0.3 * rng.normal()),
    n,
    d: 2,
  }));
  const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
  const rows = (from: number) => Int32Array.from({ length: size }, (_, i) => from + i);
  return {
    x,
    labels,
    classes: 2,
    t,
    logits,
    groups: new Map([
      ['1', rows(0)],
      ['2', rows(size)],
      ['2/null-a0', rows(size)],
    ]),
  };
}
