import { describe, expect, it } from 'vitest';
import { cca } from '../../src/information/cca.js';
import { samples } from '../../src/information/samples.js';
import { taskNamed, tasks } from '../../src/information/tasks/index.js';
import { mixtureTasks } from '../../src/information/tasks/mixtures.js';
import { markovChain } from '../../src/information/tasks/normal.js';
import { plantedTask } from '../../src/information/tasks/planted.js';
import { studentExcess } from '../../src/information/tasks/transformed.js';
import { deviation, golden, mean } from './helpers.js';

describe('every task', () => {
  it('has an id of its own', () => {
    expect(new Set(tasks.map((task) => task.id)).size).toBe(tasks.length);
    expect(() => taskNamed('normal-1x1-0.8')).toThrow(/unknown task/);
  });

  for (const task of tasks)
    it(`${task.id} gives the same finite pairs for the same seed, other pairs for another, and a truth above or at 0`, () => {
      const [first, again, other] = [task.sample(20, 1), task.sample(20, 1), task.sample(20, 2)];
      expect(first).toEqual(again);
      expect(first.a.data).not.toEqual(other.a.data);
      for (const s of [first.a, first.b]) {
        expect(s.data).toHaveLength(20 * s.d);
        expect(s.data.every(Number.isFinite)).toBe(true);
      }
      expect(task.truth).toBeGreaterThanOrEqual(0);
    });
});

describe('the truth of', () => {
  it('the paper’s 3v5 is 1.5 ln 7, and its covariance is the one stated', () => {
    const task = taskNamed('normal-3v5');
    expect(task.truth).toBeCloseTo(2.9189, 4);
    const { a, b } = task.sample(20000, 1);
    const column = (s: typeof a, c: number) => Array.from({ length: s.n }, (_, i) => s.data[i * s.d + c]);
    expect(deviation(column(b, 4)) ** 2).toBeCloseTo(3, 0);
    expect(deviation(column(a, 2)) ** 2).toBeCloseTo(3.5, 0);
    const product = column(a, 1).map((v, i) => v * b.data[i * 5 + 1]);
    expect(Math.abs(mean(product) - 3)).toBeLessThan(0.15);
  });

  it('the Cauchy pair is ln 8π − 3', () => {
    expect(studentExcess(1, 1, 1)).toBeCloseTo(Math.log(8 * Math.PI) - 3, 10);
    expect(taskNamed('student-identity-1x1-1').truth).toBeCloseTo(0.2242, 4);
  });

  it('a Student pair with many degrees of freedom is that of the normal', () => {
    expect(studentExcess(1e5, 3, 3)).toBeLessThan(1e-4);
    expect(studentExcess(1e5, 3, 3)).toBeGreaterThan(0);
  });

  it('the dense normal is what two exchangeable blocks give', () => {
    // Equicorrelation ρ in 2d columns: det = (1 − ρ)^(2d−1) (1 + (2d − 1) ρ).
    const logDet = (d: number) => (d - 1) * Math.log(0.5) + Math.log(1 + (d - 1) / 2);
    for (const d of [2, 5, 25])
      expect(taskNamed(`normal-dense-${d}x${d}`).truth).toBeCloseTo(0.5 * (2 * logDet(d) - logDet(2 * d)), 9);
  });

  it('the uniform with additive noise joins smoothly where the noise is as wide as the signal', () => {
    // By numerical entropy of the trapezoid at ε = 0.1.
    const [epsilon, steps] = [0.1, 200000];
    let entropy = 0;
    for (let i = 0; i < steps; i++) {
      const y = -epsilon + ((1 + 2 * epsilon) * (i + 0.5)) / steps;
      const p = Math.max(0, Math.min(1, y + epsilon) - Math.max(0, y - epsilon)) / (2 * epsilon);
      if (p > 0) entropy -= (p * Math.log(p) * (1 + 2 * epsilon)) / steps;
    }
    expect(taskNamed('uniform-additive-0.1').truth).toBeCloseTo(entropy - Math.log(2 * epsilon), 6);
  });

  it('two normals and a coin is E[ln 2 + ln of the posterior] by simulation', () => {
    const task = taskNamed('two-normals');
    const { a, b } = task.sample(100000, 3);
    const ratio = Array.from(a.data, (side, i) => Math.LN2 - Math.log1p(Math.exp((side ? -3 : 3) * b.data[i])));
    expect(Math.abs(mean(ratio) - task.truth)).toBeLessThan((4 * deviation(ratio)) / Math.sqrt(100000));
  });

  it('is_poisoned and the label: every sample of a hundred has the exact table', () => {
    const { a, b } = taskNamed('poison-label').sample(1000, 5);
    const count = (poisoned: number, label: number) =>
      a.data.filter((v, i) => v === poisoned && b.data[i] === label).length;
    expect(count(1, 0)).toBe(100);
    for (let y = 0; y < 10; y++) expect(count(0, y)).toBe(90);
    expect(taskNamed('poison-label').truth).toBeCloseTo(0.193648, 6);
  });

  for (const task of mixtureTasks)
    it(`${task.id} is the committed simulation's, and a fresh one agrees`, () => {
      const { nats, error } = golden.mixtures[task.id];
      expect(Math.abs(task.truth - nats)).toBeLessThan(1e-5);
      expect(task.truthError).toBeGreaterThan(0.9 * error);
      expect(task.truthError).toBeLessThan(4e-4);
      const n = 20000;
      const { a, b } = task.sample(n, 7);
      const row = (s: typeof a, i: number) => s.data.slice(i * s.d, (i + 1) * s.d) as Float64Array;
      const ratios = Array.from({ length: n }, (_, i) => task.logRatio(row(a, i), row(b, i)));
      expect(Math.abs(mean(ratios) - task.truth)).toBeLessThan((4 * deviation(ratios)) / Math.sqrt(n));
    });

  it('a chain falls along it: I(A;C) is less than I(A;B) and I(B;C)', () => {
    const { ab, bc, ac } = markovChain(0.9, 0.8);
    expect(ac.truth).toBeLessThan(Math.min(ab.truth, bc.truth));
    expect(ac.truth).toBeCloseTo(-0.5 * Math.log(1 - 0.72 ** 2), 12);
    // The three tasks look at the same chains.
    expect(ab.sample(10, 1).b.data).toEqual(bc.sample(10, 1).a.data);
    expect(ab.sample(10, 1).a.data).toEqual(ac.sample(10, 1).a.data);
  });
});

