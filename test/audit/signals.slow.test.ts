/** Signals of sets whose classes differ in nothing but their size. */

import { describe, expect, it } from 'vitest';
import { chanceLaw } from '../../src/audit/chance.js';
import { outlyingness } from '../../src/audit/evidence.js';
import { measureSignals, type Signals } from '../../src/audit/signals.js';
import { Rng } from '../../src/base/random.js';

const [SIZE, RARE, DIMENSIONS] = [90, 30, 12];

/** Ten classes of one normal distribution each, the first of them rare; two checkpoints. */
function clean(seed: number): Promise<Signals> {
  const rng = new Rng(seed, 'clean');
  const labels = Int32Array.from({ length: RARE + 9 * SIZE }, (_, i) => (i < RARE ? 0 : 1 + ((i - RARE) % 9)));
  const n = labels.length;
  const checkpoints = [1, 2].map((epoch) => {
    const features = { data: Float32Array.from(rng.normals(n * DIMENSIONS)), n, d: DIMENSIONS };
    const loss = Float32Array.from(rng.normals(n));
    return { epoch, features, t: features, logits: features, loss };
  });
  return measureSignals(checkpoints, labels, 10, seed);
}

describe('the size of a class', () => {
  it('is no evidence: a class of 30 among nine of 90 is flagged in none of 20 sets, and would be by ln d′ without its correction', async () => {
    let [alarms, naive] = [0, 0];
    for (let seed = 0; seed < 20; seed++) {
      const { classes } = await clean(seed);
      alarms += Number(classes.some((c) => c.together <= 0.01));
      const raw = classes.map((c, k) => c.values.separation + chanceLaw(k === 0 ? RARE : SIZE, 10).separation.mean);
      naive += Number(outlyingness(raw, 'upper', { floor: 0.03 })[0] <= 0.01);
    }
    expect(alarms).toBe(0);
    expect(naive).toBeGreaterThan(8);
  });

  it('that is too small to be judged costs the others nothing', async () => {
    const rng = new Rng(1, 'unjudged');
    const d = 6;
    const set = (few: number) => {
      const labels = Int32Array.from({ length: 4 * 60 + few }, (_, i) => (i < 240 ? i % 4 : 4 + i - 240));
      const n = labels.length;
      const rows = new Rng(1, 'rows').normals(240 * d);
      const data = Float32Array.from({ length: n * d }, (_, i) => (i < rows.length ? rows[i] : rng.normal()));
      // A third of the first class lies elsewhere.
      for (let i = 0; i < 240; i += 12) data[i * d] += 12;
      const features = { data, n, d };
      const checkpoint = { epoch: 1, features, t: features, logits: features, loss: new Float32Array(n) };
      return measureSignals([checkpoint], labels, 4 + few, 0);
    };
    const [without, among] = [await set(0), await set(20)];
    expect(without.classes[0].together).toBeLessThan(1);
    expect(among.classes[0].together).toBeCloseTo(without.classes[0].together, 12);
    expect(among.classes.slice(4).every((c) => c.together > 1)).toBe(true);
  });
});

describe('what the split of one normal distribution shows', () => {
  it('is a larger ln d′ the fewer the points are, interpolated between the sizes it is drawn at', () => {
    const at = [30, 65, 150, 500].map((n) => chanceLaw(n, 10).separation.mean);
    for (const [k, v] of at.slice(1).entries()) expect(v).toBeLessThan(at[k]);
    const between = chanceLaw(80, 10).separation.mean;
    expect(between).toBeLessThan(at[1]);
    expect(between).toBeGreaterThan(at[2]);
    expect(chanceLaw(5000, 10)).toEqual(chanceLaw(500, 10));
  });

  it('is no gain on points that it was not fitted to, if they are many', () => {
    expect(Math.abs(chanceLaw(500, 3).gain.mean)).toBeLessThan(0.03);
  });
});
