/** Transforms of many images of a set, in blocks of a size that a compiled graph has. */
import type { ImageSet } from '../datasets/types.js';
import { input, mul, Program, sub, sum } from '../engine/index.js';
import type { Frequencies } from './frequencies.js';

/** Images that are transformed at a time. */
export const BLOCK = 100;

/** Transforms of many images, compiled. */
export class Transforms {
  private constructor(
    private readonly frequencies: Frequencies,
    private readonly coefficientsOf: Program,
    private readonly filter: Program,
  ) {}

  static async of(frequencies: Frequencies): Promise<Transforms> {
    const { row, shape } = frequencies;
    const x = input('x', [BLOCK, shape.height, row]);
    const [without, factors, weights] = ['without', 'factors', 'weights'].map((name) =>
      input(name, [shape.height, row]),
    );
    const y = frequencies.graph('image', mul(frequencies.graph('of', sub(x, without)), factors));
    const squares = mul(y, y);
    return new Transforms(
      frequencies,
      await Program.compile({ outputs: { y: frequencies.graph('of', x) } }),
      await Program.compile({ outputs: { pixels: sum(squares, [0]), norms: sum(mul(squares, weights), [1, 2]) } }),
    );
  }

  /** Coefficients of the images `rows`, one by one. */
  async coefficients(set: ImageSet, rows: ArrayLike<number>, each: (row: number, values: Float32Array) => void) {
    const { size } = this.frequencies;
    for (const block of blocksOf(set, rows, new Float64Array(size))) {
      const y = (await this.coefficientsOf.run({ x: block.x })).y as Float32Array;
      block.rows.forEach((row, k) => {
        each(row, y.subarray(k * size, (k + 1) * size));
      });
    }
  }

  /** Of images after a filter: sum of their squares by pixel, and of their weighted squares by image, [rows]. */
  async filtered(
    set: ImageSet,
    rows: ArrayLike<number>,
    { without, factors, weights }: Record<'without' | 'factors' | 'weights', Float64Array>,
  ): Promise<{ pixels: Float64Array; norms: Float64Array }> {
    const pixels = new Float64Array(this.frequencies.size);
    const norms: number[] = [];
    const [w, f, g] = [without, factors, weights].map((v) => Float32Array.from(v));
    for (const block of blocksOf(set, rows, without)) {
      const out = await this.filter.run({ x: block.x, without: w, factors: f, weights: g });
      (out.pixels as Float32Array).forEach((v, j) => {
        pixels[j] += v;
      });
      norms.push(...(out.norms as Float32Array).subarray(0, block.rows.length));
    }
    return { pixels, norms: Float64Array.from(norms) };
  }

  async release(): Promise<void> {
    await this.coefficientsOf.release();
    await this.filter.release();
  }
}

/** Images in blocks of `BLOCK`, the last one filled up with `padding`. */
export function* blocksOf({ images }: ImageSet, rows: ArrayLike<number>, padding: Float64Array) {
  const size = padding.length;
  for (let begin = 0; begin < rows.length; begin += BLOCK) {
    const x = new Float32Array(BLOCK * size);
    const own = Array.from({ length: Math.min(BLOCK, rows.length - begin) }, (_, k) => rows[begin + k]);
    own.forEach((row, k) => {
      x.set(images.subarray(row * size, (row + 1) * size), k * size);
    });
    for (let k = own.length; k < BLOCK; k++) x.set(padding, k * size);
    yield { x, rows: own };
  }
}

/** Sum of images, [height · width · channels]. */
export function sumOf({ images, height, width, channels }: ImageSet, rows: ArrayLike<number>): Float64Array {
  const size = height * width * channels;
  const sum = new Float64Array(size);
  for (let k = 0; k < rows.length; k++) {
    const image = images.subarray(rows[k] * size, (rows[k] + 1) * size);
    for (let j = 0; j < size; j++) sum[j] += image[j];
  }
  return sum;
}
