/** Beatrix on changed correlations, and against NumPy with the Gram matrices of all eight orders. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { Rng } from '../../src/base/random.js';
import { beatrix } from '../../src/detectors/beatrix.js';
import { auroc } from '../../src/dynamics/rank.js';
import { difference, golden, madeSamples, plantedIn, positions, samplesOf } from './planted.js';

const CLASSES = 10;
const EACH = 400;
const TARGET = 3;

/**
 * Positive features in two pairs. In clean samples one of a pair is high where the other is low; in the first `poisoned` samples of the
 * target class both are high or both low. Every feature has the same distribution in both.
 */
function planted(poisoned: number) {
  const rng = new Rng(2, 'beatrix');
  const features = (changed: boolean) =>
    [0, 1].flatMap(() => {
      const u = rng.uniform(-0.5, 0.5);
      return [u, changed ? u : -u].map((v) => Math.exp(v + 0.02 * rng.normal()));
    });
  const made = madeSamples(CLASSES, EACH, (label, place) => features(label === TARGET && place < poisoned));
  const trusted = madeSamples(CLASSES, 50, () => features(false));
  return { ...made, trusted, classes: CLASSES, truth: plantedIn(made, CLASSES, TARGET, poisoned) };
}

describe('Beatrix', () => {
  it('finds samples whose features have another correlation, though each has the same distribution', async () => {
    const { truth, ...observed } = planted(100);
    const { scores, targets, classScores, flagged } = await beatrix.detect(observed);
    expect(targets).toEqual([TARGET]);
    expect(classScores![TARGET]).toBeGreaterThan(Math.E ** 2);
    expect(auroc(scores!, truth)!.auroc).toBeGreaterThan(0.98);
    expect(positions(flagged).length).toBeGreaterThan(95);
    expect(positions(flagged).every((i) => truth[i])).toBe(true);
    // No single feature tells them apart.
    for (let j = 0; j < 4; j++) {
      const own = observed.features.data.filter((_, i) => i % 4 === j);
      const inClass = [...truth.keys()].filter((i) => observed.set.labels[i] === TARGET);
      const { auroc: area, standardError } = auroc(
        inClass.map((i) => Math.abs(Math.log(own[i]))),
        inClass.map((i) => truth[i]),
      )!;
      expect(Math.abs(area - 0.5)).toBeLessThan(4 * standardError);
    }
  });

  it('flags nothing in a clean set', async () => {
    const { truth, ...observed } = planted(0);
    expect(truth).not.toContain(true);
    const { targets, flagged } = await beatrix.detect(observed);
    expect(targets).toEqual([]);
    expect(positions(flagged)).toEqual([]);
  });

  it('does not depend on the scale of the features', async () => {
    const { truth: _, ...observed } = planted(100);
    const scaled = (s: typeof observed.trusted) => ({
      ...s,
      features: { ...s.features, data: s.features.data.map((v) => 1024 * v) },
    });
    const [a, b] = [
      await beatrix.detect(observed),
      await beatrix.detect({ ...observed, ...scaled(observed), trusted: scaled(observed.trusted) }),
    ];
    expect(difference(b.scores!, a.scores!)).toBeLessThan(1e-9);
    expect(b.flagged).toEqual(a.flagged);
  });

  it('says which class has too few trusted samples', async () => {
    const { truth: _, ...observed } = planted(0);
    const trusted = madeSamples(CLASSES, 4, () => new Array(4).fill(1));
    await expect(beatrix.detect({ ...observed, trusted })).rejects.toThrow(
      new UserError('Beatrix: class 0 has 4 trusted samples, at least 5 are needed'),
    );
  });

  it('agrees with NumPy: two matrices hold what the eight orders do, and the kernel test gives the same anomaly indices', async () => {
    const { x, labels, trusted, trustedLabels, scores, classScores } = golden.beatrix;
    const observed = { ...samplesOf(x, labels), trusted: samplesOf(trusted, trustedLabels), classes: 4 };
    const found = await beatrix.detect(observed);
    expect(difference(found.scores!, scores)).toBeLessThan(1e-6);
    expect(difference(found.classScores!, classScores)).toBeLessThan(1e-6);
  });
});
