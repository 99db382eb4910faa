/** Label noise: mislabelled images look like images of other classes, as poisoned ones do, but networks do not learn them. */
import { expect, it } from 'vitest';
import { cleanSet } from '../../bench/audit-sets.js';
import { audit } from '../../src/audit/index.js';
import { loadDataset } from '../../src/datasets/index.js';

it('a clean set with every tenth label wrong has classes noted as mislabelled, and none flagged', async () => {
  const { train, classes } = await loadDataset('shapes10', { trainLimit: 3000, testLimit: 10, seed: 15 });
  const set = cleanSet(train, 'label noise 10 %', 15);
  const found = await audit({ set, classes }, { effort: 'normal', seed: 15 });
  expect(found.classes.filter((c) => c.suspicious)).toEqual([]);
  expect(found.suspicious).toEqual([]);
  expect(found.classes.filter((c) => c.note === 'mislabelled').length).toBeGreaterThanOrEqual(5);
}, 600_000);
