/** Evidence from recordings whose answer is known: normal classes, one of which holds a second cluster. */
import { describe, expect, test } from 'vitest';
import { evidenceOf } from '../../src/defence/evidence.js';
import { decisionsOf, secondLength } from '../../src/defence/methods/watch.js';
import { CLASSES, EACH, recorded } from './recorded.js';

describe('evidence', () => {
  test('a class with a second cluster is the only one that stands below the level, and its log-odds tell the cluster', async () => {
    const { labels, moved, checkpoints } = recorded(8);
    const { p, clustered, logOdds } = await evidenceOf(checkpoints, labels, CLASSES, 0);
    expect(p.filter((v) => v <= 0.01 / 3)).toEqual([p[2]]);
    expect(clustered[2]).toBeLessThan(1e-3);
    const own = [...labels.keys()].filter((i) => labels[i] === 2);
    const sign = Math.sign(logOdds[own[0]]);
    expect(own.filter((i) => logOdds[i] * sign > 0)).toEqual(own.filter(moved));
  });

  test('of classes of one kind none does', async () => {
    const { labels, checkpoints } = recorded(0);
    const { p, values } = await evidenceOf(checkpoints, labels, CLASSES, 0);
    expect(Math.min(...p)).toBeGreaterThan(0.01);
    // Classes of one covariance carry the same information.
    const information = values.information;
    expect(Math.max(...information) - Math.min(...information)).toBeLessThan(0.25 * Math.log(EACH));
    expect(Math.min(...information)).toBeGreaterThan(0.1 * Math.log(EACH));
  });

  test('the same recordings give the same evidence', async () => {
    const { labels, checkpoints } = recorded(8);
    const [a, b] = [
      await evidenceOf(checkpoints, labels, CLASSES, 1),
      await evidenceOf(checkpoints, labels, CLASSES, 1),
    ];
    expect(a).toEqual(b);
  });
});

test('it is read after a sixth, a third and the whole of a training, each once', () => {
  expect(decisionsOf(12)).toEqual([2, 4, 12]);
  expect(decisionsOf(2)).toEqual([1, 2]);
  expect(decisionsOf(1)).toEqual([1]);
});

test('a second training has the length of the first, less what a late decision took', () => {
  expect([2, 3, 4].map((spent) => secondLength(12, spent))).toEqual([12, 12, 11]);
  expect(secondLength(1, 1)).toBe(1);
});
