/** `ibscope detect` and `ibscope stealth` as scripts use them, on a run and on a data set. */
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { detect, stealth } from '../../src/index.js';
import type { DetectorsDocument } from '../../src/runs/documents.js';
import { sandbox } from './helpers.js';

const SMALL =
  '--model resnet10 --width 4 --epochs 4 --checkpoints 1,2,4 --train-limit 2000 --test-limit 400 --draws 2 --null-splits 1 --noise 0.1'.split(
    ' ',
  );

describe('a run with a backdoor', () => {
  const box = sandbox();
  const at = (...parts: string[]) => join(box.folder, ...parts);
  const json = (...parts: string[]) => JSON.parse(readFileSync(at(...parts), 'utf8'));

  beforeAll(async () => {
    for (const attack of ['badnets', 'none']) {
      const { code, stderr } = await box.run(['run', '--attack', attack, ...SMALL, '--out', attack]);
      expect(code, stderr).toBe(0);
    }
  });

  it('has its samples ranked by detectors of each kind, in JSON, a table of samples and the report', async () => {
    const { code, stdout, stderr } = await box.run([
      'detect',
      'badnets',
      '--detector',
      'ac,ABL,STRIP,ibd-psc',
      '--json',
    ]);
    expect(code, stderr).toBe(0);
    const found = JSON.parse(stdout) as DetectorsDocument;
    expect(found).toEqual(json('badnets', 'detectors.json'));
    expect(found).toMatchObject({ of: 'badnets', samples: 2000, poisoned: 200, target: 0, epsilon: 0.1, seed: 0 });
    expect(found.trusted).toEqual({ samples: 300, from: '30 test images of each class' });
    const rows = Object.fromEntries(found.detectors.map((row) => [row.name, row]));
    expect(Object.keys(rows)).toEqual(['AC', 'ABL', 'STRIP', 'IBD-PSC']);
    expect(rows.AC).toMatchObject({ threatModel: 'A', judged: 'training set', skipped: null, n: 2000 });
    expect(rows.STRIP).toMatchObject({ threatModel: 'C', judged: 'inputs' });
    // One in a hundred of 2000.
    expect(rows.ABL.flagged).toBe(20);
    // A backdoor of one colour is learned first.
    expect(rows.ABL.auroc).toBeGreaterThan(0.8);
    const [head, ...lines] = readFileSync(at('badnets', 'detectors', 'ABL.csv'), 'utf8')
      .trim()
      .split('\n');
    expect(head).toBe('sample,class,poisoned,cover,score,flagged');
    expect(lines).toHaveLength(2000);
    expect(lines.filter((l) => l.split(',')[2] === '1')).toHaveLength(200);
    expect(lines.filter((l) => l.split(',')[5] === '1')).toHaveLength(20);
    // Asked again by itself, a detector leaves the findings of the others; asked with another rate, it stands alone.
    const again = JSON.parse((await box.run(['detect', 'badnets', '--detector', 'ABL', '--json'])).stdout);
    expect(again.detectors.map((r: { name: string }) => r.name)).toEqual(['AC', 'ABL', 'STRIP', 'IBD-PSC']);
    expect(again.detectors[0]).toEqual(rows.AC);
    // The library asks in the same way.
    const called = await detect({ path: at('badnets'), detectors: ['abl'] });
    const apart = ({ of, detectors, ...rest }: DetectorsDocument) => ({
      ...rest,
      detectors: detectors.map(({ seconds, ...row }) => row),
    });
    expect(apart(called)).toEqual(apart(again));
    const other = await box.run(['detect', 'badnets', '--detector', 'ABL', '--expected-rate', '0.2', '--json']);
    expect(JSON.parse(other.stdout).detectors).toHaveLength(1);
    expect(readFileSync(at('badnets', 'report.html'), 'utf8')).toContain('Detectors');
  });

  it('has its stealth in three spaces recorded, and TUP against the clean run beside it', async () => {
    const spaces = json('badnets', 'spaces.json');
    expect(spaces.samples).toEqual({ poisoned: 200, benign: 180, test: expect.any(Number) });
    const { code, stdout, stderr } = await box.run(['stealth', 'badnets', '--json']);
    expect(code, stderr).toBe(0);
    const found = JSON.parse(stdout);
    expect(found.feature).toEqual(spaces.feature);
    expect(found.parameter).toMatchObject({
      uclc: spaces.parameter.uclc,
      tac: spaces.parameter.tac,
      clean: { run: 'none' },
    });
    expect(found.parameter.tup).toBeGreaterThan(0);
    expect(found.input.psnr.mean).toBeGreaterThan(10);
    expect(spaces.feature.silhouette).toBeGreaterThan(-1);
    expect(spaces.feature.silhouette).toBeLessThan(1);
    expect(spaces.parameter.tac).toBe(Math.max(...spaces.parameter.tacByChannel));
    const called = await stealth(at('badnets'));
    expect({ ...called, of: 'badnets' }).toEqual({
      ...found,
      parameter: { ...found.parameter, clean: { run: at('none') } },
    });
    // Measured again from the weights, it is the same.
    cpSync(at('badnets'), at('again'), { recursive: true });
    rmSync(at('again', 'spaces.json'));
    const again = JSON.parse((await box.run(['stealth', 'again', '--json'])).stdout);
    expect(again.parameter.tac).toBeCloseTo(found.parameter.tac, 4);
    expect(again.feature.dswd).toBeCloseTo(found.feature.dswd, 4);
    // Without poison there is nothing to measure but the weights.
    const clean = json('none', 'spaces.json');
    expect(clean.feature).toEqual({ silhouette: null, cdbi: null, dswd: null });
    expect(clean.parameter.uclc).toBeGreaterThan(0);
    expect(clean.parameter.tac).toBeNull();
  });

  it.each([
    ['an unknown detector', ['detect', 'badnets', '--detector', 'flair'], /unknown detector "flair".*FLARE/],
    ['a folder for findings about a run', ['detect', 'badnets', '--out', 'x'], /--out x: badnets is a run/],
    ['a rate of more than a half', ['detect', 'badnets', '--expected-rate', '0.6'], /--expected-rate 0\.6: .*0\.5/],
    ['an attacked run for a clean one', ['stealth', 'badnets', '--clean', 'badnets'], /attack is badnets; .*none/],
    ['a folder that is no run', ['stealth', 'nowhere'], /nowhere: no run there/],
  ])('%s is refused in one line', async (_, args, words) => {
    const { code, stdout, stderr } = await box.run(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(words);
  });
});

describe('a data set that nobody knows', () => {
  const box = sandbox();
  const at = (...parts: string[]) => join(box.folder, ...parts);

  it('gets a network of its own; what needs clean samples is left out, with the reason', async () => {
    const poison =
      'poison --attack badnets --poison-rate 0.1 --train-limit 400 --test-limit 100 --format folder --out set';
    expect((await box.run(poison.split(' '))).code).toBe(0);
    const { code, stdout, stderr } = await box.run([
      'detect',
      'set',
      '--detector',
      'ABL,IBD-PSC',
      '--out',
      'found',
      '--json',
    ]);
    expect(code, stderr).toBe(0);
    const { detectors, trusted, poisoned, epsilon } = JSON.parse(stdout) as DetectorsDocument;
    expect({ trusted, poisoned, epsilon }).toEqual({ trusted: null, poisoned: null, epsilon: 0.05 });
    expect(detectors[0]).toMatchObject({ name: 'ABL', n: 400, flagged: 4, auroc: null, tpr: null });
    expect(detectors[1].skipped).toContain('--trusted');
    const [head, ...lines] = readFileSync(at('found', 'detectors', 'ABL.csv'), 'utf8')
      .trim()
      .split('\n');
    expect(head).toBe('sample,class,score,flagged');
    expect(lines).toHaveLength(400);
    expect(existsSync(at('found', 'training.safetensors'))).toBe(false);
    const again = await box.run(['detect', 'set', '--detector', 'ABL', '--out', 'found']);
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('--out found');
  });
});
