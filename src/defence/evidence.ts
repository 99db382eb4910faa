/**
 * Evidence of a backdoor while a network is being trained, from recordings of all its samples. Each class is compared with the others, as in an audit
 * (audit/evidence.ts), by five signals: how clearly its samples form two clusters in T (two of them), whether the pattern by which its ends differ makes the
 * network name the class, the resolved information of the class, and how much the contributions of its two clusters to that information differ. No network is
 * trained for it.
 */
import type { Checkpoint } from '../audit/checkpoint.js';
import { FEWEST_SAMPLES, separation, type TwoClusters, twoClusters, twoSidedness } from '../audit/clusters.js';
import { clusterDifference } from '../audit/early.js';
import { combined, outlyingClasses, type PerClass } from '../audit/evidence.js';
import { patternSignal } from '../audit/pattern.js';
import { Rng } from '../base/random.js';
import { indicesByClass } from '../datasets/limits.js';
import { mean } from '../dynamics/trajectory.js';
import { rowsOf } from '../information/columns.js';
import { crossProduct, ridgedFactor } from '../information/linalg.js';
import { whitened } from '../information/noise-model.js';
import { chooseKappa, KAPPAS } from '../information/resolution.js';
import { centred, resolvedInformation } from '../information/resolved.js';

/** The signals and the share of the level that each gets: most for those that a backdoor moves by how it works. */
export const WEIGHTS = {
  separation: 0.3,
  'two-sidedness': 0.3,
  pattern: 0.3,
  information: 0.05,
  'cluster information': 0.05,
} as const;
/** One of the signals. */
export type DefenceSignal = keyof typeof WEIGHTS;

/** Samples of a class whose resolved information is measured: the same number of every class. */
const MEASURED = 400;
/** Directions of ε, each with both signs. */
const DIRECTIONS = 2;
/** Ridge on the noise's covariance, as a share of its mean variance: channels that never fire have no noise. */
const RIDGE = 1e-3;

/** What is known at one decision. */
export interface Evidence {
  /** p of each class, adjusted for the signals and for the number of classes. */
  p: number[];
  /** Values of the signals by class; NaN where they could not be measured. */
  values: Record<DefenceSignal, number[]>;
  /** Chance of the two cluster signals alone, and of a pattern that divides the class alone: without either no samples can be set aside. */
  clustered: number[];
  patterned: number[];
  /** Log-odds that a sample lies in the second cluster of its class, nats, [n]. */
  logOdds: Float64Array;
  /** κ of the resolved information at the last recording; NaN where it was not measured. */
  kappa: number;
}

/** The evidence of the patterns of the last recording alone. */
export function patternEvidence(checkpoints: readonly Checkpoint[], labels: Int32Array, classes: number): Evidence {
  const { values, p, patterned } = patternsIn(checkpoints, classes);
  const all = <T>(value: T) => new Array<T>(classes).fill(value);
  const nothing = all(Number.NaN);
  return {
    p: p.map((v) => Math.min(1, v / WEIGHTS.pattern)),
    clustered: all(1),
    patterned,
    values: {
      separation: nothing,
      'two-sidedness': nothing,
      pattern: values,
      information: nothing,
      'cluster information': nothing,
    },
    logOdds: new Float64Array(labels.length),
    kappa: Number.NaN,
  };
}

/** The signal `pattern` at the last recording, and the chance of a pattern that divides its class, [classes]. */
function patternsIn(checkpoints: readonly Checkpoint[], classes: number): PerClass & { patterned: number[] } {
  const { values, p, isApart } = patternSignal(checkpoints.at(-1)!.patterns, classes);
  return { values, p, patterned: p.map((v, c) => (isApart[c] ? v / WEIGHTS.pattern : 1)) };
}

