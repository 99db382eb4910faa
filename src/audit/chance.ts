import { Rng } from '../base/random.js';
import { twoMeans } from '../representation/two-means.js';
import { SMALLEST_CLUSTER } from './mixture.js';

/** Numbers of points at which the law is drawn; it is interpolated between them, and hardly moves above the last. */
const SIZES = [30, 45, 65, 100, 150, 220, 330, 500];
/** Draws per size: they give the mean a standard error of a quarter of the standard deviation, in under a second for all sizes. */
const DRAWS = 16;

interface Law {
  mean: number;
  sd: number;
}

/** Laws that were drawn already: they depend on nothing but n and d. */
const drawn = new Map<string, Law>();

function lawAt(n: number, d: number): Law {
  const key = `${n} ${d}`;
  let found = drawn.get(key);
  if (!found) {
    const values = Array.from({ length: DRAWS }, (_, k) => {
      const data = Float32Array.from(new Rng(k, 'unsplit', n, d).normals(n * d));
      return Math.log(twoMeans({ data, n, d }, k, SMALLEST_CLUSTER).separation);
    });
    const mean = values.reduce((a, b) => a + b, 0) / DRAWS;
    const sd = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (DRAWS - 1));
    found = { mean, sd };
    drawn.set(key, found);
  }
  return found;
}

/**
 * ln d′ that 2-means finds by chance, where n points come from one normal distribution in `d` dimensions: mean and standard deviation.
 * Clusters of few points lie further apart by chance; without this correction a class would differ from others by its size alone.
 */
export function chanceSeparation(n: number, d: number): Law {
  const after = SIZES.findIndex((size) => size >= n);
  if (after === 0 || after < 0) return lawAt(SIZES.at(after)!, d);
  const [a, b] = [SIZES[after - 1], SIZES[after]];
  const [low, high] = [lawAt(a, d), lawAt(b, d)];
  const share = Math.log(n / a) / Math.log(b / a);
  const between = (x: number, y: number) => x + share * (y - x);
  return { mean: between(low.mean, high.mean), sd: between(low.sd, high.sd) };
}