describe('planted information', () => {
  it('with nuisance needs less noise on T for the same nats than without, since X says less', () => {
    // T = (S + √ν ε)·Q: a column's variance is (1 + ν)·|q|², with the same Q in expectation.
    const power = (nuisance: boolean) => {
      const { b } = plantedTask(4, nuisance).sample(300, 1);
      return mean(b.data.map((v) => v * v));
    };
    // ν ≈ 1 / (e^{8/5} − 1) where X gives S away.
    expect(power(false)).toBeCloseTo(1 + 1 / Math.expm1(8 / 5), 0);
    expect(power(true)).toBeLessThan(power(false) * 1.15);
  });

  for (const nuisance of [false, true])
    it(`is what CCA finds between T and 100 columns of X${nuisance ? ', under nuisance too' : ''}`, () => {
      // A hundred columns determine the sources, and the fifty nuisance columns, up to the grain.
      const n = 1500;
      const { a, b } = plantedTask(2, nuisance).sample(n, 1);
      const some = Float64Array.from({ length: n * 100 }, (_, i) => a.data[Math.floor(i / 100) * a.d + (i % 100)]);
      const estimate = cca().estimate(samples(some, 100), b, { seed: 1 });
      expect(estimate.details.rankSecond).toBe(5);
      expect(Math.abs(estimate.nats - 2)).toBeLessThan(3 * estimate.standardError);
      expect(estimate.standardError).toBeLessThan(0.06);
    });
});
