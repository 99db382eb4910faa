/** What the list calls the runs of a study. */
import { describe, expect, it } from 'vitest';
import { runName } from '../../src/config/names.js';
import type { RunRequest } from '../../src/config/options.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { namesOfRuns, settingsOf } from '../../src/server/run-names.js';

/** The names of these runs, in their order, in the folder where a study puts them. */
function named(folder: string, requests: readonly RunRequest[]): (string | undefined)[] {
  const configs = requests.map((r) => resolveConfig(r));
  const runs = configs.map((c) => ({ id: `${folder}runs/${runName(c)}`, settings: settingsOf(c) }));
  const names = namesOfRuns(runs);
  return runs.map(({ id }) => names.get(id));
}

describe('the name of a run', () => {
  it('of a sweep is what the sweep varies: parameters of the attack, then options, then the seed', () => {
    const trial = (alpha: number, poisonRate: number, seed = 0) => ({
      attack: 'blend',
      attackOption: [`alpha=${alpha}`],
      poisonRate,
      seed,
    });
    expect(named('mine/', [trial(0.1, 0.01), trial(0.1, 0.05), trial(0.2, 0.01)])).toEqual([
      'mine/alpha=0.1 · rate=0.01',
      'mine/alpha=0.1 · rate=0.05',
      'mine/alpha=0.2 · rate=0.01',
    ]);
    expect(named('', [trial(0.1, 0.01, 0), trial(0.2, 0.01, 1)])).toEqual(['alpha=0.1 · seed=0', 'alpha=0.2 · seed=1']);
  });

  it('of several attacks begins with the attack, and has no setting that is equal in all of its runs', () => {
    expect(
      named('s/', [
        { attack: 'blend', poisonRate: 0.1, attackOption: ['alpha=0.3'] },
        { attack: 'badnets', poisonRate: 0.1 },
        { attack: 'badnets', poisonRate: 0.2 },
        { attack: 'none' },
      ]),
    ).toEqual(['s/blend', 's/badnets · rate=0.1', 's/badnets · rate=0.2', 's/none']);
  });

  it('does not compare the runs of two studies, and is left to the folder that a person named', () => {
    const settings = settingsOf(resolveConfig({ attack: 'blend', seed: 1 }));
    const other = { ...settings, seed: '2' };
    const opaque = 'shapes10-resnet18-blend-0.1-s1-0123abcd';
    expect(
      namesOfRuns([
        { id: `a/runs/${opaque}`, settings },
        { id: `b/runs/${opaque}`, settings: other },
        { id: 'c/runs/seed-1', settings },
        { id: 'c/runs/seed-2', settings: other },
      ]).size,
    ).toBe(0);
  });
});
