/** SPECTRE on planted outliers, and against its definition in NumPy. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { spectre } from '../../src/detectors/spectre.js';
import { auroc } from '../../src/dynamics/rank.js';
import { principalComponents, rowsOf } from '../../src/information/columns.js';
import { samples } from './planted.js';

const CLASSES = 10;
const EACH = 400;
const TARGET = 3;
/** Standard deviation of each feature. That of the poisoned samples' direction, the last but one, is small. */
const SPREAD = [20, 10, 5, 3, 2, 1, 1, 1, 0.5, 0.5];

/** Gaussian classes; `share` of the target class is shifted by six standard deviations along the last feature but one. */
function planted(share: number) {
  const rng = new Rng(11, 'spectre');
  const poisoned = (label: number, place: number) => label === TARGET && place < share * EACH;
  const { set, features } = samples(CLASSES, EACH, (label, place) =>
    SPREAD.map((s, j) => s * (rng.normal() + (j === label ? 3 : 0) + (j === 8 && poisoned(label, place) ? 6 : 0))),
  );
  return { set, features, truth: Array.from(set.labels, (y, i) => poisoned(y, Math.floor(i / CLASSES))) };
}

describe('SPECTRE', () => {
  it('finds poisoned samples along a direction of small variance, where the first singular vector sees nothing', async () => {
    const { set, features, truth } = planted(0.05);
    const epsilon = 0.005;
    const { scores, flagged, classScores, targets } = await spectre.detect({ set, classes: CLASSES, features, epsilon });
    console.log(classScores, auroc(scores!, truth)!.auroc, truth.filter((t, i) => t && flagged![i]).length);
    expect(targets).toEqual([TARGET]);
    expect(auroc(scores!, truth)!.auroc).toBeGreaterThan(0.99);
    const own = [...truth.keys()].filter((i) => set.labels[i] === TARGET);
    const inClass = (values: ArrayLike<number>) => auroc(values, own.map((i) => truth[i]))!.auroc;
    const { data } = await principalComponents(rowsOf(features, own), 1, 0);
    expect(inClass(data.map((v) => v * v))).toBeLessThan(0.6);
  });
});
