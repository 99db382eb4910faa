/** Images as frequencies: the orthonormal DCT-II of every channel, in which natural images are strong at low frequencies and weak at high ones. */

import { constant, matmul, type Tensor } from '../engine/index.js';
import { crossProduct, transpose } from '../information/linalg.js';

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
  /** Values of a row of pixels. */
  readonly row: number;
  /** Half periods of each coefficient, √(u² + v²), [size]. */
  readonly radius: Float64Array;
  private readonly matrices: Record<'of' | 'image', { down: Float64Array; across: Float64Array }>;

  constructor(readonly shape: ImageShape) {
    const { height, width, channels } = shape;
    this.size = height * width * channels;
    this.row = width * channels;
    const [down, across] = [waves(height), waves(width)];
    // `crossProduct` transposes its first matrix.
    this.matrices = {
      of: { down: transpose(down, height, height), across: transpose(across, width, width) },
      image: { down, across },
    };
    this.radius = Float64Array.from({ length: this.size }, (_, j) => {
      const at = Math.floor(j / channels);
      return Math.hypot(Math.floor(at / width), at % width);
    });
  }

  /** Coefficients of an image [height, width, channels]. */
  of(image: Float64Array): Float64Array {
    return this.transformed(image, this.matrices.of);
  }

  /** The image of coefficients. */
  image(coefficients: Float64Array): Float64Array {
    return this.transformed(coefficients, this.matrices.image);
  }

  /** `of` or `image` of many images at once, as a graph: x [n, height, width · channels] in, the same shape out. */
  graph(name: 'of' | 'image', x: Tensor): Tensor {
    const { height, width, channels } = this.shape;
    const { down, across } = this.matrices[name];
    // Every channel for itself: the matrix along x is repeated on the diagonal of channels.
    const wide = new Float32Array(this.row ** 2);
    for (let from = 0; from < width; from++)
      for (let to = 0; to < width; to++)
        for (let c = 0; c < channels; c++)
          wide[(from * channels + c) * this.row + to * channels + c] = across[from * width + to];
    const left = constant(Float32Array.from(transpose(down, height, height)), [height, height]);
    return matmul(matmul(left, x), constant(wide, [this.row, this.row]));
  }

  private transformed(values: Float64Array, { down, across }: { down: Float64Array; across: Float64Array }) {
    const { height, width, channels } = this.shape;
    const columns = turned(crossProduct(down, values, height, height, width * channels), height, width, channels);
    return turned(crossProduct(across, columns, width, width, height * channels), width, height, channels);
  }
}

/** [rows, columns, channels] as [columns, rows, channels]. */
function turned(values: Float64Array, rows: number, columns: number, channels: number): Float64Array {
  const out = new Float64Array(values.length);
  for (let r = 0, at = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      for (let k = 0; k < channels; k++) out[(c * rows + r) * channels + k] = values[at++];
  return out;
}
