/**
 * Which images of a class share a pattern, by the pixels alone: a matched filter (North 1943) for a pattern that is measured on some of the images, and measured
 * again on those that are found. By frequencies, low ones are left out: by these, natural images differ.
 */
import { Rng } from '../base/random.js';
import { indicesByClass } from '../datasets/limits.js';
import type { ImageSet } from '../datasets/types.js';
import { input, matmul, Program } from '../engine/index.js';
import { FEWEST_SAMPLES } from './clusters.js';
import { Frequencies } from './frequencies.js';
import { BLOCK, blocksOf, sumOf, Transforms } from './image-blocks.js';
import { clustered, limited, SMALLEST_CLUSTER } from './mixture.js';

/** Fewest half periods across an image of a pattern's frequencies. */
const LOWEST = 4;
/** Variance of a coefficient, of 255², below which it says nothing: compression changes it as much. */
const LEAST_VARIANCE = 25;
/**
 * How images are looked at: by frequencies, each over its standard deviation, which shows pictures that are spread over the image; and by pixels, which shows patches where images are plain. `floor`: least
 * mean square of a pixel by which it counts, as a share of the mean. A patch lies where nearly nothing else does; else a low floor lets few pixels decide.
 */
const VIEWS = [
  { isByFrequency: true, floor: 0.1 },
  { isByFrequency: false, floor: 0.01 },
];
/** Images from which the variance of coefficients is known, and those of other classes from which that of pixels is. */
const [MEASURED, OF_OTHERS] = [1000, 300];
/** Rounds in which a pattern is measured again on the images that have it. */
const ROUNDS = 2;
/** Random shares of a class by which patterns begin that nothing is known of, how many, and rounds in which each is measured again on the images most like it, a share of the class. */
const START = { share: 1 / 3, tries: 8, rounds: 2, like: 1 / 10 };
/**
 * Standard deviations by which images with a pattern lie clearly apart from the others: `several` with at least 30 images on each side, `many` with at least 100 (docs/defence.md). Halves of a normal
 * distribution: 2.7; clean classes of CIFAR-10 and Fashion-MNIST, with 30 images: up to 8.5, with 100: up to 6; a few copies of one image: up to 48.
 */
const APART = { several: { images: FEWEST_SAMPLES, sd: 10 }, many: { images: 100, sd: 7 } };

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
  Object.values(APART).some(({ images, sd }) => separation >= sd && smaller >= images);

/** One class and what the images of the others say of its filters. */
interface ClassFilter {
  own: readonly number[];
  /** Sum of its images. */
  sum: Float64Array;
  /** Mean image without the class. */
  without: Float64Array;
  views: readonly View[];
}

