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
    [['a', '--figure', 'plane', '--out', 't.png'], 't.png', /^\x89PNG/],
  ])('%j', async (args, file, begins) => {
    const { code, stderr, stdout } = await box.call(['export', ...args]);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(file);
    expect(readFileSync(at(file), 'latin1')).toMatch(begins);
  });

  it('takes a folder of runs, and that of a study, as its runs', async () => {
    for (const seed of [0, 2, 10]) await writeRun(at('study', 'runs', `seed-${seed}`), { attack: 'sig', seed });
    await writeRun(at('several', 'blend'), { attack: 'blend' });
    await writeRun(at('several', 'sig'), { attack: 'sig' });
    const args = ['export', 'study', 'several/', 'a', '--table', 'scores', '--out', 'all.json'];
    const { code, stderr } = await box.call(args);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(readFileSync(at('all.json'), 'utf8')).map((r: { run: string }) => r.run)).toEqual([
      'study/runs/seed-0',
      'study/runs/seed-2',
      'study/runs/seed-10',
      'several/blend',
      'several/sig',
      'a',
    ]);
    // A folder with one run is that run; with several, a figure says which there are.
    await writeRun(at('single', 'only'), { attack: 'sig' });
    expect((await box.call(['export', 'single', '--figure', 'ixt', '--out', 'only.svg'])).code).toBe(0);
    const refused = await box.call(['export', 'several', '--figure', 'ixt', '--out', 'x.svg']);
    expect(refused.stderr.trim()).toBe(
      'ibscope: export: svg needs exactly one run; there are 2: several/blend, several/sig',
    );
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
    [['a', 'b', '--out', 'x.xlsx'], /^ibscope: unknown ending of --out "\.xlsx": one of \.onnx, .*\.svg, \.png, \.tex/],
    // One run: it was written as a model under that name.
    [['a', '--out', 'x.gif'], /^ibscope: unknown ending of --out "\.gif": one of \.onnx, /],
    [
      ['a', '--figure', 'plane', '--out', 'x.pdf'],
      'unknown ending of --out ".pdf": one of .onnx, .safetensors, .csv, .json, .parquet, .svg, .png, .tex. Write .svg and convert it: rsvg-convert -f pdf FILE.svg -o FILE.pdf',
    ],
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
    [['a', 'b', '--out', 'x.svg', '--figure', 'plane'], 'export: svg needs exactly one run; there are 2: a, b'],
    [['a', '--out', 'x.csv', '--figure', 'plane'], '--figure plane: csv has no such option; svg, png have'],
    [['a', '--out', 'x', '--format', 'parket'], /^ibscope: unknown format "parket": .* Did you mean "parquet"\?$/],
    [['a', 'c', '--out', 'x.csv'], 'c: no run there (it has no run.json, and neither has a folder in it)'],
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
    expect(['x', 'x.csv', 'x.cvs', 'x.svg', 'x.gif', 'x.pdf', 'x.xlsx'].some((f) => existsSync(at(f)))).toBe(false);
  });
});
