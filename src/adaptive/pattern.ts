/** The pattern δ under optimisation: Adam with a projection onto ‖δ‖∞ ≤ ε, as plain data that a file keeps. */
import { Rng } from '../base/random.js';

const [DECAY_MEAN, DECAY_SQUARE] = [0.9, 0.999];
/** A step of Adam, as a share of ε. */
const STEP = 0.05;

export interface Pattern {
  /** [h, w, c] */
  delta: Float32Array;
  mean: Float32Array;
  square: Float32Array;
  /** Steps of Adam so far. */
  steps: number;
}

/** Every value −ε or ε, from the seed: a pattern that networks learn from the start. */
export function firstPattern(size: number, epsilon: number, seed: number): Pattern {
  const rng = new Rng(seed, 'adaptive', 'pattern');
  const delta = Float32Array.from({ length: size }, () => (rng.int(2) === 0 ? -epsilon : epsilon));
  return { delta, mean: new Float32Array(size), square: new Float32Array(size), steps: 0 };
}

/** Moves δ down `gradient` and back into the ball. */
export function descend(pattern: Pattern, gradient: Float32Array, epsilon: number): void {
  const { delta, mean, square } = pattern;
  pattern.steps++;
  const [a, b] = [1 - DECAY_MEAN ** pattern.steps, 1 - DECAY_SQUARE ** pattern.steps];
  for (let i = 0; i < delta.length; i++) {
    mean[i] = DECAY_MEAN * mean[i] + (1 - DECAY_MEAN) * gradient[i];
    square[i] = DECAY_SQUARE * square[i] + (1 - DECAY_SQUARE) * gradient[i] ** 2;
    const moved = delta[i] - (STEP * epsilon * (mean[i] / a)) / (Math.sqrt(square[i] / b) + 1e-12);
    delta[i] = Math.min(epsilon, Math.max(-epsilon, moved));
  }
}

/** ‖δ‖∞ */
export const linf = (delta: Float32Array) => delta.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
