/** SCAn on classes of one and of two groups, and against NumPy. */
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { Rng } from '../../src/base/random.js';
import { scan } from '../../src/detectors/scan.js';
import { auroc } from '../../src/dynamics/rank.js';
import { difference, golden, madeSamples, plantedIn, positions, samplesOf } from './planted.js';

const CLASSES = 10;
const EACH = 200;
const TARGET = 3;
const FEATURES = 16;

/** Gaussian classes around centres of their own; the first `poisoned` samples of the target class are shifted by `shift` deviations. */
function planted(poisoned: number, shift: number, trustedEach = 30) {
  const rng = new Rng(5, 'scan');
  const spread = Array.from({ length: FEATURES }, () => rng.uniform(0.3, 3));
  const features = (label: number, shifted: boolean) =>
    spread.map((s, j) => s * (rng.normal() + (j === label ? 8 : 0) + (shifted && j === 12 ? shift : 0)));
  const made = madeSamples(CLASSES, EACH, (label, place) => features(label, label === TARGET && place < poisoned));
  const trusted = madeSamples(CLASSES, trustedEach, (label) => features(label, false));
  return { ...made, trusted, classes: CLASSES, seed: 1, truth: plantedIn(made, CLASSES, TARGET, poisoned) };
}

describe('SCAn', () => {
  it('finds the one class of two groups among ten, and its poisoned samples', async () => {
    const { truth, ...observed } = planted(10, 6);
    const { classScores, targets, scores, flagged } = await scan.detect(observed);
    expect(targets).toEqual([TARGET]);
    expect(classScores![TARGET]).toBeGreaterThan(Math.E ** 2);
    for (const k of [0, 1, 2, 4, 5, 6, 7, 8, 9]) expect(classScores![k]).toBeLessThan(Math.E ** 2);
    expect(positions(flagged)).toEqual(truth.flatMap((t, i) => (t ? [i] : [])));
    expect(auroc(scores!, truth)!.auroc).toBeGreaterThan(0.999);
  });

  it('flags the group without trusted samples also where it is the larger one', async () => {
    const { truth, ...observed } = planted(130, 8);
    const { targets, flagged } = await scan.detect(observed);
    expect(targets).toEqual([TARGET]);
    expect(positions(flagged)).toEqual(truth.flatMap((t, i) => (t ? [i] : [])));
  });

  it('flags nothing in a clean set', async () => {
    const { truth, ...observed } = planted(0, 0);
    expect(truth).not.toContain(true);
    // The last two classes have no samples.
    const { targets, flagged, classScores } = await scan.detect({ ...observed, classes: CLASSES + 2 });
    expect([...classScores!.slice(CLASSES)]).toEqual([0, 0]);
    expect(targets).toEqual([]);
    expect(positions(flagged)).toEqual([]);
    expect(Math.max(...classScores!)).toBeLessThan(Math.E ** 2);
  });

  it('finds a clear split also where the 20 trusted samples vary in 10 of 16 dimensions only', async () => {
    const { truth, ...observed } = planted(40, 40, 2);
    const { targets, flagged } = await scan.detect(observed);
    expect(targets).toEqual([TARGET]);
    expect(positions(flagged)).toEqual(truth.flatMap((t, i) => (t ? [i] : [])));
  });

  it('says how many trusted samples it needs', async () => {
    const { truth: _, ...observed } = planted(0, 0);
    const trusted = madeSamples(CLASSES, 1, () => new Array(FEATURES).fill(0));
    await expect(scan.detect({ ...observed, trusted })).rejects.toThrow(
      new UserError('SCAn: 10 trusted samples of 10 classes, at least two of each are needed'),
    );
  });

  it('agrees with NumPy: log-likelihood ratios of samples and J* of classes', async () => {
    const { x, labels, trusted, trustedLabels, scores, classScores } = golden.scan;
    const observed = { ...samplesOf(x, labels), trusted: samplesOf(trusted, trustedLabels), classes: 6, seed: 0 };
    const found = await scan.detect(observed);
    expect(difference(found.scores!, scores)).toBeLessThan(1e-6);
    expect(difference(found.classScores!, classScores)).toBeLessThan(1e-6);
    expect(found.targets).toEqual([2]);
    expect(classScores[2]).toBeGreaterThan(Math.E ** 2);
  });
});
