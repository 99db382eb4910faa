import { describe, expect, it } from 'vitest';
import { sandbox } from './helpers.js';
import { pairs } from './pairs.js';

const { normals, estimate } = pairs(sandbox());

describe('mi', () => {
  it('finds −½ ln(1 − ρ²) between paired columns, and says how it was found', async () => {
    const n = 2000;
    const { files, truth } = await normals(n, 0.9);
    const e = await estimate(files);
    expect(e).toMatchObject({ estimator: 'infonce', samples: n, saturated: false });
    expect(e.nats).toBe(e.heldOutNats);
    expect(Math.abs(e.nats - truth)).toBeLessThan(4 * e.standardError + 0.02);
    expect(e.ceiling).toBeCloseTo(Math.log(n / 2), 6);
  });

  it('--estimator all gives every estimator’s answer, or why it has none', async () => {
    const { files, truth } = await normals(800, 0.9);
    const { results } = await estimate(files, '--estimator', 'all', '--noise-std', '0.4');
    const by = Object.fromEntries(results.map((r: { estimator: string }) => [r.estimator, r]));
    expect(Object.keys(by)).toEqual([
      'infonce',
      'nwj',
      'mine',
      'smile',
      'ksg',
      'cca',
      'plugin',
      'mixed',
      'pairwise',
      'resolved',
    ]);
    for (const name of ['infonce', 'nwj', 'mine', 'smile', 'ksg', 'cca', 'mixed'])
      expect(Math.abs(by[name].nats - truth)).toBeLessThan(4 * by[name].standardError + 0.05);
    expect(by.plugin.skipped).toMatch(/discrete/);
    expect(by.pairwise.nats).toBeGreaterThan(0);
    expect(by.resolved.nats).toBeGreaterThan(by.pairwise.nats);
    expect(by.resolved.nats).toBeLessThan(by.pairwise.details.upper);
  });

  it('--critic and --preset change how infonce is estimated; the paper’s number is the training objective', async () => {
    const { files, truth } = await normals(1000, 0.8);
    const bilinear = await estimate(files, '--critic', 'bilinear');
    expect(bilinear.nats).toBe(bilinear.heldOutNats);
    const quadratic = await estimate(files, '--critic', 'quadratic');
    expect(quadratic.nats).not.toBe(bilinear.nats);
    expect(Math.abs(quadratic.nats - truth)).toBeLessThan(4 * quadratic.standardError + 0.03);
  });
});
