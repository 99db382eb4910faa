/** Whether the network learns one cluster of a class before the other: the signals `early loss` and `early information`. */
import { mean } from '../dynamics/trajectory.js';
import { outlyingClasses, type PerClass } from './evidence.js';
import { SMALLEST_CLUSTER } from './mixture.js';

/**
 * Difference of a class's clusters in a value of its samples, divided by the standard deviation of that value, and the standard error,
 * which is large if a cluster is small. `value`: [n], NaN for samples that do not count; `members`: rows of each class; `logOdds` of
 * the second cluster, [n].
 */
export function clusterDifference(
  value: Float32Array,
  members: readonly ArrayLike<number>[],
  logOdds: Float64Array,
): { values: number[]; errors: number[] } {
  const each = members.map((rows) => {
    const known = Array.from(rows).filter((r) => Number.isFinite(value[r]));
    const clusters = [true, false].map((up) => known.filter((r) => logOdds[r] > 0 === up).map((r) => value[r]));
    const all = known.map((r) => value[r]);
    const centre = mean(all);
    const sd = Math.sqrt(mean(all.map((v) => (v - centre) ** 2)));
    if (clusters.some((s) => s.length < SMALLEST_CLUSTER) || !(sd > 0)) return { value: Number.NaN, error: 0 };
    return {
      value: Math.abs(mean(clusters[0]) - mean(clusters[1])) / sd,
      error: Math.sqrt(1 / clusters[0].length + 1 / clusters[1].length),
    };
  });
  return { values: each.map((e) => e.value), errors: each.map((e) => e.error) };
}

/** The signal `early loss` of the loss at the first checkpoint, and `early information` of the contributions to I(T;Ŷ) there. */
export function earlyDifference(
  value: Float32Array,
  members: readonly ArrayLike<number>[],
  logOdds: Float64Array,
): PerClass {
  const { values, errors } = clusterDifference(value, members, logOdds);
  return { values, p: outlyingClasses(values, 'upper', { errors }) };
}
