/** Images as frequencies: the orthonormal DCT-II of every channel, in which natural images are strong at low frequencies and weak at high ones. */

import { transpose } from '../information/linalg.js';

/** Height, width and channels of images. */
export interface ImageShape {
  height: number;
  width: number;
  channels: number;
}

/** The orthonormal DCT-II of `n` values as a matrix [n, n]: row u is the wave of u half periods. */
const waves = (n: number): Float64Array =>
  Float64Array.from({ length: n * n }, (_, at) => {
    const [u, x] = [Math.floor(at / n), at % n];
    return Math.sqrt((u === 0 ? 1 : 2) / n) * Math.cos((Math.PI * u * (x + 0.5)) / n);
  });

/** The DCT of images of one shape. Coefficients are [height, width, channels]: half periods along y, along x, and the channel. */
export class Frequencies {
  readonly size: number;
  /** Half periods of each coefficient, √(u² + v²), [size]. */
  readonly radius: Float64Array;
  private readonly matrices: Record<'of' | 'image', { down: Float64Array; across: Float64Array }>;

  constructor(private readonly shape: ImageShape) {
    const { height, width, channels } = shape;
    this.size = height * width * channels;
    const [down, across] = [waves(height), waves(width)];
    this.matrices = {
      of: { down, across },
      image: { down: transpose(down, height, height), across: transpose(across, width, width) },
    };
    this.radius = Float64Array.from({ length: this.size }, (_, j) => {
      const at = Math.floor(j / channels);
      return Math.hypot(Math.floor(at / width), at % width);
    });
  }

  /** Coefficients of an image [height, width, channels]. */
  of(image: ArrayLike<number>): Float64Array {
    return this.transformed(image, this.matrices.of);
  }

  /** The image of coefficients. */
  image(coefficients: ArrayLike<number>): Float64Array {
    return this.transformed(coefficients, this.matrices.image);
  }

  private transformed(values: ArrayLike<number>, { down, across }: { down: Float64Array; across: Float64Array }) {
    const { height, width, channels } = this.shape;
    const row = width * channels;
    const columns = new Float64Array(this.size);
    for (let to = 0; to < height; to++)
      for (let from = 0; from < height; from++) {
        const weight = down[to * height + from];
        for (let k = 0; k < row; k++) columns[to * row + k] += weight * values[from * row + k];
      }
    const out = new Float64Array(this.size);
    for (let y = 0; y < height; y++)
      for (let to = 0; to < width; to++)
        for (let from = 0; from < width; from++) {
          const weight = across[to * width + from];
          for (let c = 0; c < channels; c++)
            out[y * row + to * channels + c] += weight * columns[y * row + from * channels + c];
        }
    return out;
  }
}
