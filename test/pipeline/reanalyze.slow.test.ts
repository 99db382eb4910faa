/** A run analysed again from its stored probes: the other instrument's rows are those it would have had from the start. */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EstimateRow } from '../../src/dynamics/index.js';
import { run } from '../../src/pipeline/run.js';
import { analyze } from '../../src/trace/analyze.js';
import { smallConfig } from './small-run.js';

const configOf = (instrument: string[]) => smallConfig(['3s', 2], instrument);

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ibscope-again-'));
});
afterAll(() => rm(root, { recursive: true }));

const rowsOf = async (path: string) =>
  (await readFile(join(path, 'information.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((l): EstimateRow => JSON.parse(l));
const key = (r: EstimateRow) => [r.epoch, r.estimator, r.quantity, r.group].join(' ');
const sorted = (rows: EstimateRow[]) => [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
const plain = { path: '', options: {}, follow: false };

describe('analyze of an own run', () => {
  it('adds critics to resolved information, equal to those of a run that had both, and back', async () => {
    const [alone, both] = [join(root, 'alone'), join(root, 'both')];
    await run(configOf(['resolved']), alone, false);
    await run(configOf(['critics', 'resolved']), both, false);
    const first = await rowsOf(alone);
    const result = await analyze({ ...plain, path: alone, options: { instrument: ['critics'] } }, {});
    expect(result.stealth.instrument).toBe('critics');
    expect(sorted(await rowsOf(alone))).toEqual(sorted(await rowsOf(both)));
    expect(result.readings!.map((r) => [r.instrument, r.noise, r.axis])).toEqual([
      ['critics', null, 'epochs'],
      ['critics', null, 'ln step'],
      ['resolved', 'own', 'epochs'],
      ['resolved', 'own', 'ln step'],
      ['resolved', 'common', 'epochs'],
      ['resolved', 'common', 'ln step'],
    ]);
    // The first instrument is the headline's; nothing is measured twice.
    const back = await analyze({ ...plain, path: alone, options: { instrument: ['resolved'] } }, {});
    expect(back.stealth.instrument).toBe('resolved');
    expect(back.readings!.find((r) => r.instrument === 'critics')).toEqual(result.readings![0]);
    expect((await rowsOf(alone)).length).toBe((await rowsOf(both)).length);
    const resolved = (rows: EstimateRow[]) => rows.filter((r) => r.estimator === 'resolved');
    expect(sorted(resolved(await rowsOf(alone)))).toEqual(sorted(resolved(first)));
  });

  it('scores with another β, and refuses what would need other groups, and probes that are gone', async () => {
    const path = join(root, 'alone');
    const one = await analyze({ ...plain, path, options: { beta: 0 } }, {});
    const parts = one.stealth.parts as Record<string, { integrationGap: number; footprintGap: number }>;
    const { integrationGap, footprintGap } = parts['I(X;T)'];
    expect(one.stealth.distance).toBeCloseTo((integrationGap + footprintGap) / 2, 12);
    await expect(analyze({ ...plain, path, options: { probeSize: 50 } }, {})).rejects.toThrow(
      '--probe-size: this is a run of ibscope, whose groups are chosen; --instrument, --beta, --window, --score are allowed',
    );
    await expect(analyze({ ...plain, path, follow: true }, {})).rejects.toThrow('--follow');
    const bare = join(root, 'bare');
    await run(configOf(['resolved']), bare, false);
    const copy = join(root, 'copy');
    await cp(bare, copy, { recursive: true });
    await rm(join(copy, 'probes'), { recursive: true });
    await expect(analyze({ ...plain, path: copy, options: { instrument: ['critics'] } }, {})).rejects.toThrow(
      'the probes of 2 checkpoints were deleted; a study keeps them with --keep-probes',
    );
  });
});
