/** `ibscope export` of numbers and figures: files by their endings, and mistakes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeRun } from '../server/helpers.js';
import { sandbox } from './helpers.js';

describe('export', () => {
  const box = sandbox();
  const at = (...parts: string[]) => join(box.folder, ...parts);
  beforeAll(async () => {
    await writeRun(at('a'), { attack: 'blend' });
    await writeRun(at('b'), { attack: 'sig', seed: 2 });
  });

  it.each([
    [['a', 'b', '--out', 't.csv'], 't.csv', /^run,epoch,layer,group/],
    [['a', 'b', '--table', 'scores', '--out', 't.json'], 't.json', /^\[\n {\n {2}"run": "a"/],
    [['a', '--out', 't.parquet'], 't.parquet', /^PAR1/],
    [['a', 'b', '--out', 't.tex'], 't.tex', /\\begin\{table\}/],
    [['a', '--figure', 'plane', '--width', '400', '--out', 't.svg'], 't.svg', /^<svg [^>]*width="400"/],
  ])('%j', async (args, file, begins) => {
    const { code, stderr, stdout } = await box.call(['export', ...args]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(file);
    expect(readFileSync(at(file), 'latin1')).toMatch(begins);
  });

  it('writes a folder of events per run', async () => {
    const { code, stderr } = await box.call(['export', 'a', 'b', '--format', 'tensorboard', '--out', 'events']);
    expect(code, stderr).toBe(0);
    expect(readdirSync(at('events')).sort()).toEqual(['a', 'b']);
    expect(readdirSync(at('events', 'a'))[0]).toMatch(/^events\.out\.tfevents\.\d+\./);
  });

  it('loses no run where folders have one name, and takes . and a slash at the end', async () => {
    for (const path of ['other/a', 'other/a-2']) await writeRun(at(path), { attack: 'blend' });
    const runs = ['a', 'other/a', 'other/a-2', 'b/.'];
    const { code, stderr } = await box.call(['export', ...runs, '--format', 'tensorboard', '--out', 'slash/']);
    expect(code, stderr).toBe(0);
    const folders = readdirSync(at('slash')).sort();
    expect(folders).toEqual(['a', 'a-2', 'a-2-2', 'b']);
    for (const f of folders) expect(readdirSync(at('slash', f))).toHaveLength(1);
    expect(readdirSync(box.folder).filter((f) => f.includes('.part'))).toEqual([]);
  });

  it.each([
    [['a', '--out', 'x.cvs'], /^ibscope: unknown ending of --out "\.cvs": .* Did you mean "\.csv"\?$/],
    [['a', 'b', '--out', 'x.xlsx'], /^ibscope: unknown ending of --out "\.xlsx": one of \.tex, \.onnx, /],
    [
      ['a', '--out', 'x.csv', '--table', 'score'],
      'unknown table "score": one of trajectories, scores, phases, epochs. Did you mean "scores"?',
    ],
    [['a', '--out', 'x.svg'], /^ibscope: --figure is needed: one of plane, ixt, /],
    [['a', '--out', 'x.svg', '--figure', 'plain'], /^ibscope: unknown figure "plain": .* Did you mean "plane"\?$/],
    [
      ['a', '--out', 'x.svg', '--figure', 'plane', '--width', '9'],
      '--width 9: whole numbers from 200 to 4000 are allowed',
    ],
    [['a', 'b', '--out', 'x.svg', '--figure', 'plane'], 'export: svg needs exactly one run; 2 are given'],
    [['a', '--out', 'x.csv', '--figure', 'plane'], '--figure plane: csv has no such option; svg has'],
    [['a', '--out', 'x', '--format', 'parket'], /^ibscope: unknown format "parket": .* Did you mean "parquet"\?$/],
    [['a', 'c', '--out', 'x.csv'], 'c: no run there (it has no run.json)'],
    [['a', '--out', 'b'], /--epoch|--out b: it is a folder; name a file/],
    [['a', '--format', 'tensorboard', '--out', 'b'], '--out b: it exists already; choose another folder'],
    [
      ['a', '--out', 'a/run.json/x.csv'],
      /--out a\/run\.json\/x\.csv: no file can be written there \((ENOTDIR|EEXIST)\)/,
    ],
  ])('refuses %j in one line, and writes nothing', async (args, line) => {
    const { code, stdout, stderr } = await box.call(['export', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    const last = stderr.trim().split('\n').at(-1)!;
    if (typeof line === 'string') expect(last).toBe(`ibscope: ${line}`);
    else expect(last).toMatch(line);
    expect(['x', 'x.csv', 'x.cvs', 'x.svg', 'x.xlsx'].some((f) => existsSync(at(f)))).toBe(false);
  });
});
