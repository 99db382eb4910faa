/**
 * Which images of a class share a pattern, by the pixels alone: a matched filter (North 1943) for a pattern that is measured on some of the images, and measured
 * again on those that are found. Low frequencies are left out: by these, natural images differ.
 */
import { Rng } from '../base/random.js';
import { indicesByClass } from '../datasets/limits.js';
import type { ImageSet } from '../datasets/types.js';
import { input, mul, Program, sub, sum } from '../engine/index.js';
import { FEWEST_SAMPLES } from './clusters.js';
import { Frequencies } from './frequencies.js';
import { clustered, limited, SMALLEST_CLUSTER } from './mixture.js';

/** Fewest half periods across an image of a pattern's frequencies. */
const LOWEST = 4;
/** Variance of a coefficient, of 255², below which it says nothing: compression changes it as much. */
const LEAST_VARIANCE = 25;
/** Least mean square of a pixel, as a share of the mean, by which it counts. */
const PLAINEST = 0.1;
/** Images from which the variance of coefficients is known, and those of other classes from which that of pixels is. */
const [MEASURED, OF_OTHERS] = [1000, 300];
/** Rounds in which a pattern is measured again on the images that have it. */
const ROUNDS = 2;
/** Share of a class by which a pattern begins that nothing is known of. */
const START = 1 / 3;
/**
 * Standard deviations by which images with a pattern lie apart from the others: `clear` if there are at least `several` on each side (docs/defence.md). Halves of a normal distribution: 2.7; clean
 * classes of CIFAR-10 and Fashion-MNIST 3 to 7; a few copies of one image: up to 13.
 */
export const APART = { clear: 7, several: FEWEST_SAMPLES };
/** Images that are transformed at a time. */
const BLOCK = 100;

/** Which images of a class have a pattern. */
export interface Found {
  /** Log-odds that they have it, nats, [own]. */
  logOdds: Float64Array;
  /** How far those with it and those without lie apart in their correlation with it, in common standard deviations; NaN if all are alike. */
  separation: number;
  /** Images on the smaller side. */
  smaller: number;
}

/** Whether images with a pattern lie clearly apart from the others. */
export const isClear = ({ separation, smaller }: Pick<Found, 'separation' | 'smaller'>): boolean =>
  separation >= APART.clear && smaller >= APART.several;

/** What the images of other classes say of a filter for one class, and the norms of its own images. */
interface ClassFilter {
  own: readonly number[];
  /** Sum of its images. */
  sum: Float64Array;
  /** Mean image without the class. */
  without: Float64Array;
  /** Factor of each coefficient: one over its standard deviation in images without the class; 0 for the low ones. */
  factors: Float64Array;
  /** Weight of each pixel: one over the mean square that is left of it after the factors. A pattern is seen best where images are plain. */
  weights: Float64Array;
  /** Square root of each image's norm after the filter, [own]. */
  roots: Float64Array;
}

/** Finds patterns in the classes of a set. */
export class PatternFilter {
  /** What was found from a random start, by class. */
  private readonly begun = new Map<number, Found | null>();

  private constructor(
    readonly set: ImageSet,
    readonly frequencies: Frequencies,
    private readonly filters: readonly ClassFilter[],
    readonly seed: number,
  ) {}

  get classes(): number {
    return this.filters.length;
  }

  /** Rows of class `c`. */
  own(c: number): readonly number[] {
    return this.filters[c].own;
  }