/** The evidence of recordings of a training so far; `labels` [n]. */
export async function evidenceOf(
  checkpoints: readonly Checkpoint[],
  labels: Int32Array,
  classes: number,
  seed: number,
): Promise<Evidence> {
  const members = indicesByClass(labels, classes);
  const logOdds = new Float64Array(labels.length);
  const split: (TwoClusters | null)[] = [];
  for (const rows of members) {
    const found = rows.length < FEWEST_SAMPLES ? null : await twoClusters(checkpoints, rows, seed);
    rows.forEach((r, i) => {
      logOdds[r] = found?.logOdds[i] ?? 0;
    });
    split.push(found);
  }
  const { kappa, ofClass, ofSample } = information(checkpoints.at(-1)!, members, seed);
  const difference = clusterDifference(ofSample, members, logOdds);
  const pattern = patternsIn(checkpoints, classes);
  const each: Record<DefenceSignal, PerClass> = {
    separation: separation(split),
    'two-sidedness': twoSidedness(split),
    pattern,
    information: { values: ofClass, p: outlyingClasses(ofClass, 'both') },
    'cluster information': {
      values: difference.values,
      p: outlyingClasses(difference.values, 'upper', { errors: difference.errors }),
    },
  };
  const judged = [...members.keys()].filter((c) => split[c] !== null);
  const names = Object.keys(WEIGHTS) as DefenceSignal[];
  const together = judged.map((c) => combined(names.map((s) => ({ p: each[s].p[c], weight: WEIGHTS[s] }))));
  const clusters = judged.map((c) =>
    combined((['separation', 'two-sidedness'] as const).map((s) => ({ p: each[s].p[c], weight: 1 / 2 }))),
  );
  const spread = (values: readonly number[]) => {
    const all = members.map(() => 1);
    judged.forEach((c, i) => {
      all[c] = values[i];
    });
    return all;
  };
  return {
    p: spread(together.map((p) => Math.min(1, p))),
    clustered: spread(clusters),
    patterned: pattern.patterned,
    values: Object.fromEntries(names.map((s) => [s, each[s].values])) as Evidence['values'],
    logOdds,
    kappa,
  };
}

/** Resolved information of the classes under the noise of the whole set, and what each measured sample contributes, nats; NaN elsewhere. */
function information(
  { features, t }: Checkpoint,
  members: readonly ArrayLike<number>[],
  seed: number,
): { kappa: number; ofClass: number[]; ofSample: Float32Array } {
  const { n, d } = features;
  const noisy = Int32Array.from({ length: n }, (_, i) => i).filter((i) => !Number.isNaN(t.data[i * d]));
  const free = rowsOf(features, noisy).data;
  const residuals = centred(
    rowsOf(t, noisy).data.map((v, i) => v - free[i]),
    noisy.length,
    d,
  );
  const covariance = crossProduct(residuals, residuals, noisy.length, d, d).map((v) => v / (noisy.length - 1));
  const factor = ridgedFactor(covariance, d, RIDGE);
  const judged = members.map((rows) => rows.length).filter((size) => size >= FEWEST_SAMPLES);
  const size = Math.min(MEASURED, ...judged);
  const measured = members.map((rows, c) => {
    if (rows.length < FEWEST_SAMPLES) return null;
    const chosen = new Rng(seed, 'defence', 'information', c).sample(rows, size);
    const points = { data: whitened(rowsOf(features, chosen).data, factor, d), n: size, d };
    const z = new Rng(seed, 'defence', 'epsilon').normals(DIRECTIONS * size * d);
    return { chosen, ...resolvedInformation(points, KAPPAS, z) };
  });
  const known = measured.filter((m) => m !== null);
  const kappa = chooseKappa(
    KAPPAS,
    KAPPAS.map((_, k) => mean(known.map((m) => m.nats[k]))),
    size,
  );
  const k = KAPPAS.indexOf(kappa);
  const ofSample = new Float32Array(n).fill(Number.NaN);
  for (const { chosen, pointwise } of known)
    chosen.forEach((row, i) => {
      ofSample[row] = pointwise[k][i];
    });
  return { kappa, ofClass: measured.map((m) => m?.nats[k] ?? Number.NaN), ofSample };
}
