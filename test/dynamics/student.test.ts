import { describe, expect, it } from 'vitest';
import { studentCdf, studentQuantile } from '../../src/dynamics/student.js';

describe("Student's t", () => {
  it('with one degree of freedom is the Cauchy distribution', () => {
    for (const t of [-3, -0.5, 0, 0.2, 1, 40]) expect(studentCdf(t, 1)).toBeCloseTo(0.5 + Math.atan(t) / Math.PI, 12);
  });

  it('with two degrees of freedom has the closed form ½ + t / (2√(2 + t²))', () => {
    for (const t of [-2, 0.1, 5]) expect(studentCdf(t, 2)).toBeCloseTo(0.5 + t / (2 * Math.sqrt(2 + t * t)), 12);
  });

  it('has the 97.5 % points of the printed tables', () => {
    const table = { 1: 12.7062, 2: 4.30265, 5: 2.57058, 10: 2.22814, 30: 2.04227, 1000: 1.96234 };
    for (const [df, t] of Object.entries(table)) expect(studentQuantile(0.975, Number(df))).toBeCloseTo(t, 4);
  });
});
