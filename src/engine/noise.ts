/**
 * Gaussian noise from a bank. Drawing a normal value for every activation costs more than the network itself. So a long list is drawn
 * once, and each request gets a window of it at a random offset, without a copy.
 *
 * Windows of one step may overlap, but less than one pair in a million has the same offset. For any unit, the values over samples and
 * steps are therefore draws with replacement from the bank.
 */
import type { Rng } from '../base/random.js';

/** A long list of normal values, drawn once, from which noise is read in windows at random offsets. */
export class NoiseBank {
  private readonly values: Float32Array;
  private readonly length: number;

  /** `longest`: size of the largest tensor. The same seed gives the same sequence of windows. 2²² values (16 MB) are the smallest bank. */
  constructor(
    readonly std: number,
    longest: number,
    private rng: Rng,
    length = Math.max(1 << 22, 2 * longest),
  ) {
    this.length = length;
    // The first draws of the stream fill the bank; all later ones are offsets.
    this.values = rng.normals(length, std);
  }

  /** Takes further offsets from a new stream, so that a resumed run gets the same noise. */
  reseed(rng: Rng) {
    this.rng = rng;
  }

  /** `n` values with mean 0 and standard deviation `std`: a view that must not be written to. */
  draw(n: number): Float32Array {
    const at = this.rng.int(this.length - n + 1);
    return this.values.subarray(at, at + n);
  }
}
