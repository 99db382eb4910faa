/** `ibscope mi` on pairs whose mutual information is known. */
import { expect } from 'vitest';
import { Rng } from '../../src/base/random.js';
import type { sandbox } from './helpers.js';

export function pairs(box: ReturnType<typeof sandbox>) {
  const rng = new Rng(1, 'mi cli');

  /** Paired normal columns of correlation ρ: −½ ln(1 − ρ²) nats each. */
  async function normals(n: number, rho: number) {
    const a = rng.normals(n);
    const b = a.map((v) => rho * v + Math.sqrt(1 - rho * rho) * rng.normal());
    return {
      files: [await box.npy('a.npy', a, [n]), await box.npy('b.npy', b, [n, 1])],
      truth: -0.5 * Math.log(1 - rho * rho),
    };
  }

  async function estimate(files: string[], ...more: string[]) {
    const { stdout, code } = await box.call(['mi', ...files, ...more, '--json']);
    expect(code).toBe(0);
    return JSON.parse(stdout);
  }

  return { normals, estimate };
}
