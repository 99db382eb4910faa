import { describe, expect, it } from 'vitest';
import { infonce } from '../../src/information/infonce.js';
import { taskNamed } from '../../src/information/tasks/index.js';
import { deviation, mean, noise } from './helpers.js';

describe('InfoNCE on two normal columns', () => {
  const pair = (n: number, rho: number, seed: number) => {
    const [a, other] = [noise(n, 1, seed), noise(n, 1, seed + 1)];
    return { a, b: { ...a, data: a.data.map((v, i) => rho * v + Math.sqrt(1 - rho * rho) * other.data[i]) } };
  };

  it('finds −½ ln(1 − ρ²) of the sample’s own correlation within 4 % at 2 000 pairs', async () => {
    const { a, b } = pair(2000, 0.9, 51);
    const cov = mean(a.data.map((v, i) => (v - mean(a.data)) * (b.data[i] - mean(b.data))));
    const rho = (cov / deviation(a.data) / deviation(b.data)) * (2000 / 1999);
    const truth = -0.5 * Math.log(1 - rho * rho);
    const { nats, standardError, converged } = await infonce().estimate(a, b, { seed: 1 });
    expect(Math.abs(nats / truth - 1)).toBeLessThan(0.04);
    expect(Math.abs(nats - truth)).toBeLessThan(4 * standardError);
    expect(converged).toBe(true);
  });

  it('finds nothing where the two are independent', async () => {
    const { a, b } = pair(2000, 0, 61);
    const { nats } = await infonce().estimate(a, b, { seed: 1 });
    expect(Math.abs(nats)).toBeLessThan(0.02);
  });
});

describe('a value that should not be used says so', () => {
  it.each([
    ['normal-sparse-25x25', true],
    ['normal-dense-5x5', false],
  ])('%s with 1 000 samples: %s', async (id, loose) => {
    const { truth, sample } = taskNamed(id);
    const { a, b } = sample(1000, 0);
    const { nats, warnings } = await infonce().estimate(a, b, { seed: 0 });
    expect(nats < 0.75 * truth).toBe(loose);
    expect(warnings.some((w) => /the true value may be well above the estimate/.test(w))).toBe(loose);
  });
});
