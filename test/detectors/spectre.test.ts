/** SPECTRE on planted outliers, and against NumPy. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { spectre } from '../../src/detectors/spectre.js';
import { auroc } from '../../src/dynamics/rank.js';
import { principalComponents, rowsOf } from '../../src/information/columns.js';
import { difference, golden, madeSamples, plantedIn, positions, samplesOf } from './planted.js';

const CLASSES = 10;
const EACH = 400;
const TARGET = 3;
/** Standard deviation of each feature. The poisoned samples lie along one in which it is small. */
const SPREAD = [20, 10, 5, 3, 2, 1, 1, 1, 0.5, 0.5];
const ALONG = 8;

/** Gaussian classes, of which `poisoned` samples of the target class are shifted by six standard deviations. */
function planted(poisoned: number) {
  const rng = new Rng(11, 'spectre');
  const made = madeSamples(CLASSES, EACH, (label, place) => {
    const shift = label === TARGET && place < poisoned ? 6 : 0;
    return SPREAD.map((s, j) => s * (rng.normal() + (j === label ? 3 : 0) + (j === ALONG ? shift : 0)));
  });
  return { ...made, classes: CLASSES, truth: plantedIn(made, CLASSES, TARGET, poisoned) };
}

describe('SPECTRE', () => {
  it('finds poisoned samples along a direction of small variance, of which the first singular vector shows nothing', async () => {
    const { truth, ...observed } = planted(20);
    const found = await spectre.detect({ ...observed, epsilon: 20 / (CLASSES * EACH) });
    expect(found.targets).toEqual([TARGET]);
    expect(auroc(found.scores!, truth)!.auroc).toBeGreaterThan(0.999);
    const flagged = positions(found.flagged);
    expect(flagged).toHaveLength(30);
    expect(flagged.filter((i) => truth[i])).toHaveLength(20);
    expect(flagged.every((i) => observed.set.labels[i] === TARGET)).toBe(true);

    const own = [...truth.keys()].filter((i) => observed.set.labels[i] === TARGET);
    const { data } = await principalComponents(rowsOf(observed.features, own), 1, 0);
    const signature = auroc(
      data.map((v) => v * v),
      own.map((i) => truth[i]),
    );
    expect(signature!.auroc).toBeLessThan(0.65);
  });

  it('finds them at a tenth of the class, where its mean QUE score is more than twice that of any other', async () => {
    const { truth, ...observed } = planted(40);
    const found = await spectre.detect({ ...observed, epsilon: 40 / (CLASSES * EACH) });
    expect(found.targets).toEqual([TARGET]);
    expect(positions(found.flagged).filter((i) => truth[i])).toHaveLength(40);
    const [first, second] = [...found.classScores!].sort((a, b) => b - a);
    expect(first).toBeGreaterThan(2 * second);
  });

  it('flags 1.5·ε·n samples of one class of a clean set, and none where ε is 0', async () => {
    const { truth, ...observed } = planted(0);
    expect(truth).not.toContain(true);
    const found = await spectre.detect({ ...observed, epsilon: 0.01 });
    const flagged = positions(found.flagged);
    expect(flagged).toHaveLength(60);
    expect(new Set(flagged.map((i) => observed.set.labels[i])).size).toBe(1);

    const none = await spectre.detect({ ...observed, epsilon: 0 });
    expect(none.targets).toEqual([]);
    expect(positions(none.flagged)).toEqual([]);
  });

  it('flags at most half of a class, however large ε is', async () => {
    const rng = new Rng(4, 'half');
    const made = madeSamples(2, 60, () => [rng.normal(), rng.normal(), rng.normal()]);
    const { flagged } = await spectre.detect({ ...made, classes: 2, epsilon: 0.9 });
    expect(positions(flagged)).toHaveLength(30);
  });

  it('scores by the Mahalanobis distance where nothing is poisoned: no direction has a variance above 1', async () => {
    // On a line, whitened values are z scores: of −2 … 2 with variance 2.
    const values = Array.from({ length: 15 }, (_, i) => (i % 5) - 2);
    const { set, features } = samplesOf(
      values.map((v) => [v, 0]),
      values.map(() => 0),
    );
    const { scores } = await spectre.detect({ set, features, classes: 1, epsilon: 0 });
    values.forEach((v, i) => {
      expect(scores![i]).toBeCloseTo(v ** 2 / 2, 6);
    });
  });

  it('agrees with NumPy: scores, the mean QUE scores of classes, and which samples are flagged', async () => {
    const { x, labels, epsilon, scores, classScores, flagged, targets } = golden.spectre;
    const found = await spectre.detect({ ...samplesOf(x, labels), classes: 2, epsilon });
    expect(difference(found.scores!, scores)).toBeLessThan(1e-6);
    expect(difference(found.classScores!, classScores)).toBeLessThan(1e-6);
    expect(positions(found.flagged)).toEqual(flagged);
    expect(found.targets).toEqual(targets);
  });
});
