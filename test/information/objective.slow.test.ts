import { describe, expect, it } from 'vitest';
import { infonce, mine, nwj, smile } from '../../src/information/index.js';
import type { Samples } from '../../src/information/types.js';
import { deviation, mapped, mean, noise } from './helpers.js';

/** Bivariate normals, and −½ ln(1 − r²) of the sample's own correlation r. */
function pair(n: number, rho: number, seed: number): { a: Samples; b: Samples; own: number } {
  const [a, other] = [noise(n, 1, seed), noise(n, 1, seed + 1)];
  const b = { ...a, data: a.data.map((v, i) => rho * v + Math.sqrt(1 - rho * rho) * other.data[i]) };
  const [ma, mb] = [mean(a.data), mean(b.data)];
  const r = mean(a.data.map((v, i) => (v - ma) * (b.data[i] - mb))) / deviation(a.data) / deviation(b.data);
  return { a, b, own: -0.5 * Math.log(1 - r * r) };
}

describe.each([
  ['nwj', nwj],
  ['mine', mine],
  ['smile', smile],
] as const)('%s', (name, make) => {
  const fit = make({ critic: 'quadratic' });

  it('finds the information of two normal columns within 5 % at 2 000 pairs, with no ceiling of its own', async () => {
    const { a, b, own } = pair(2000, 0.9, 71);
    const found = await fit.estimate(a, b, { seed: 1 });
    expect(found.estimator).toBe(name);
    expect(Math.abs(found.nats / own - 1)).toBeLessThan(0.05);
    expect(Math.abs(found.nats - own)).toBeLessThan(4 * found.standardError);
    expect([found.ceiling, found.saturated]).toEqual([null, false]);
    expect(found.heldOutNats).toBe(found.nats);
  });

  it('finds nothing between independent columns', async () => {
    const { nats } = await fit.estimate(noise(2000, 3, 81), noise(2000, 5, 82), { seed: 1 });
    expect(Math.abs(nats)).toBeLessThan(0.03);
  });
});

describe('hostile input', () => {
  const y = noise(150, 2, 2);

  it('the paper’s preset refuses what overflows single precision, and answers what does not', async () => {
    const paper = infonce({ preset: 'paper', quantity: 'B' });
    await expect(
      paper.estimate(
        mapped(y, (v) => v * 1e300),
        y,
        { seed: 1 },
      ),
    ).rejects.toThrow(/diverged/);
    expect(
      Number.isFinite(
        (
          await paper.estimate(
            mapped(y, (v) => v * 1e-30),
            y,
            { seed: 1 },
          )
        ).nats,
      ),
    ).toBe(true);
  });
});
