import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { sandbox } from './helpers.js';
import { pairs } from './pairs.js';

const box = sandbox();

const { normals, estimate } = pairs(box);

describe('mi', () => {
  it('--k chooses the neighbour: another k, another number near the truth', async () => {
    const { files, truth } = await normals(1000, 0.8);
    const [one, ten] = [
      await estimate(files, '--estimator', 'ksg', '--k', '1'),
      await estimate(files, '--estimator', 'ksg', '--k', '10'),
    ];
    expect(one.nats).not.toBe(ten.nats);
    for (const e of [one, ten]) expect(Math.abs(e.nats - truth)).toBeLessThan(4 * e.standardError + 0.03);
  });

  it('pairwise: two values further apart than the noise tell one bit', async () => {
    const n = 400;
    const sign = Float64Array.from({ length: n }, (_, i) => (i % 2 ? 10 : -10));
    const files = [await box.npy('sign-x.npy', sign, [n]), await box.npy('sign-t.npy', sign, [n])];
    const { nats } = await estimate(files, '--estimator', 'pairwise', '--noise-std', '0.1');
    expect(nats).toBeCloseTo(Math.LN2, 2);
  });

  it('resolved: rows far apart in units of the noise are told apart, and κ times the noise blurs them', async () => {
    const n = 400;
    const number = Int32Array.from({ length: n }, (_, i) => i);
    const sign = Int32Array.from({ length: n }, (_, i) => (i % 2 ? 10 : -10));
    const files = [await box.npy('number.npy', number, [n]), await box.npy('sign-i.npy', sign, [n])];
    const more = ['--estimator', 'resolved', '--noise-std', '1'];
    const near = await estimate(files, ...more);
    expect(near.nats).toBeCloseTo(Math.LN2, 3);
    expect([near.ceiling, near.saturated, near.warnings]).toEqual([Math.log(n), false, []]);
    // Two values ±10 under noise 10: capacity of the binary-input Gaussian channel at signal 1, noise 1, by quadrature 0.33683.
    const blurred = await estimate(files, ...more, '--kappa', '10');
    expect(Math.abs(blurred.nats - 0.33683)).toBeLessThan(0.01);
    expect(blurred.standardError).toBeLessThanOrEqual(0.003);
  });

  it('integers and booleans of few values are categories, unless --discrete says otherwise', async () => {
    const n = 900;
    const label = Int32Array.from({ length: n }, (_, i) => i % 3);
    const flag = Uint8Array.from(label, (v) => Number(v === 0));
    const files = [await box.npy('label.npy', label, [n]), await box.npy('flag.npy', flag, [n], 'b1')];
    // H(flag) for a flag that is set in a third of the cases.
    const entropy = -(1 / 3) * Math.log(1 / 3) - (2 / 3) * Math.log(2 / 3);
    expect((await estimate(files, '--estimator', 'plugin')).nats).toBeCloseTo(entropy, 2);
    const refused = await box.call(['mi', ...files, '--estimator', 'plugin', '--discrete', 'a']);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/plugin.*discrete/)]);
    const floats = [await box.npy('label-f.npy', Float32Array.from(label), [n]), files[1]];
    expect((await estimate(floats, '--estimator', 'plugin', '--discrete', 'both')).nats).toBeCloseTo(entropy, 2);
  });

  it('integers of many values are numbers that were rounded: a pair of normal variables as bytes keeps its information', async () => {
    const n = 2000;
    const rng = new Rng(3, 'bytes');
    const x = Float64Array.from({ length: n }, () => rng.normal());
    const y = x.map((v) => 0.8 * v + 0.6 * rng.normal());
    const bytes = (values: Float64Array) => Uint8Array.from(values, (v) => Math.round(128 + 30 * v));
    const files = [await box.npy('byte-x.npy', bytes(x), [n]), await box.npy('byte-y.npy', bytes(y), [n])];
    const truth = -0.5 * Math.log(1 - 0.8 ** 2);
    for (const name of ['ksg', 'mixed', 'cca']) {
      const { nats, standardError, read } = await estimate(files, '--estimator', name);
      expect(Math.abs(nats - truth), name).toBeLessThan(4 * standardError + 0.03);
      expect(read).toEqual(
        files.map((file, i) =>
          expect.stringMatching(
            new RegExp(
              `^${file}: numbers \\(uint8, \\d+ different rows of 2000\\), rounded: .*; --discrete ${'ab'[i]} reads categories$`,
            ),
          ),
        ),
      );
    }
  });

  it('labels of 100 classes need --discrete, and the output says so', async () => {
    const n = 3000;
    const label = Int32Array.from({ length: n }, (_, i) => i % 100);
    const files = [await box.npy('label-100.npy', label, [n]), await box.npy('again-100.npy', label, [n])];
    const refused = await box.call(['mi', ...files, '--estimator', 'plugin']);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringMatching(/plugin.*discrete/)]);
    const { nats, read } = await estimate(files, '--estimator', 'plugin', '--discrete', 'both');
    // The plug-in estimate of an entropy of 100 equal classes; its bias is corrected.
    expect(Math.abs(nats - Math.log(100))).toBeLessThan(0.03);
    expect(read[0]).toMatch(/categories \(int32, 100 different rows of 3000\)/);
  });

  it.each([
    [['--k', '0'], /--k 0: a whole number from 1/],
    [['--noise-std', '-1'], /--noise-std -1: a number above 0/],
    [['--estimator', 'pairwise'], /pairwise.*--noise-std/],
    [['--estimator', 'resolved'], /resolved.*--noise-std/],
    [['--estimator', 'resolved', '--noise-std', '1', '--kappa', '0'], /--kappa 0: a number above 0/],
    [['--estimator', 'pairwise', '--noise-std', '1', '--kappa', '2'], /--kappa 2: only resolved/],
    [['--estimator', 'ksg', '--noise-std', '1'], /--noise-std 1: only pairwise and resolved/],
    [['--discrete', 'c'], /"c".*a, b, both, none/],
    [['--critic', 'quadratc'], /"quadratc".*quadratic/],
    [['--quantity', 'yt'], /"yt"/],
    [['--preset', 'papr'], /"papr".*paper/],
    [['--estimator', 'ksg', '--preset', 'paper'], /only infonce has it/],
    [['--seed', 'x'], /--seed x/],
  ])('%j is refused in one line', async (more, said) => {
    const { files } = await normals(200, 0.5);
    const { code, stdout, stderr } = await box.call(['mi', ...files, ...more]);
    expect(stderr).toMatch(said);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});
