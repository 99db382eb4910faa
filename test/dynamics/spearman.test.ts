/** Rank correlations against SciPy, and intervals over clusters against what they must cover. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { clusterInterval, ranks, smallestVisible, spearman } from '../../src/dynamics/spearman.js';

const golden = JSON.parse(readFileSync(new URL('../golden/spearman.json', import.meta.url), 'utf8'));
const { a, b, c, d } = golden as Record<string, number[]>;

describe('Spearman’s ρ', () => {
  it('is SciPy’s, ties included', () => {
    expect(ranks(d)).toEqual(golden.ranks);
    expect(spearman(a, b)).toBeCloseTo(golden.ab, 12);
  });

  it('given other variables is the correlation of what least squares on their ranks leaves', () => {
    expect(spearman(a, b, { given: [c] })).toBeCloseTo(golden.abGivenC, 12);
    expect(spearman(a, b, { given: [c, d] })).toBeCloseTo(golden.abGivenCD, 12);
    // A constant, and the same variable twice, take nothing more away.
    expect(spearman(a, b, { given: [c, a.map(() => 1), c, d] })).toBeCloseTo(golden.abGivenCD, 12);
  });

  it('ranks inside strata, so that their difference is no correlation', () => {
    const strata = golden.strata.map(String);
    expect(spearman(a, b, { strata })).toBeCloseTo(golden.abWithin, 12);
    const apart = (values: number[]) => values.map((v, i) => v + 100 * golden.strata[i]);
    expect(spearman(apart(a), apart(b), { strata })).toBeCloseTo(golden.abWithin, 12);
    expect(spearman(apart(a), apart(d))).toBeGreaterThan(0.6);
  });

  it('has no value where a variable is constant or explained by the others', () => {
    expect(
      spearman(
        a,
        a.map(() => 3),
      ),
    ).toBeNaN();
    expect(spearman(a, b, { given: [a] })).toBeNaN();
  });
});

describe('the interval over clusters', () => {
  it('holds the true ρ in about 95 of 100 studies, where rows of a cluster are alike', () => {
    // 24 clusters of three rows that share all but a little noise; true ρ 0.
    let [held, narrow] = [0, 0];
    for (let study = 0; study < 50; study++) {
      const rng = new Rng(study, 'clusters of a test');
      const rows = Array.from({ length: 24 }, (_, k) => ({ k, x: rng.normal(), y: rng.normal() })).flatMap((r) => [
        r,
        r,
        r,
      ]);
      const x = rows.map((r) => r.x + 0.1 * rng.normal());
      const y = rows.map((r) => r.y + 0.1 * rng.normal());
      const rho = (at: readonly number[]) =>
        spearman(
          at.map((i) => x[i]),
          at.map((i) => y[i]),
        );
      const covers = (of: [number, number]) => Number(of[0] <= 0 && 0 <= of[1]);
      held += covers(
        clusterInterval(
          rows.map((r) => String(r.k)),
          rho,
        )!,
      );
      if (study < 15)
        narrow += covers(
          clusterInterval(
            rows.map((_, i) => String(i)),
            rho,
          )!,
        );
    }
    expect(held).toBeGreaterThanOrEqual(43);
    // Rows counted as independent cover far less.
    expect(narrow).toBeLessThan(13);
  });

  it('is missing for fewer than five clusters, and where resamples have no value', () => {
    expect(clusterInterval(['a', 'b', 'c', 'd'], () => 0)).toBeNull();
    expect(clusterInterval(['a', 'b', 'c', 'd', 'e'], () => Number.NaN)).toBeNull();
    expect(clusterInterval(['a', 'b', 'c', 'd', 'e'], () => 2)).toEqual([2, 2]);
  });
});

it('the smallest visible ρ is that of Fisher’s transformation', () => {
  golden.clusters.forEach((n: number, i: number) => {
    expect(smallestVisible(n)).toBeCloseTo(golden.visible[i], 12);
  });
  expect(smallestVisible(3)).toBe(1);
});
