/** p over several seeds: against simulation from its own law, and against Student's t where it must be that. */
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { exceedanceOverSeeds } from '../../src/dynamics/index.js';
import { studentCdf } from '../../src/dynamics/student.js';

describe('p over seeds', () => {
  it('is Student’s t prediction on log gaps averaged over seeds, where every class has one draw', () => {
    const gaps = [
      [0.1, 0.2, 0.15, 0.3],
      [0.12, 0.1, 0.2, 0.25],
    ];
    const target = [0.9, 0.7];
    const p = exceedanceOverSeeds(gaps.map((g, i) => ({ gaps: g.map((v) => [v]), gap: target[i] })));
    const logs = [0, 1, 2, 3].map((k) => (Math.log(gaps[0][k]) + Math.log(gaps[1][k])) / 2);
    const mean = logs.reduce((a, b) => a + b, 0) / 4;
    const sd = Math.sqrt(logs.reduce((a, b) => a + (b - mean) ** 2, 0) / 3);
    const x = (Math.log(0.9) + Math.log(0.7)) / 2;
    expect(p).toBeCloseTo(studentCdf(-(x - mean) / (sd * Math.sqrt(1 + 1 / 4)), 3), 12);
  });

  it('is uniform where the target is one more class: classes differ, seeds and divisions add noise', () => {
    let low = 0;
    let half = 0;
    const repeats = 400;
    for (let i = 0; i < repeats; i++) {
      const rng = new Rng(i, 'over seeds');
      const classes = Array.from({ length: 10 }, () => 0.5 * rng.normal());
      const gap = (k: number) => Math.exp(classes[k] + 0.4 * rng.normal());
      const seeds = Array.from({ length: 3 }, () => ({
        gaps: Array.from({ length: 9 }, (_, k) => Array.from({ length: 4 }, () => gap(k + 1))),
        gap: gap(0),
      }));
      const p = exceedanceOverSeeds(seeds)!;
      low += Number(p <= 0.05);
      half += Number(p <= 0.5);
    }
    // Binomial: 200 ± 10 and 20 ± 4.4; three standard deviations either way.
    expect(Math.abs(half - 200)).toBeLessThan(30);
    expect(Math.abs(low - 20)).toBeLessThan(14);
  });

  it('sees over seeds what one seed cannot', () => {
    const rng = new Rng(1, 'seeds');
    const noise = () => Math.exp(0.8 * rng.normal());
    const one = () => ({ gaps: Array.from({ length: 9 }, () => [noise(), noise()]), gap: 6 });
    const seeds = Array.from({ length: 8 }, one);
    expect(exceedanceOverSeeds(seeds)!).toBeLessThan(exceedanceOverSeeds(seeds.slice(0, 1))! / 10);
  });
});
