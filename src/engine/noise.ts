/**
 * Gaussian noise from a bank. Drawing a normal value for every activation costs more than the network itself, so a long
 * list of them is drawn once and every request is a window of it at a random offset: no copy, no draw.
 *
 * Windows of one step may overlap, but two that begin at the same place are rarer than one in a million, so for any unit the
 * values over samples and steps are independent draws with replacement from the bank.
 */
import type { Rng } from '../base/random.js';

/** A long list of normal values, drawn once, that noise is read from in windows at random offsets. */
export class NoiseBank {
  private readonly values: Float32Array;
  private readonly length: number;

  /** `longest`: the largest tensor that will be asked for. The same seed gives the same sequence of windows. */
  constructor(
    readonly std: number,
    longest: number,
    private rng: Rng,
    length = Math.max(1 << 22, 2 * longest),
  ) {
    this.length = length;
    // The bank itself depends on the seed of the stream it is given, then only offsets are drawn.
    this.values = rng.normals(length, std);
  }

  /** Offsets come from a new stream: a resumed run continues with the draws of its epoch. */
  reseed(rng: Rng) {
    this.rng = rng;
  }

  /** `n` values with mean 0 and standard deviation `std`: a view, valid for reading only. */
  draw(n: number): Float32Array {
    const at = this.rng.int(this.length - n + 1);
    return this.values.subarray(at, at + n);
  }
}
