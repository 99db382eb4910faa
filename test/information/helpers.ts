import { readFileSync } from 'node:fs';
import { Rng } from '../../src/base/random.js';
import type { Columns } from '../../src/information/samples.js';
import type { Samples } from '../../src/information/types.js';

export const golden = JSON.parse(
  readFileSync(new URL('../golden/information.json', import.meta.url), 'utf8'),
) as Golden;

interface Golden {
  line: { x: number[]; y: number[] };
  cc: { k: number; digits: number; nats: number }[];
  label: { label: number[]; value: number[] };
  cd: { k: number; digits: number; nats: number }[];
  small: { label: number[]; value: number[] };
  cdSmall: { k: number; nats: number }[];
  plane: { a: number[]; b: number[] };
  ksg: { k: number; algorithm: 1 | 2; nats: number }[];
  cca: number;
  half: { a: number[]; b: number[] };
  gao: { k: number; nats: number }[];
  special: { x: number[]; digamma: number[]; logGamma: number[] };
  mixtures: Record<string, { nats: number; error: number }>;
}

/** Columns exactly as given: nothing is standardised. */
export function columns(values: ArrayLike<number>, d = 1): Columns {
  return { data: Float64Array.from(values), n: values.length / d, d };
}

/** Applies `map` to every number of a variable. */
export function mapped(s: Samples, map: (v: number, i: number) => number): Samples {
  return { ...s, data: Float64Array.from(s.data, map) };
}

/** Independent standard normal columns. */
export function noise(n: number, d: number, seed: number): Samples {
  const rng = new Rng(seed, 'test noise');
  return { data: Float64Array.from({ length: n * d }, () => rng.normal()), n, d, discrete: false };
}

export function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((s, v) => s + v, 0) / values.length;
}

export function deviation(values: ArrayLike<number>): number {
  const m = mean(values);
  return Math.sqrt(mean(Array.from(values, (v) => (v - m) ** 2)) * (values.length / (values.length - 1)));
}