  /** Measures the images of `set`, once for all patterns. */
  static async of(set: ImageSet, classes: number, seed: number): Promise<PatternFilter> {
    const frequencies = new Frequencies(set);
    const { size, radius } = frequencies;
    const members = indicesByClass(set.labels, classes);
    const sums = members.map((own) => sumOf(set, own));
    const transforms = await Transforms.of(frequencies);
    try {
      const sample = new Rng(seed, 'pattern variance').sample(
        Int32Array.from(set.labels.keys()),
        Math.min(MEASURED, set.n),
      );
      const measured = members.map(() => ({ n: 0, sum: new Float64Array(size), squares: new Float64Array(size) }));
      await transforms.coefficients(set, sample, (row, values) => {
        const of = measured[set.labels[row]];
        of.n++;
        values.forEach((v, j) => {
          of.sum[j] += v;
          of.squares[j] += v * v;
        });
      });
      const filters: ClassFilter[] = [];
      for (const [c, own] of members.entries()) {
        const others = <T>(all: readonly T[]) => all.filter((_, k) => k !== c);
        const without = total(others(sums)).map((v) => v / Math.max(1, set.n - own.length));
        const mean = frequencies.of(without);
        const n = others(measured).reduce((s, m) => s + m.n, 0);
        const [sum, squares] = [
          total(others(measured.map((m) => m.sum))),
          total(others(measured.map((m) => m.squares))),
        ];
        const factors = mean.map((m, j) => {
          if (radius[j] < LOWEST) return 0;
          const variance = (squares[j] - 2 * m * sum[j]) / Math.max(1, n) + m * m;
          return 1 / Math.sqrt(Math.max(0, variance) + LEAST_VARIANCE);
        });
        const plain = sample.filter((i) => set.labels[i] !== c).subarray(0, OF_OTHERS);
        const ones = new Float64Array(size).fill(1);
        const { pixels } = await transforms.filtered(set, plain, { without, factors, weights: ones });
        const left = pixels.map((v) => v / Math.max(1, plain.length));
        const floor = (PLAINEST * left.reduce((s, v) => s + v, 0)) / size;
        const weights = left.map((v) => 1 / (v + floor));
        const { norms } = await transforms.filtered(set, own, { without, factors, weights });
        filters.push({ own, sum: sums[c], without, factors, weights, roots: norms.map((v) => (v + 1e-12) ** 0.25) });
      }
      return new PatternFilter(set, frequencies, filters, seed);
    } finally {
      await transforms.release();
    }
  }

  /** The pattern by which some images of class `c` differ from its others, as an image; `inside` [own]. */
  difference(c: number, inside: ArrayLike<number>): Float64Array {
    const { own, sum } = this.filters[c];
    const chosen = own.filter((_, k) => inside[k] > 0);
    const rest = own.length - chosen.length;
    return this.withoutLow(sumOf(this.set, chosen).map((v, j) => v / chosen.length - (sum[j] - v) / rest));
  }

  /** The pattern of images of class `c` against those of other classes: what they show is cancelled if they show other classes. `logOdds` [own], nats: those above 0. */
  patternOf(c: number, logOdds: ArrayLike<number>): Float64Array {
    return this.withoutLow(this.shared(c, logOdds));
  }

  /** The same with its low frequencies: what is left of a trigger where the images show other classes. */
  shared(c: number, logOdds: ArrayLike<number>): Float64Array {
    const { own, without } = this.filters[c];
    const chosen = own.filter((_, k) => logOdds[k] > 0);
    return sumOf(this.set, chosen).map((v, j) => v / Math.max(1, chosen.length) - without[j]);
  }

  /**
   * The images of class `c` that share a pattern, from a random third of the class and from a `start`, an image, if there is one; null if nearly all are alike. Of what is
   * found, that which divides the class most clearly.
   */
  find(c: number, start: Float64Array | null): Found | null {
    if (!this.begun.has(c)) {
      const rng = new Rng(this.seed, 'pattern start', c);
      const inside = Uint8Array.from(this.own(c), () => Number(rng.uniform() < START));
      this.begun.set(c, this.clearest(this.from(c, this.difference(c, inside))));
    }
    const begun = this.begun.get(c)!;
    if (!start || (begun && isClear(begun))) return begun;
    return this.clearest([...(begun ? [begun] : []), ...this.from(c, start)]);
  }

