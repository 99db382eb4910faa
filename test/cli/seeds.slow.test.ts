/** `ibscope run --seeds`: several runs, and what holds over them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sandbox } from './helpers.js';

const box = sandbox();
const TINY =
  '--width 2 --model resnet10 --epochs 2 --checkpoints 3s,2 --train-limit 2500 --test-limit 100 --null-splits 2'.split(
    ' ',
  );

describe('compare --seeds', () => {
  it('pairs attacks by seed, and its page, result and terminal say the same', async () => {
    const command = [
      'compare',
      ...TINY,
      '--attacks',
      'badnets,blend@0.2:alpha=0.3',
      '--seeds',
      '0-1',
      '--out',
      'pairs',
    ];
    const { code, stdout } = await box.run([...command, '--json']);
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    const of = (attack: string) => result.rows.filter((r: { attack: string }) => r.attack === attack);
    const score = (attack: string, seed: number) =>
      of(attack).find((r: { seed: number }) => r.seed === seed).stealth.score;
    const [pair] = result.pairs;
    const mean = [0, 1].reduce((s, seed) => s + score(pair.first, seed) - score(pair.second, seed), 0) / 2;
    expect([...new Set([pair.first, pair.second])].sort()).toEqual(['badnets', 'blend']);
    expect(pair.difference).toBeCloseTo(mean, 10);
    // One pair needs no correction.
    expect(pair.adjusted).toBe(pair.p);
    expect(new Set(result.rows.map((r: { stealth: { kappa: object } }) => JSON.stringify(r.stealth.kappa))).size).toBe(
      1,
    );
    const page = await readFile(join(box.folder, result.report), 'utf8');
    for (const words of result.verdict) expect(page).toContain(words.slice(0, 40));
    const again = await box.run([...command, '--resume']);
    expect(again.stdout).toContain(result.verdict[0]);
    expect(await readFile(join(box.folder, 'pairs', 'result.json'), 'utf8').then(JSON.parse)).toMatchObject({
      pairs: [pair],
    });
  });
});

describe('run --seeds', () => {
  it('gives a result a seed, S and p over seeds, at one κ; the same command does nothing twice', async () => {
    const command = ['run', ...TINY, '--seeds', '0-1', '--out', 'several', '--json'];
    const first = await box.run(command);
    expect(first.code).toBe(0);
    const result = JSON.parse(first.stdout);
    expect(result).toMatchObject({ attack: 'badnets', dataset: 'shapes10', seeds: [0, 1] });
    const [a, b] = result.rows;
    expect(a.accuracy).not.toBe(b.accuracy);
    expect(a.stealth.kappa).toEqual(b.stealth.kappa);
    expect(result.score.n).toBe(2);
    // S over seeds comes from the mean of D.
    expect(result.score.mean).toBeCloseTo(Math.exp(-(a.stealth.distance + b.stealth.distance) / 2), 10);
    expect(result.p).toBeGreaterThan(0);
    expect(result.p).toBeLessThanOrEqual(1);
    const page = await readFile(join(box.folder, result.report), 'utf8');
    expect(page).toContain('2 seeds');

    const again = await box.run([...command, '--resume']);
    const same = ({ report: _, ...rest }: Record<string, unknown>) => rest;
    expect(same(JSON.parse(again.stdout))).toEqual(same(result));
    expect((await box.run(command)).code).toBe(2);
  });

  it('refuses what means one run', async () => {
    for (const [flag, value] of [['--seed', '3'], ['--view'], ['--dry-run']]) {
      const { code, stderr } = await box.run(['run', '--seeds', '0-1', flag, ...(value ? [value] : [])]);
      expect(code).toBe(2);
      expect(stderr).toContain(`${flag}: it means one run`);
    }
    expect((await box.run(['run', '--seeds', 'x'])).stderr).toContain('--seeds x');
  });
});
