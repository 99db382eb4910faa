import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { shapes10 } from '../src/datasets/shapes10.js';
import type { ImageSet } from '../src/datasets/types.js';

const root = join(import.meta.dirname, '..');

/** What an example prints; rejects where it does not end with 0. */
async function output(name: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join('examples', `${name}.mjs`)], { cwd: root });
  return stdout;
}

/** The numbers of the first line that begins so. */
function numbers(text: string, start: string): number[] {
  const line = text.split('\n').find((l) => l.startsWith(start));
  expect(line, start).toBeDefined();
  return [...line!.slice(start.length).matchAll(/-?\d+(\.\d+)?/g)].map((m) => Number(m[0]));
}

test('mutual-information: every estimator is near the closed form', async () => {
  const text = await output('mutual-information');
  const truth = -Math.log(1 - 0.8 ** 2);
  expect(numbers(text, 'truth')[0]).toBeCloseTo(truth, 3);
  for (const name of ['cca', 'ksg', 'infonce', 'nwj']) {
    const [nats, standardError] = numbers(text, name);
    expect(standardError, name).toBeLessThan(0.08);
    expect(Math.abs(nats - truth), name).toBeLessThan(4 * standardError);
  }
  const agree = 0.5 + Math.asin(0.8) / Math.PI;
  const signs = Math.log(2) + agree * Math.log(agree) + (1 - agree) * Math.log(1 - agree);
  const [nats, standardError] = numbers(text, 'plugin');
  expect(Math.abs(nats - signs)).toBeLessThan(4 * standardError);
});

/** Mean PSNR in dB of images against the same with two pixels of pure green along every edge. */
function framePsnr({ images, n }: ImageSet): number {
  const [side, size] = [32, 32 * 32 * 3];
  let total = 0;
  for (let i = 0; i < n; i++) {
    let squares = 0;
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++)
        if (Math.min(x, y, side - 1 - x, side - 1 - y) < 2)
          for (const [c, ink] of [0, 255, 0].entries())
            squares += (images[i * size + (y * side + x) * 3 + c] - ink) ** 2;
    total -= 10 * Math.log10(squares / size / 255 ** 2);
  }
  return total / n;
}

test('own-attack: the trigger is learned, and its score stands beside a null', async () => {
  const text = await output('own-attack');
  const [poisoned, images, psnr] = numbers(text, '');
  expect([poisoned, images]).toEqual([110, 2200]);
  expect(psnr).toBeCloseTo(framePsnr((await shapes10.load({ seed: 0, testLimit: 400 })).test), 1);
  const [accuracy, asr] = numbers(text, 'accuracy');
  // Chance is 0.1.
  expect(accuracy).toBeGreaterThan(0.6);
  expect(asr).toBeGreaterThan(0.8);
  const [score, distance] = numbers(text, 'stealth S');
  expect(score).toBeCloseTo(Math.exp(-distance), 2);
  const [low, high, draws] = numbers(text, 'clean classes');
  expect(draws).toBe(9);
  expect(low).toBeGreaterThan(0);
  expect(high).toBeLessThanOrEqual(1);
  expect(low).toBeLessThan(high);
  expect(text).toContain(`S lies ${score < low ? 'below' : score > high ? 'above' : 'inside'}`);
});

test('audit-a-set: the target is named alone, and what is named is nearly all of the poisoned samples', async () => {
  const text = await output('audit-a-set');
  expect(text).toMatch(/^suspicious: 3$/m);
  const [named, hits, poisoned] = numbers(text, 'named');
  expect(poisoned).toBe(100);
  expect(hits / named).toBeGreaterThan(0.9);
  expect(hits / poisoned).toBeGreaterThan(0.9);
  expect(numbers(text, 'left')).toEqual([1000 - named]);
}, 120_000);

test('own-trajectories: phases, score and acceleration are those of the broken lines', async () => {
  const text = await output('own-trajectories');
  const near = (got: number[], want: number[]) => {
    expect(got.length).toBe(want.length);
    got.forEach((epoch, i) => {
      expect(Math.abs(epoch - want[i])).toBeLessThanOrEqual(1);
    });
  };
  for (const group of ['backdoor', 'clean'])
    expect(text).toMatch(new RegExp(`0/${group}: expansion .*, compression .*, convergence `));
  near(numbers(text, '0/backdoor:'), [1, 4, 4, 12, 12, 20]);
  near(numbers(text, '0/clean:'), [1, 8, 8, 16, 16, 20]);

  // D of the lines themselves, by the trapezoid rule over epochs 1 to 20; the noise of 0.02 nats adds about as much to each gap.
  const line = (knots: Record<number, number>, x: number) => {
    const points = Object.entries(knots).map(([epoch, nats]) => [Number(epoch), nats]);
    const i = points.findIndex(([epoch]) => epoch >= x);
    const [[x0, y0], [x1, y1]] = [points[i - 1], points[i]];
    return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
  };
  const average = (f: (x: number) => number) =>
    Array.from({ length: 19 }, (_, i) => (f(i + 1) + f(i + 2)) / 2).reduce((a, b) => a + b) / 19;
  const gap = (backdoor: Record<number, number>, clean: Record<number, number>) =>
    average((x) => Math.abs(line(backdoor, x) - line(clean, x))) / average((x) => line(clean, x)) / 2;
  const xt = gap({ 0: 0, 4: 2, 12: 1, 20: 1 }, { 0: 0, 8: 1.6, 16: 1, 20: 1 });
  const ty = gap({ 0: 0, 4: 2, 20: 2 }, { 0: 0, 8: 2, 20: 2 });
  const [score, distance] = numbers(text, 'stealth S');
  expect(distance).toBeGreaterThan((xt + ty) / 2 - 0.01);
  expect(distance).toBeLessThan((xt + ty) / 2 + 0.03);
  expect(score).toBeCloseTo(Math.exp(-distance), 2);
  // Clean classes differ by noise alone, and the backdoor does not lie among them.
  const [low, high] = numbers(text, 'clean classes');
  expect(score).toBeLessThan(low);
  expect(high).toBeLessThanOrEqual(1);

  // Halves of the maxima are reached at 2 and 4 epochs.
  const [difference, , from, to] = numbers(text, 'acceleration');
  expect(Math.abs(difference + 2)).toBeLessThan(0.2);
  expect(from).toBeLessThan(-2);
  expect(to).toBeGreaterThan(-2);
});

test('the examples fit the types of the package', () => {
  const flags = '--ignoreConfig --noEmit --allowJs --checkJs --strict false --skipLibCheck --types node';
  const options = `${flags} --module nodenext --target es2023 --lib es2023`.split(' ');
  const files = ['mutual-information', 'own-attack', 'audit-a-set', 'own-trajectories', 'stripe'].map((name) =>
    join('examples', `${name}.mjs`),
  );
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  expect(execFileSync(process.execPath, [compiler, ...options, ...files], { cwd: root, encoding: 'utf8' })).toBe('');
});
