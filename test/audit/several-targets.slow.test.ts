/** Two targets, each with a patch of its own: each widens the spread that the other is compared with. */
import { expect, it } from 'vitest';
import { severalTargets } from '../../bench/audit-sets.js';
import { audit } from '../../src/audit/index.js';
import { loadDataset } from '../../src/datasets/index.js';

it('two targets of BadNets at 5 % each are both flagged, no other class is, and nearly all poisoned samples are named', async () => {
  const { train, classes } = await loadDataset('shapes10', { trainLimit: 2000, testLimit: 10, seed: 0 });
  const { images, labels, n, height, width, channels, poisoned } = severalTargets(train, 2, 0.05, 0);
  const set = { images, labels, n, height, width, channels };
  const found = await audit({ set, classes }, { effort: 'normal', seed: 0 });
  expect([...found.classes.keys()].filter((c) => found.classes[c].suspicious)).toEqual([0, 1]);
  const hit = found.suspicious.filter((i) => poisoned[i]).length;
  expect(hit / found.suspicious.length).toBeGreaterThan(0.95);
  expect(hit / poisoned.reduce((a, b) => a + b, 0)).toBeGreaterThan(0.9);
}, 600_000);