  /** The pattern is measured again on those found, `ROUNDS` times. It may be of what the clean images show: then the trigger's is that of the others. */
  private from(c: number, start: Float64Array): Found[] {
    const first = this.split(c, start);
    return ([1, -1] as const).flatMap((side) => this.refined(c, first, side) ?? []);
  }

  /** Several images on each side count more than a few copies that lie further apart. */
  private clearest(found: readonly Found[]): Found | null {
    const isSeveral = ({ smaller }: Found) => Number(smaller >= APART.several);
    return found.toSorted((a, b) => isSeveral(b) - isSeveral(a) || b.separation - a.separation)[0] ?? null;
  }

  /** `side` 1: the images that are more like the pattern of the `first` split; −1: those that are less. */
  private refined(c: number, first: Found, side: 1 | -1): Found | null {
    let found = first;
    let odds: Float64Array = found.logOdds.map((v) => side * v);
    for (let round = 0; round < ROUNDS; round++) {
      if (found.smaller < SMALLEST_CLUSTER) return null;
      found = this.split(c, this.patternOf(c, odds));
      odds = found.logOdds;
    }
    return found;
  }

  /**
   * Two normal distributions of the images' correlation with a pattern, where frequencies and pixels count by the inverse of their variance, over the square
   * root of the image's norm: one with much structure correlates more with any pattern, and a patch is a part of its norm.
   */
  private split(c: number, pattern: Float64Array): Found {
    const { own, without, factors, weights, roots } = this.filters[c];
    const filter = (image: Float64Array) =>
      this.frequencies.image(this.frequencies.of(image).map((v, j) => v * factors[j]));
    // ⟨F(x − m), w·F(p)⟩ = ⟨x − m, F(w·F(p))⟩: the filter is symmetric.
    const wanted = filter(filter(pattern).map((v, j) => v * weights[j]));
    const { images } = this.set;
    const size = pattern.length;
    let constant = 0;
    for (let j = 0; j < size; j++) constant += without[j] * wanted[j];
    const scores = Float32Array.from(own, (row, k) => {
      let product = -constant;
      for (let j = 0, at = row * size; j < size; j++, at++) product += images[at] * wanted[j];
      return product / roots[k];
    });
    const n = scores.length;
    const power = Math.sqrt(scores.reduce((s, v) => s + v * v, 0) / n) + 1e-12;
    const { logOdds, separation } = clustered({ data: scores.map((v) => v / power), n, d: 1 }, this.seed);
    const meanOf = (sign: 1 | -1) => {
      const side = scores.filter((_, k) => sign * logOdds[k] > 0);
      return side.reduce((s, v) => s + v, 0) / Math.max(1, side.length);
    };
    const up = meanOf(1) >= meanOf(-1) ? 1 : -1;
    const having = logOdds.filter((v) => up * v > 0).length;
    return { separation, smaller: Math.min(having, n - having), logOdds: limited(logOdds).map((v) => up * v) };
  }

  private withoutLow(image: Float64Array): Float64Array {
    const { radius } = this.frequencies;
    return this.frequencies.image(this.frequencies.of(image).map((v, j) => (radius[j] < LOWEST ? 0 : v)));
  }
}

/** Transforms of many images, compiled. */
class Transforms {
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
    { without, factors, weights }: Pick<ClassFilter, 'without' | 'factors' | 'weights'>,
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
function* blocksOf({ images }: ImageSet, rows: ArrayLike<number>, padding: Float64Array) {
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
function sumOf({ images, height, width, channels }: ImageSet, rows: ArrayLike<number>): Float64Array {
  const size = height * width * channels;
  const sum = new Float64Array(size);
  for (let k = 0; k < rows.length; k++) {
    const image = images.subarray(rows[k] * size, (rows[k] + 1) * size);
    for (let j = 0; j < size; j++) sum[j] += image[j];
  }
  return sum;
}

/** Sum of vectors. */
const total = (all: readonly Float64Array[]): Float64Array =>
  all[0].map((_, j) => all.reduce((s, values) => s + values[j], 0));
