/** `ibscope experiment`, `ibscope embed` and `--dry-run`, as a user types them. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN, sandbox, smallRun } from './helpers.js';

const box = sandbox();
const SMALL = smallRun(4);
const attacks = (out: string) => [
  'experiment',
  'attacks',
  '--attacks',
  'none,badnets',
  '--seeds',
  '0',
  ...SMALL,
  '--out',
  out,
];
const read = (path: string) => readFileSync(join(box.folder, path), 'utf8');

describe('an experiment', () => {
  it('says beforehand what it costs and leaves nothing behind, runs, and is not run again', async () => {
    const dry = await box.run([...attacks('study'), '--dry-run', '--json']);
    const plan = JSON.parse(dry.stdout);
    expect(plan).toMatchObject({ experiment: 'attacks', runs: 2, done: 0 });
    for (const key of ['trainingFlops', 'criticFlops', 'trainingSeconds', 'probeSeconds', 'criticSeconds'])
      expect(plan.costs[0][key], key).toBeGreaterThan(0);
    expect(existsSync(join(box.folder, 'study'))).toBe(false);

    const first = await box.run([...attacks('study'), '--markdown', 'page.md', '--json']);
    expect(first.code).toBe(0);
    const done = JSON.parse(first.stdout);
    expect(done.summary.sections[0].blocks.some((b: { kind: string }) => b.kind === 'findings')).toBe(true);
    expect(readdirSync(join(box.folder, 'study', 'runs')).length).toBe(2);
    expect(read('study/attacks-trajectories.csv').split('\n')[0]).toBe(
      'run,seed,epoch,group,quantity,estimator,layer,nats,standardError',
    );
    expect(read('page.md')).toMatch(/^# /);
    for (const [, file] of read('page.md').matchAll(/\]\((page\/[^)]+)\)/g))
      expect(existsSync(join(box.folder, file)), file).toBe(true);

    const again = await box.run([...attacks('study'), '--json']);
    const repeated = JSON.parse(again.stdout);
    expect(repeated).toMatchObject({ runs: 2, done: 2, secondsPlanned: 0 });
    expect(repeated.summary).toEqual(done.summary);

    // Pictures of T can be added to any of its runs.
    const [run] = readdirSync(join(box.folder, 'study', 'runs'));
    const embedded = await box.run(['embed', join('study', 'runs', run), '--method', 'tsne']);
    expect(embedded.code).toBe(0);
    expect(read(join('study', 'runs', run, 'report.html'))).toContain('T by t-SNE at epoch 4');
  }, 240_000);

  it('goes on after Ctrl-C with the same command, and ends with the same numbers', async () => {
    const whole = JSON.parse((await box.run([...attacks('study'), '--json'])).stdout);
    const stopped = await new Promise<{ code: number | null; stderr: string }>((resolve) => {
      const child = spawn(process.execPath, [MAIN, ...attacks('stopped')], { cwd: box.folder });
      let stderr = '';
      // Once there are figures of an epoch, something is under way that can be lost.
      const watch = setInterval(() => {
        const runs = join(box.folder, 'stopped', 'runs');
        const begun = existsSync(runs) && readdirSync(runs).some((r) => existsSync(join(runs, r, 'information.jsonl')));
        if (begun) {
          clearInterval(watch);
          child.kill('SIGINT');
        }
      }, 20);
      child.stderr.on('data', (d) => {
        stderr += d;
      });
      child.on('exit', (code) => {
        clearInterval(watch);
        resolve({ code, stderr });
      });
    });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain('To go on, give the same command.');
    const resumed = JSON.parse((await box.run([...attacks('stopped'), '--json'])).stdout);
    const { footer: _, ...summary } = whole.summary;
    expect(resumed.summary).toMatchObject(summary);
  }, 240_000);

  it.each([
    [['experiment', 'attacks', '--attacks', 'blnd'], /"blnd".*Did you mean "blend"/],
    [['experiment', 'attacks', '--rates', '2'], /--rates 2: shares above 0/],
    [['experiment', 'attacks', '--seeds', 'x'], /--seeds x: whole numbers/],
    [['experiment', 'attacks', '--data', 'shapes11'], /"shapes11".*Did you mean "shapes10"/],
    [['experiment', 'attacks', '--data', 'shapes10?widht=4'], /Did you mean "width"/],
    [['experiment', 'noise', '--noises', '-1'], /--noises -1: numbers from 0/],
    [['experiment', 'architecture', '--models', 'resnet28'], /"resnet28".*Did you mean "resnet18"/],
    [['embed', 'nowhere'], /nowhere: no run there/],
    [['embed', 'nowhere', '--method', 'pca'], /--method pca: one of umap, tsne/],
  ])('%j is refused in one line', async (args, message) => {
    const { code, stderr } = await box.run(args);
    expect(code).toBe(2);
    expect(stderr.trim()).toMatch(message);
    expect(stderr.trim().split('\n').length).toBe(1);
  });
});

describe('`run --dry-run`', () => {
  it('counts what a train step of ResNet-18 costs: 3 × 2 × 0.56 GFLOP an image at width 64', async () => {
    const { stdout } = await box.run([
      'run',
      '--dry-run',
      '--json',
      '--width',
      '64',
      '--epochs',
      '1',
      '--train-limit',
      '2400',
      '--test-limit',
      '10',
    ]);
    const cost = JSON.parse(stdout);
    // The usual count: 0.56 G multiply-adds forward; backward twice that, but for the first layer's input.
    const perImage = cost.trainingFlops / 2400;
    expect(perImage / 1e9).toBeGreaterThan(3.2);
    expect(perImage / 1e9).toBeLessThan(3.6);
  }, 120_000);
});
