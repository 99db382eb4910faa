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
