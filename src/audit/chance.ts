import { Rng } from '../base/random.js';
import { mean, standardDeviation } from '../dynamics/trajectory.js';
import { clustered, heldOutGain } from './mixture.js';

/** Numbers of points at which the law is drawn; it is interpolated between them, and hardly moves above the last. */
const SIZES = [30, 45, 65, 100, 150, 220, 330, 500];
/** Draws per size: they give the mean a standard error of a quarter of the standard deviation, in under a second for all sizes. */
const DRAWS = 16;

/** Mean and standard deviation. */
export interface Law {
  mean: number;
  sd: number;
}

/** What the split of one normal distribution shows by chance. */
export interface ChanceLaw {
  /** ln d′. */
  separation: Law;
  /** Held-out gain, nats per sample. */
  gain: Law;
}

/** Laws that were drawn already: they depend on nothing but n and d. */
const drawn = new Map<string, ChanceLaw>();

function lawOf(values: readonly number[]): Law {
  const finite = values.filter(Number.isFinite);
  return { mean: mean(finite), sd: standardDeviation(finite) };
}

function lawAt(n: number, d: number): ChanceLaw {
  const key = `${n} ${d}`;
  let found = drawn.get(key);
  if (!found) {
    const splits = Array.from({ length: DRAWS }, (_, k) => {
      const points = { data: Float32Array.from(new Rng(k, 'unsplit', n, d).normals(n * d)), n, d };
      const { separation, r } = clustered(points, k);
      return { separation: Math.log(separation), gain: r ? heldOutGain(points, r, k) : 0 };
    });
    found = { separation: lawOf(splits.map((s) => s.separation)), gain: lawOf(splits.map((s) => s.gain)) };
    drawn.set(key, found);
  }
  return found;
}

/**
 * ln d′ and held-out gain that a split shows by chance, where n points come from one normal distribution in `d` dimensions. Clusters of
 * few points lie further apart by chance; without this correction a class would differ from others by its size alone.
 */
export function chanceLaw(n: number, d: number): ChanceLaw {
  const after = SIZES.findIndex((size) => size >= n);
  if (after === 0 || after < 0) return lawAt(SIZES.at(after)!, d);
  const [a, b] = [SIZES[after - 1], SIZES[after]];
  const [low, high] = [lawAt(a, d), lawAt(b, d)];
  const share = Math.log(n / a) / Math.log(b / a);
  const between = (x: number, y: number) => x + share * (y - x);
  const law = (what: keyof ChanceLaw) => ({
    mean: between(low[what].mean, high[what].mean),
    sd: between(low[what].sd, high[what].sd),
  });
  return { separation: law('separation'), gain: law('gain') };
}
