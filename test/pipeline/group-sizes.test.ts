/** Group sizes of many runs on one data set, each set of poisoned samples counted once. */
import { expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.js';
import { runGroups } from '../../src/pipeline/group-sizes.js';

const config = (more: object) =>
  resolveConfig({
    dataset: 'shapes10',
    trainLimit: 1500,
    testLimit: 20,
    model: 'resnet10',
    epochs: 1,
    probeSize: 1000,
    ...more,
  });

it('of runs together are those of each run alone', async () => {
  const configs = [
    config({ attack: 'none', poisonRate: 0.2 }),
    config({ attack: 'blend', poisonRate: 0.2, attackOption: ['alpha=0.1'] }),
    config({ attack: 'blend', poisonRate: 0.20001, attackOption: ['alpha=0.4'] }),
    config({ attack: 'blend', poisonRate: 0.05 }),
    config({ attack: 'blend', poisonRate: 0.2, target: 3 }),
    config({ attack: 'blend', poisonRate: 0.2, rule: 'clean-label' }),
    config({ attack: 'blend', poisonRate: 0.2, rule: 'source-specific', source: [1, 2] }),
    config({ attack: 'adaptive-blend', poisonRate: 0.3 }),
    config({ attack: 'blend', poisonRate: 0.2, nullSplits: 0 }),
  ];
  const alone = [];
  for (const each of configs) alone.push(...(await runGroups([each])));
  expect(await runGroups(configs)).toEqual(alone);
  expect(new Set(alone.map((g) => g.size)).size).toBeGreaterThan(2);
});
