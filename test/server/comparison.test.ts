/** What `/api/comparison` says is what `compare` and `compare --seeds` say of the same scores. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairsLede } from '../../src/findings/pair-words.js';
import { pairsOf } from '../../src/findings/pairs.js';
import { settings } from '../../src/findings/settings.js';
import { comparisonSentences } from '../../src/report/index.js';
import { comparisonOf } from '../../src/server/comparison.js';
import { RunViews } from '../../src/server/run-views.js';
import { remove, scratch, writeRun } from './helpers.js';

const MADE = [
  ['blend', 0, -0.4],
  ['blend', 1, -0.5],
  ['wanet', 0, -0.2],
  ['wanet', 1, -0.3],
] as const;

describe('a comparison of runs', () => {
  let root: string;
  let read: Awaited<ReturnType<RunViews['read']>>[];
  beforeAll(async () => {
    root = await scratch();
    for (const [attack, seed, offset] of MADE)
      await writeRun(join(root, `${attack}-${seed}`), { attack, seed, offset });
    const views = new RunViews(root);
    read = await Promise.all(
      MADE.map(([attack, seed]) => views.read(join(root, `${attack}-${seed}`), `${attack}-${seed}`)),
    );
  });
  afterAll(() => remove(root));
  const all = (finished: boolean) => MADE.map(() => finished);

  it('over seeds has the sentence of the pair, and a table of pairs and of ranks', () => {
    const { verdict, blocks } = comparisonOf(read, all(true));
    const [{ attacks }] = settings(
      read.map((r) => ({ config: r.config, report: r, result: { asr: r.epochs.at(-1)!.asr } })),
    );
    expect(verdict).toEqual(pairsLede(attacks, pairsOf(attacks)));
    expect(verdict[0]).toMatch(/wanet .*blend.* 2 seeds, p = /);
    const tables = blocks.flatMap((b) => (b.kind === 'table' ? [b.rows.map((r) => r[0])] : []));
    expect(tables).toEqual([['wanet − blend'], ['wanet', 'blend']]);
  });

  it('of one seed has the sentences of `compare`', () => {
    const some = [read[0], read[2]];
    const { verdict, blocks } = comparisonOf(some, [true, true]);
    expect(verdict).toEqual(comparisonSentences(some));
    expect(blocks).toEqual([]);
  });

  it('leaves out runs that still train', () => {
    const { verdict } = comparisonOf(read, [true, false, true, true]);
    // One common seed is left.
    expect(verdict[0]).toMatch(/^One seed does not show whether wanet is stealthier than blend/);
    expect(comparisonOf(read, all(false)).verdict).toEqual(['None of these runs has a stealth score.']);
  });

  it('warns where the runs are magnified differently', () => {
    const magnified = { ...read[0], information: read[0].information.map((r) => ({ ...r, kappa: 5 })) };
    const { warnings } = comparisonOf([magnified, read[2]], [true, true]);
    expect(warnings.join()).toMatch(/not on equal footing: their .*magnifications κ/);
  });
});
