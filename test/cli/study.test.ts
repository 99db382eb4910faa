/** `ibscope study` and `ibscope embed`: what is refused, what `--help` says. Studies that train: study.slow.test.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { studies } from '../../src/studies/index.js';
import { sandbox } from './helpers.js';

const box = sandbox();

describe('ibscope study', () => {
  it.each([
    [['study', 'attaks'], /unknown command 'attaks'.*attacks/],
    [['study', 'attacks', '--attacks', 'blnd'], /"blnd".*Did you mean "blend"/],
    [['study', 'attacks', '--rates', '2'], /--rates 2: shares above 0/],
    [['study', 'attacks', '--seeds', 'x'], /--seeds x: whole numbers/],
    [['study', 'attacks', '--jobs', '0'], /--jobs 0: whole numbers from 1/],
    [['study', 'attacks', '--data', 'shapes11'], /"shapes11".*Did you mean "shapes10"/],
    [['study', 'attacks', '--data', 'shapes10?widht=4'], /Did you mean "width"/],
    [['study', 'noise', '--noises', '-1'], /--noises -1: numbers from 0/],
    [['study', 'architecture', '--models', 'resnet28'], /"resnet28".*Did you mean "resnet18"/],
    [['study', 'sweep'], /--vary: name at least one option/],
    [['study', 'sweep', '--vary', 'alhpa=0.1'], /"alhpa".*Did you mean "alpha"/],
    [['study', 'sweep', '--vary', 'alpha=0.1', '--width', '0'], /--width 0/],
    [['study', 'sweep', '--vary', 'alpha=0:1', '--trials', '0'], /--trials 0: a whole number from 1/],
    [['study', 'sweep', '--vary', 'alpha=0:1', '--least-psnr', '30'], /--least-psnr 30: it needs --halving/],
    [['study', 'sweep', '--vary', 'alpha=0:1', '--halving', '--least-psnr', 'x'], /--least-psnr x: decibels above 0/],
    [['study', 'sweep', '--vary', 'alpha=0:1', '--halving', '--dry-run'], /--dry-run: it does not go with --halving/],
    [['study', 'sweep', '--vary', 'epochs=2,4', '--halving'], /--vary epochs: with --halving/],
    [['study', 'sweep', '--vary', 'alpha=0:1', '--halving', '--attacks', 'blend,badnets'], /--halving: one attack/],
    [['study', 'sweep', '--config', 'nowhere.json'], /--config nowhere\.json: no such file/],
    [['study', 'attacks', '--from-rows', 'nowhere.jsonl'], /--from-rows nowhere\.jsonl: there is no such file/],
    [
      ['study', 'attacks', '--from-rows', 'rows.jsonl', '--seeds', '1'],
      /--seeds: with --from-rows the runs are those of/,
    ],
    [['study', 'null', '--from-rows', 'rows.jsonl'], /unknown option '--from-rows'/],
    [['experiment', 'attacks', '--attacks', 'blnd'], /"blnd".*Did you mean "blend"/],
    [['embed', 'nowhere'], /nowhere: no run there/],
    [['embed', 'nowhere', '--method', 'pca'], /--method pca: one of umap, tsne/],
  ])('%j is refused in one line', async (args, message) => {
    const { code, stderr } = await box.call(args);
    expect(code).toBe(2);
    expect(stderr.trim()).toMatch(message);
    expect(stderr.trim().split('\n').length).toBe(1);
  });

  it('attacks --from-rows writes the page of committed rows, and makes no run', async () => {
    const rows = join(import.meta.dirname, '../../docs/experiment-shapes10.jsonl');
    const { code, stdout } = await box.call(['study', 'attacks', '--from-rows', rows, '--out', 'again', '--json']);
    expect(code).toBe(0);
    const { runs, done, report, summary } = JSON.parse(stdout);
    expect([runs, done]).toEqual([24, 24]);
    expect(summary.footer).toMatch(/^24 runs, .* of work, read from their rows/);
    expect(readFileSync(join(box.folder, report), 'utf8')).toContain('<svg');
    expect(readdirSync(join(box.folder, 'again')).sort()).toEqual([
      'attacks-trajectories.csv',
      'attacks.html',
      'attacks.json',
    ]);
  });

  it('is also called experiment, with the same studies and options', async () => {
    const [study, experiment] = [await box.call(['study', '--help']), await box.run(['experiment', '--help'])];
    expect(study.code).toBe(0);
    expect(experiment.stdout).toBe(study.stdout);
    expect(study.stdout).toContain('study|experiment');
    for (const { name, summary } of studies) {
      expect(study.stdout).toMatch(new RegExp(`^ +${name} `, 'm'));
      expect(study.stdout.replace(/\s+/g, ' ')).toContain(summary);
    }
    const [one, other] = [await box.call(['study', 'null', '--help']), await box.run(['experiment', 'null', '--help'])];
    expect(other.stdout).toBe(one.stdout);
    expect(one.stdout).toContain('ibscope study null --out runs/study --dry-run');
  });
});
