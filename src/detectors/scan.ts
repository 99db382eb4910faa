/**
 * SCAn: features are an identity of their class plus a variation that has the same covariance in all classes. That covariance comes from
 * trusted samples. A class whose features are far better explained by two identities than by one is a target.
 *
 * Tang et al., "Demon in the Variant: Statistical Analysis of DNNs for Robust Backdoor Contamination Detection", USENIX Security 2021
 * (arXiv 1908.00686), Section 5.
 */
import { UserError } from '../base/errors.js';
import { indicesByClass } from '../datasets/limits.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import { backSolve, cholesky, crossProduct, forwardSolve } from '../information/linalg.js';
import { means, twoMeans } from '../representation/two-means.js';
import { ANOMALOUS, anomalyIndices } from './anomaly.js';
import { defineDetector } from './types.js';

/** Limit on EM rounds, and the relative change of S_u and S_ε at which it ends before. */
const ROUNDS = 100;
const SMALLEST_CHANGE = 1e-5;
/**
 * Ridge on S_ε, as a share of its mean variance: there may be fewer trusted samples than features. The authors' code takes a
 * pseudo-inverse, which ignores the directions along which no trusted sample varies.
 */
const RIDGE = 0.01;
/** Samples that a class needs to be split in two. Smaller classes score 0. */
const FEWEST_SAMPLES = 4;

/**
 * A class's score is J* = |J − median| / (1.4826 · MAD) over the classes, where J is twice the log-likelihood ratio of two groups to
 * one, per sample. The ratio of the paper grows with the number of samples; its authors' code divides by it, too. Classes with J* > e²
 * are targets, and their samples in the group with fewer trusted samples are flagged; at equal numbers, those in the smaller group.
 * The score of a sample is the log-likelihood ratio, nats, of that group to the other one. It grows with the distance of the groups,
 * so samples of different classes compare. Throws `UserError` with fewer than two trusted samples per class.
 */
export const scan = defineDetector({
  name: 'SCAn',
  summary: 'classes whose features form two groups, given how features vary in trusted samples',
  source: 'Tang et al., USENIX Security 2021, arXiv 1908.00686',
  threatModel: 'B',
  needs: ['set', 'classes', 'features', 'trusted', 'seed'],
  async detect({ set, classes, features, trusted, seed }, step) {
    const factor = variation(trusted.features, trusted.set.labels, classes);
    const trustedRows = indicesByClass(trusted.set.labels, classes);
    const scores = new Float64Array(set.n);
    const ratios = new Float64Array(classes).fill(Number.NaN);
    const byClass = indicesByClass(set.labels, classes);
    for (const [k, rows] of byClass.entries()) {
      if (rows.length >= FEWEST_SAMPLES) {
        const split = splitClass(
          whitened(rowsOf(features, rows), factor),
          whitened(rowsOf(trusted.features, trustedRows[k]), factor),
          seed,
        );
        ratios[k] = split.ratio;
        split.scores.forEach((s, i) => {
          scores[rows[i]] = s;
        });
      }
      step?.((k + 1) / classes);
    }
    const classScores = anomalyIndices(ratios);
    const targets = [...classScores.keys()].filter((k) => classScores[k] > ANOMALOUS);
    const flagged = new Uint8Array(set.n);
    for (const k of targets) for (const i of byClass[k]) flagged[i] = Number(scores[i] > 0);
    return { scores, flagged, classScores, targets };
  },
});

/** Two groups of one class's whitened samples: J, and each sample's log-likelihood ratio of the suspected group to the other one. */
function splitClass(points: Matrix, trusted: Matrix, seed: number): { ratio: number; scores: Float64Array } {
  const { n, d } = points;
  // Both groups have the same covariance, so after whitening maximum likelihood is 2-means.
  const { cluster } = twoMeans(points, seed);
  const groups = [0, 1].map((g) => means(points, (i) => Number(cluster[i] === g)));
  if (groups.some((g) => g.total === 0)) return { ratio: 0, scores: new Float64Array(n) };
  const [a, b] = groups.map((g) => g.mean);
  let between = 0;
  for (let j = 0; j < d; j++) between += (a[j] - b[j]) ** 2;
  // (|x − b|² − |x − a|²) / 2 reduces to this: positive nearer to a.
  const nearerToFirst = ({ data }: Matrix, i: number) => {
    let s = 0;
    for (let j = 0; j < d; j++) s += (data[i * d + j] - (a[j] + b[j]) / 2) * (a[j] - b[j]);
    return s;
  };
  const first = Array.from({ length: trusted.n }, (_, i) => nearerToFirst(trusted, i)).filter((s) => s > 0).length;
  const fewer = first - (trusted.n - first) || groups[0].total - groups[1].total;
  const sign = fewer < 0 ? 1 : -1;
  return {
    // Σ |x − mean|² − Σ |x − group's mean|², over n.
    ratio: (groups[0].total * groups[1].total * between) / n ** 2,
    scores: Float64Array.from({ length: n }, (_, i) => sign * nearerToFirst(points, i)),
  };
}