/** One way of looking at the images of a class. */
interface View {
  /** Factor of each coefficient: one over its standard deviation in images without the class, 0 for the low ones; null by pixels. */
  factors: Float64Array | null;
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
        const views: View[] = [];
        for (const { isByFrequency, floor } of VIEWS) {
          const by = isByFrequency ? factors : ones;
          const { pixels } = await transforms.filtered(set, plain, { without, factors: by, weights: ones });
          const least = (floor * pixels.reduce((s, v) => s + v, 0)) / size;
          const weights = pixels.map((v) => Math.max(1, plain.length) / Math.max(v + least, 1e-12));
          const { norms } = await transforms.filtered(set, own, { without, factors: by, weights });
          const roots = norms.map((v) => (v + 1e-12) ** 0.25);
          views.push({ factors: isByFrequency ? factors : null, weights, roots });
        }
        filters.push({ own, sum: sums[c], without, views });
      }
      return new PatternFilter(set, frequencies, filters, seed);
    } finally {
      await transforms.release();
    }
  }

  /** The pattern by which some images of class `c` differ from its others, as an image; `inside` [own]. */
  difference(c: number, inside: ArrayLike<number>): Float64Array {
    return this.withoutLow(this.wholeDifference(c, inside));
  }

  /** The same with its low frequencies. */
  private wholeDifference(c: number, inside: ArrayLike<number>): Float64Array {
    const { own, sum } = this.filters[c];
    const chosen = own.filter((_, k) => inside[k] > 0);
    const rest = own.length - chosen.length;
    return sumOf(this.set, chosen).map((v, j) => v / chosen.length - (sum[j] - v) / rest);
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
   * The images of class `c` that share a pattern, from random shares of the class and from a `start`, an image, if there is one; null if nearly all are alike. Of what is
   * found, that which divides the class most clearly.
   */
  async find(c: number, start: Float64Array | null): Promise<Found | null> {
    if (!this.begun.has(c)) {
      const all: Found[] = [];
      for (const view of this.filters[c].views) all.push(...this.from(c, await this.begin(c, view), view));
      this.begun.set(c, this.clearest(all));
    }
    const begun = this.begun.get(c)!;
    if (!start || (begun && isClear(begun))) return begun;
    return this.clearest([
      ...(begun ? [begun] : []),
      ...this.filters[c].views.flatMap((view) => this.from(c, start, view)),
    ]);
  }

  /** A random share has the trigger a little more often than the rest, or less; the images most like its pattern have it more often still. Of several, the one that divides the class best. */
  private async begin(c: number, view: View): Promise<Float64Array> {
    const { own } = this.filters[c];
    const { size } = this.frequencies;
    const rng = new Rng(this.seed, 'pattern start', c);
    const shares = Array.from({ length: START.tries }, () => own.map(() => Number(rng.uniform() < START.share)));
    let patterns = shares.map((inside) => this.wholeDifference(c, inside));
    const products = await Program.compile({
      outputs: { y: matmul(input('x', [BLOCK, size]), input('w', [size, START.tries])) },
    });
    const scoresOf = async () => {
      const wanted = patterns.map((p) => this.wanted(p, view));
      const w = new Float32Array(size * START.tries);
      wanted.forEach((values, i) => {
        for (let j = 0; j < size; j++) w[j * START.tries + i] = values[j];
      });
      const y: number[] = [];
      for (const { x, rows } of blocksOf(this.set, own, new Float64Array(size)))
        y.push(...((await products.run({ x, w })).y as Float32Array).subarray(0, rows.length * START.tries));
      return wanted.map((values, i) => this.normalised(c, view, values, (k) => y[k * START.tries + i]));
    };
    try {
      let scores = await scoresOf();
      for (let round = 0; round < START.rounds; round++) {
        patterns = scores.map((of) => {
          const least = of.toSorted()[Math.floor((1 - START.like) * own.length)];
          return this.wholeDifference(
            c,
            of.map((v) => Number(v >= least)),
          );
        });
        scores = await scoresOf();
      }
      const apart = scores.map((of) => largestSeparation(of, FEWEST_SAMPLES));
      return patterns[apart.indexOf(Math.max(...apart))];
    } finally {
      await products.release();
    }
  }

  /** The pattern is measured again on those found, `ROUNDS` times. It may be of what the clean images show: then the trigger's is that of the others. */
  private from(c: number, start: Float64Array, view: View): Found[] {
    const first = this.split(c, start, view);
    return ([1, -1] as const).flatMap((side) => this.refined(c, first, side, view) ?? []);
  }

  /** Several images on each side count more than a few copies that lie further apart. */
  private clearest(found: readonly Found[]): Found | null {
    const isSeveral = ({ smaller }: Found) => Number(smaller >= FEWEST_SAMPLES);
    return found.toSorted((a, b) => isSeveral(b) - isSeveral(a) || b.separation - a.separation)[0] ?? null;
  }

  /** `side` 1: the images that are more like the pattern of the `first` split; −1: those that are less. */
  private refined(c: number, first: Found, side: 1 | -1, view: View): Found | null {
    let found = first;
    let odds: Float64Array = found.logOdds.map((v) => side * v);
    for (let round = 0; round < ROUNDS; round++) {
      if (found.smaller < SMALLEST_CLUSTER) return null;
      found = this.split(c, this.patternOf(c, odds), view);
      odds = found.logOdds;
    }
    return found;
  }

  /** What an image is multiplied with for its correlation with a pattern: frequencies and pixels count by the inverse of their variance. */
  private wanted(pattern: Float64Array, { factors, weights }: View): Float64Array {
    const filter = (image: Float64Array) =>
      factors ? this.frequencies.image(this.frequencies.of(image).map((v, j) => v * factors[j])) : image;
    // ⟨F(x − m), w·F(p)⟩ = ⟨x − m, F(w·F(p))⟩: the filter is symmetric.
    return filter(filter(pattern).map((v, j) => v * weights[j]));
  }

  /**
   * Correlation of the images of class `c` with what is `wanted`, [own], from the products of the two: over the square root of the image's norm, because one with much structure
   * correlates more with any pattern, and a patch is a part of its norm.
   */
  private normalised(
    c: number,
    { roots }: View,
    wanted: Float64Array,
    product: (k: number, row: number) => number,
  ): Float32Array {
    const { own, without } = this.filters[c];
    let constant = 0;
    for (let j = 0; j < wanted.length; j++) constant += without[j] * wanted[j];
    return Float32Array.from(own, (row, k) => (product(k, row) - constant) / roots[k]);
  }

  /** Two normal distributions of the images' correlation with a pattern. */
  private split(c: number, pattern: Float64Array, view: View): Found {
    const wanted = this.wanted(pattern, view);
    const { images } = this.set;
    const scores = this.normalised(c, view, wanted, (_, row) => {
      let product = 0;
      for (let j = 0, at = row * wanted.length; j < wanted.length; j++, at++) product += images[at] * wanted[j];
      return product;
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

/**
 * How far apart values lie on both sides of a cut, in standard deviations within the sides, at the cut where that is most (Fisher's criterion); `fewest`: values on each side.
 */
function largestSeparation(values: Float32Array, fewest: number): number {
  const n = values.length;
  const sorted = values.toSorted();
  const mean = sorted.reduce((s, v) => s + v, 0) / n;
  const all = sorted.reduce((s, v) => s + (v - mean) ** 2, 0);
  let [below, most] = [0, 0];
  for (let k = 1; k <= n - fewest; k++) {
    below += sorted[k - 1] - mean;
    if (k < fewest) continue;
    // Below the cut the deviations sum to `below`, and above it to its negative.
    const between = below ** 2 / k + below ** 2 / (n - k);
    const distance = Math.abs(below) / k + Math.abs(below) / (n - k);
    most = Math.max(most, distance / Math.sqrt((all - between) / n + 1e-30));
  }
  return most;
}

/** Sum of vectors. */
const total = (all: readonly Float64Array[]): Float64Array =>
  all[0].map((_, j) => all.reduce((s, values) => s + values[j], 0));
