/** `ibscope study`, `ibscope embed` and `--dry-run`, as a user types them. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAIN, sandbox, smallRun } from './helpers.js';

const box = sandbox();
const SMALL = smallRun(4);
const attacks = (out: string, command = 'study') => [
  command,
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

describe('a study', () => {
  it('says beforehand what it costs and leaves nothing behind, runs, and reuses finished runs', async () => {
    const dry = await box.run([...attacks('study'), '--dry-run', '--json']);
    const plan = JSON.parse(dry.stdout);
    expect(plan).toMatchObject({ experiment: 'attacks', runs: 2, done: 0 });
    for (const key of ['trainingFlops', 'criticFlops', 'trainingSeconds', 'probeSeconds', 'criticSeconds'])
      expect(plan.costs[0][key], key).toBeGreaterThan(0);
    expect(existsSync(join(box.folder, 'study'))).toBe(false);

    const first = await box.run([
      ...attacks('study'),
      '--keep-probes',
      '--markdown',
      'page.md',
      '--rows',
      'rows.jsonl',
      '--json',
    ]);
    expect(first.code).toBe(0);
    const done = JSON.parse(first.stdout);
    // Four epochs and one seed resolve nothing; findings about attacks that were not run say so.
    const judged = done.summary.sections[0].blocks.find((b: { kind: string }) => b.kind === 'findings').findings;
    const blend = judged.filter((f: { claim: string }) => f.claim.includes('Blend'));
    expect(new Set(blend.map((f: { verdict: string }) => f.verdict))).toEqual(new Set(['not run']));
    const others = judged.filter((f: { verdict: string }) => f.verdict !== 'not run');
    expect(new Set(others.map((f: { verdict: string }) => f.verdict))).toEqual(new Set(['not resolved']));
    expect(others.length).toBeGreaterThanOrEqual(4);
    const names = readdirSync(join(box.folder, 'study', 'runs')).sort();
    expect(names).toHaveLength(2);
    const [head, ...lines] = read('study/attacks-trajectories.csv').trimEnd().split('\n');
    expect(head).toBe('run,seed,epoch,group,quantity,estimator,layer,nats,standardError');
    expect([...new Set(lines.map((line) => line.split(',')[0]))].sort()).toEqual(names);
    expect(read('page.md')).toMatch(/^# /);
    const rows = read('rows.jsonl').trimEnd().split('\n');
    expect(rows.map((line) => JSON.parse(line).name).sort()).toEqual(names);
    for (const line of rows) expect(line).not.toContain(box.folder);
    const pictures = [...read('page.md').matchAll(/\]\((page\/[^)]+)\)/g)].map((m) => m[1]);
    // Trajectories of two quantities under two attacks, the scores, and how poisoned samples separate.
    expect(pictures.length).toBeGreaterThan(5);
    for (const file of pictures) expect(existsSync(join(box.folder, file)), file).toBe(true);

    // The old name of the command is an alias.
    const again = await box.run([...attacks('study', 'experiment'), '--json']);
    const repeated = JSON.parse(again.stdout);
    expect(repeated).toMatchObject({ runs: 2, done: 2, secondsPlanned: 0 });
    expect(repeated.summary).toEqual(done.summary);

    // Pictures of T can be added to any of its runs.
    const [run] = names;
    const embedded = await box.run(['embed', join('study', 'runs', run), '--method', 'tsne']);
    expect(embedded.code).toBe(0);
    expect(read(join('study', 'runs', run, 'report.html'))).toContain('T by t-SNE at epoch 4');
  }, 900_000);

  it('is resumed after Ctrl-C by the same command, and ends with the same numbers', async () => {
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
    expect(stopped.stderr).toContain('To resume, give the same command.');
    const resumed = JSON.parse((await box.run([...attacks('stopped'), '--json'])).stdout);
    const { footer: _, ...summary } = whole.summary;
    expect(resumed.summary).toMatchObject(summary);
  }, 900_000);
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
      '10',
      // One moment after step 200, where statistics are not recomputed, so that next to nothing but steps is counted.
      '--checkpoints',
      '10',
      '--train-limit',
      '2400',
      '--test-limit',
      '10',
    ]);
    const cost = JSON.parse(stdout);
    // The usual count: 0.56 G multiply-adds forward; backward twice that, but for the first layer's input.
    const perImage = cost.trainingFlops / 24_000;
    expect(perImage / 1e9).toBeGreaterThan(3.2);
    expect(perImage / 1e9).toBeLessThan(3.6);
  }, 900_000);
});
