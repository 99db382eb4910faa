/** The trigger under optimisation: Adam with a projection onto the bounds of its parts, as plain data that a file keeps. */
import type { Part } from './forms/types.js';

const [DECAY_MEAN, DECAY_SQUARE] = [0.9, 0.999];
/** A step of Adam, as a share of half of the range. */
const STEP = 0.05;

export interface Pattern {
  /** The numbers of the trigger, part after part. */
  delta: Float32Array;
  mean: Float32Array;
  square: Float32Array;
  /** Steps of Adam so far. */
  steps: number;
}

/** A trigger before its first step. */
export const begin = (delta: Float32Array): Pattern => ({
  delta,
  mean: new Float32Array(delta.length),
  square: new Float32Array(delta.length),
  steps: 0,
});

/** Moves the numbers down `gradient` and back into the bounds of `parts`. */
export function descend(pattern: Pattern, gradient: Float32Array, parts: readonly Part[]): void {
  const { delta, mean, square } = pattern;
  pattern.steps++;
  const [a, b] = [1 - DECAY_MEAN ** pattern.steps, 1 - DECAY_SQUARE ** pattern.steps];
  let i = 0;
  for (const { size, low, high } of parts)
    for (const end = i + size; i < end; i++) {
      mean[i] = DECAY_MEAN * mean[i] + (1 - DECAY_MEAN) * gradient[i];
      square[i] = DECAY_SQUARE * square[i] + (1 - DECAY_SQUARE) * gradient[i] ** 2;
      const step = (STEP * ((high - low) / 2) * (mean[i] / a)) / (Math.sqrt(square[i] / b) + 1e-12);
      delta[i] = Math.min(high, Math.max(low, delta[i] - step));
    }
}

/** The largest of the numbers that ε bounds: those of the first part. */
export const largest = (delta: Float32Array, [{ size }]: readonly Part[]) =>
  delta.subarray(0, size).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
