/** P-values per class: calibrated where classes are alike, small where one is not. */
import { describe, expect, it } from 'vitest';
import { combined, outlyingClasses, outlyingness } from '../../src/audit/evidence.js';
import { Rng } from '../../src/base/random.js';

describe('outlyingness', () => {
  it('is uniform over [0, 1] for classes that are alike, at both tails and at one', () => {
    const rng = new Rng(5, 'alike');
    for (const tail of ['upper', 'both'] as const) {
      const ps = Array.from({ length: 3000 }, () => outlyingness(Array.from(rng.normals(10)), tail)[0]);
      for (const level of [0.01, 0.05, 0.5]) {
        const share = ps.filter((p) => p <= level).length / ps.length;
        expect(Math.abs(share - level)).toBeLessThan(4 * Math.sqrt((level * (1 - level)) / ps.length));
      }
    }
  });

  it('is Student’s: three others at −1, 0, 1 and a class at 2 are t = 2 / √(4/3) with 2 degrees of freedom', () => {
    // P(T₂ > t) = ½ − t / (2 √(2 + t²)).
    const t = 2 / Math.sqrt(4 / 3);
    expect(outlyingness([2, -1, 0, 1], 'upper')[0]).toBeCloseTo(0.5 - t / (2 * Math.sqrt(2 + t * t)), 10);
    expect(outlyingness([2, -1, 0, 1], 'both')[0]).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 10);
  });

  it('is 1 for fewer than three others, and for a missing value', () => {
    expect(outlyingness([9, 0, 1], 'upper')).toEqual([1, 1, 1]);
    expect(outlyingness([Number.NaN, 0, 1, 2, 1], 'upper')[0]).toBe(1);
  });

  it('tends to the normal law with the spread of clean sets as that counts for more, and to the set’s own as it counts for less', () => {
    const values = [2, -1, 0, 1, 0, -1, 1];
    // Six others with mean 0: z = 2 / (0.5 √(7/6)) = 3.703, and Φ(−3.703) = 1.0641e-4 (scipy.stats.norm.sf).
    expect(outlyingness(values, 'upper', { clean: { sd: 0.5, freedom: 1e9 } })[0]).toBeCloseTo(1.0641e-4, 7);
    const own = outlyingness(values, 'upper')[0];
    expect(outlyingness(values, 'upper', { clean: { sd: 0.5, freedom: 1e-9 } })[0]).toBeCloseTo(own, 8);
  });

  it('is uniform for classes that are alike and as wide as those of clean sets, also where these count for much', () => {
    const rng = new Rng(8, 'as wide');
    const clean = { sd: 1, freedom: 40 };
    const ps = Array.from({ length: 4000 }, () => outlyingness(Array.from(rng.normals(10)), 'upper', { clean })[0]);
    for (const level of [0.001, 0.01, 0.1]) {
      const share = ps.filter((p) => p <= level).length / ps.length;
      // The variance of the set is taken for as wide as it is: no more alarms than that says.
      expect(share).toBeLessThan(level + 4 * Math.sqrt((level * (1 - level)) / ps.length));
      expect(share).toBeGreaterThan(0.5 * level - 4 * Math.sqrt((level * (1 - level)) / ps.length));
    }
  });

  it('finds a second and a third outlying class more clearly with the spread of clean sets', () => {
    const values = [0.9, 0.85, 1, ...Array.from(new Rng(3, 'others').normals(7), (v) => 0.15 + 0.06 * v)];
    const without = Math.max(...outlyingClasses(values, 'upper').slice(0, 3));
    const clean = { sd: 0.06, freedom: 40 };
    expect(Math.max(...outlyingClasses(values, 'upper', { clean }).slice(0, 3))).toBeLessThan(1e-3 * without);
  });

  it('is limited by the floor if the others agree by chance, and by the standard error of the value', () => {
    const values = [1, 0, 0, 0, 0];
    expect(outlyingness(values, 'upper')[0]).toBe(0);
    const floored = outlyingness(values, 'upper', { floor: 1 })[0];
    expect(floored).toBeGreaterThan(0.1);
    expect(outlyingness([5, 1, 2, 3], 'both', { errors: [10, 0, 0, 0] })[0]).toBeGreaterThan(0.7);
  });
});

describe('outlying classes', () => {
  it('of one class are those of Bonferroni: its p times the number of classes', () => {
    const values = [5, 0.1, -0.3, 0.4, -0.2, 0];
    expect(outlyingClasses(values, 'upper')[0]).toBeCloseTo(6 * outlyingness(values, 'upper')[0], 12);
  });

  it('do not hide one another: two and three that are equally far out have a small p, where each alone has none', () => {
    const clean = Array.from(new Rng(2, 'clean').normals(8));
    for (const far of [
      [12, 12],
      [12, 12.5, 11],
    ]) {
      const values = [...far, ...clean];
      const alone = outlyingness(values, 'upper').slice(0, far.length);
      const ps = outlyingClasses(values, 'upper');
      expect(Math.min(...alone)).toBeGreaterThan(0.002);
      expect(Math.max(...ps.slice(0, far.length))).toBeLessThan(0.002);
      expect(Math.min(...ps.slice(far.length))).toBeGreaterThan(0.02);
    }
  });

  it('of a value that is missing, or where three others are not left, have p 1', () => {
    expect(outlyingClasses([Number.NaN, 9, 0, 1], 'upper')).toEqual([1, 1, 1, 1]);
  });

  it('are found in at most 1.6 times the nominal share of clean sets, for few and many classes', () => {
    const rng = new Rng(6, 'clean sets');
    for (const [classes, level] of [
      [5, 0.01],
      [10, 0.01],
      [10, 0.05],
    ]) {
      const sets = 4000;
      let alarms = 0;
      for (let k = 0; k < sets; k++)
        if (outlyingClasses(Array.from(rng.normals(classes)), 'upper').some((p) => p <= level)) alarms++;
      const most = 1.6 * level;
      expect(alarms / sets).toBeLessThan(most + 3 * Math.sqrt((most * (1 - most)) / sets));
    }
  });
});

describe('the combined p-value', () => {
  it('flags a class in at most its share of clean sets, for independent and dependent signals', () => {
    const rng = new Rng(8, 'sets');
    for (const shared of [0, 0.9]) {
      let alarms = 0;
      for (let set = 0; set < 2000; set++) {
        const base = rng.normals(10);
        const signals = [0.4, 0.4, 0.2].map((weight) => ({
          weight,
          ps: outlyingClasses(
            Array.from(base, (b) => shared * b + Math.sqrt(1 - shared ** 2) * rng.normal()),
            'upper',
          ),
        }));
        const ps = base.map((_, c) => combined(signals.map(({ weight, ps: p }) => ({ p: p[c], weight }))));
        if (ps.some((p) => p <= 0.05)) alarms++;
      }
      expect(alarms / 2000).toBeLessThan(0.085);
    }
  });
});
