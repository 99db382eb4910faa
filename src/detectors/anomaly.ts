/** Medians, and which of a few values lie far from the median of all. */

/** Median; NaN of no values. Reorders `values`. */
export function median(values: Float64Array): number {
  const n = values.length;
  if (n === 0) return Number.NaN;
  const upper = select(values, n >> 1);
  if (n % 2 === 1) return upper;
  // `select` left the smaller half in front.
  let lower = values[0];
  for (let i = 1; i < n >> 1; i++) if (values[i] > lower) lower = values[i];
  return (lower + upper) / 2;
}

/** The value with `rank` values before it in ascending order, by Hoare's quickselect; smaller values end in front of it. */
function select(values: Float64Array, rank: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let [i, j] = [low, high];
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) {
        const swapped = values[i];
        values[i++] = values[j];
        values[j--] = swapped;
      }
    }
    if (rank <= j) high = j;
    else if (rank >= i) low = i;
    else break;
  }
  return values[rank];
}

/** MAD · this is the standard deviation of a normal distribution. */
const MAD_TO_DEVIATION = 1.4826;

/** Anomaly index above which SCAn and Beatrix take a class for a target. */
export const ANOMALOUS = Math.E ** 2;

/**
 * Anomaly index |v − median| / (1.4826 · MAD) of each value, with a MAD of at least `least`. NaN values get 0 and do not count for the
 * others; so do all values if the MAD is 0.
 */
export function anomalyIndices(values: Float64Array, least = 0): Float64Array {
  const known = values.filter((v) => !Number.isNaN(v));
  const middle = median(known.slice());
  const spread = Math.max(least, median(known.map((v) => Math.abs(v - middle))));
  return values.map((v) => (spread > 0 && !Number.isNaN(v) ? Math.abs(v - middle) / (MAD_TO_DEVIATION * spread) : 0));
}
