/** Outliers among a few values, by the median absolute deviation (Hampel 1974): several detectors judge classes so. */

/** Ratio of a normal distribution's standard deviation to its median absolute deviation. */
const CONSISTENT = 1.4826;

export function median(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Distance of each value from the median, in median absolute deviations times 1.4826; 0 everywhere where most values are equal. */
export function anomalyIndices(values: Float64Array): Float64Array {
  const middle = median(values);
  const away = values.map((v) => Math.abs(v - middle));
  const spread = CONSISTENT * median(away);
  return away.map((a) => (spread > 0 ? a / spread : 0));
}