/** L⁻¹·x of each row x, with the factor L of a covariance: distances are then Mahalanobis distances. */
function whitened({ data, n, d }: Matrix, factor: Float64Array): Matrix {
  const rows = Float64Array.from(data);
  for (let i = 0; i < n; i++) forwardSolve(factor, d, rows, i);
  return { data: Float32Array.from(rows), n, d };
}

/**
 * Lower Cholesky factor of S_ε, [d, d], by the EM of the paper. Features x = μ + ε have μ ~ N(0, S_u) for each class and
 * ε ~ N(0, S_ε) for each sample. E step: μ = N·S_u·(N·S_u + S_ε)⁻¹·mean of the class's N samples. M step: S_u and S_ε are the
 * covariances of μ and of x − μ over the samples.
 */
function variation(features: Matrix, labels: Int32Array, classes: number): Float64Array {
  const { n, d } = features;
  const present = indicesByClass(labels, classes).filter((rows) => rows.length > 0);
  if (n < 2 * present.length || n === 0)
    throw new UserError(`SCAn: ${n} trusted samples of ${present.length} classes, at least two of each are needed`);
  const overall = means(features, () => 1).mean;
  const counts = present.map((rows) => rows.length);
  const own = present.map((rows) => means(rowsOf(features, rows), () => 1).mean.map((v, j) => v - overall[j]));
  const within = scatterWithin(features, present, overall, own);
  let trace = 0;
  for (let j = 0; j < d; j++) trace += within[j * d + j];
  if (trace === 0) throw new UserError('SCAn: the features of the trusted samples do not vary within classes');
  for (let j = 0; j < d; j++) within[j * d + j] += (RIDGE * trace) / d;
  let [between, variation] = [covariance(own, counts), within];
  for (let round = 0; round < ROUNDS; round++) {
    const identities = own.map((mean, k) => identityOf(mean, counts[k], between, variation));
    const nextBetween = covariance(identities, counts);
    const rest = covariance(
      own.map((mean, k) => mean.map((v, j) => v - identities[k][j])),
      counts,
    );
    const nextVariation = within.map((v, i) => v + rest[i]);
    const change =
      norm(nextBetween.map((v, i) => v - between[i])) + norm(nextVariation.map((v, i) => v - variation[i]));
    [between, variation] = [nextBetween, nextVariation];
    if (change < SMALLEST_CHANGE * (norm(between) + norm(variation))) break;
  }
  return factorOf(variation, d);
}

/** Covariance of the samples around their classes' means, [d, d]. */
function scatterWithin(
  { data, n, d }: Matrix,
  classes: number[][],
  overall: Float64Array,
  own: Float64Array[],
): Float64Array {
  const residuals = new Float64Array(n * d);
  classes.forEach((rows, k) => {
    for (const i of rows) for (let j = 0; j < d; j++) residuals[i * d + j] = data[i * d + j] - overall[j] - own[k][j];
  });
  return crossProduct(residuals, residuals, n, d, d).map((v) => v / n);
}

/** N·S_u·(N·S_u + S_ε)⁻¹·mean. */
function identityOf(mean: Float64Array, count: number, between: Float64Array, variation: Float64Array): Float64Array {
  const d = mean.length;
  const scaled = between.map((v) => count * v);
  const factor = factorOf(
    scaled.map((v, i) => v + variation[i]),
    d,
  );
  const solved = mean.slice();
  forwardSolve(factor, d, solved);
  backSolve(factor, d, solved);
  return mean.map((_, a) => {
    let s = 0;
    for (let b = 0; b < d; b++) s += scaled[a * d + b] * solved[b];
    return s;
  });
}

/** Covariance [d, d] of vectors [d], each of which counts `counts` times. */
function covariance(vectors: Float64Array[], counts: number[]): Float64Array {
  const d = vectors[0].length;
  const total = counts.reduce((s, c) => s + c, 0);
  const mean = new Float64Array(d);
  vectors.forEach((v, k) => {
    for (let j = 0; j < d; j++) mean[j] += (counts[k] / total) * v[j];
  });
  const scaled = Float64Array.from(
    vectors.flatMap((v, k) => [...v].map((x, j) => Math.sqrt(counts[k] / total) * (x - mean[j]))),
  );
  return crossProduct(scaled, scaled, vectors.length, d, d);
}

/** Lower Cholesky factor of a covariance with a ridge. */
function factorOf(matrix: Float64Array, d: number): Float64Array {
  const factor = cholesky(matrix, d);
  if (!factor) throw new Error('a covariance with a ridge is not positive definite');
  return factor;
}

const norm = (m: Float64Array) => Math.sqrt(m.reduce((s, v) => s + v * v, 0));
