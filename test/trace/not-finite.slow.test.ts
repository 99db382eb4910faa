/** A training that diverged at one checkpoint: the others are analysed, and the report says which has no estimates and why. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ndarray } from '../../src/formats/npy.js';
import { encodeNpz } from '../../src/formats/npz.js';
import { analyze } from '../../src/trace/analyze.js';
import { N, probe, writeTrace } from '../cli/traces.js';

let box: string;
beforeEach(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-nan-'));
  writeTrace(box);
});
afterEach(() => rm(box, { recursive: true }));

/** Replaces the probe of an epoch by one with such a number in T. */
async function diverge(epoch: number, value = Number.NaN) {
  const { free, t, logits } = probe(epoch);
  t[5] = value;
  await writeFile(
    join(box, 'probes', `epoch-000${epoch}.npz`),
    encodeNpz({
      t: ndarray(t, [2, N, 2]),
      t_noise_free: ndarray(free, [N, 2]),
      logits: ndarray(logits, [2, N, 4]),
    }),
  );
}

it.each([
  [1, Number.NaN],
  [2, Number.POSITIVE_INFINITY],
])('epoch %i of two holds %d', async (bad, value) => {
  await diverge(bad, value);
  const lines: string[] = [];
  const result = await analyze({ path: box, options: {}, follow: false }, { line: (l) => lines.push(l) });
  const reason = `probes/epoch-000${bad}: "t" holds ${value} at position 5`;
  expect(lines).toContainEqual(expect.stringContaining(`epoch ${bad}: not estimated; `));
  const rows = (await readFile(join(box, 'information.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((l) => JSON.parse(l));
  expect([...new Set(rows.map((r) => r.epoch))]).toEqual([3 - bad]);
  expect(await readFile(result.report, 'utf8')).toContain(
    `Epoch ${bad} has no estimates: ${reason.replaceAll('"', '&quot;')}.`,
  );
});

it('all epochs: one line, nothing written', async () => {
  await diverge(1);
  await diverge(2);
  await expect(analyze({ path: box, options: {}, follow: false }, {})).rejects.toThrow(
    /epoch-0001: "t" holds NaN at position 5$/,
  );
  await expect(readFile(join(box, 'analysis.json'))).rejects.toThrow('ENOENT');
});
