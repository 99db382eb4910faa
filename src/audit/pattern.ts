/**
 * The pattern of a class: what the images at one end of the class in T have that those at the other end do not have. In a class with poisoned samples, the two
 * ends differ by the trigger, as far as they divide poisoned samples from clean ones, even if these form no clusters. Such a pattern makes the network
 * name the class on images of all other classes, as no other pattern of the same frequencies does. Low frequencies are left out: by these, natural images differ.
 */
import { Rng } from '../base/random.js';
import { indicesByClass } from '../datasets/limits.js';
import { gather } from '../datasets/select.js';
import type { ImageSet } from '../datasets/types.js';
import { type Matrix, principalComponents, rowsOf } from '../information/columns.js';
import { crossProduct, ridgedFactor } from '../information/linalg.js';
import { whitened } from '../information/noise-model.js';
import { centred } from '../information/resolved.js';
import type { Patterns } from './checkpoint.js';
import { FEWEST_SAMPLES } from './clusters.js';
import { outlyingClasses, type PerClass } from './evidence.js';
import { Frequencies } from './frequencies.js';
import { clustered, limited, SMALLEST_CLUSTER } from './mixture.js';
import { strongest } from './second-network.js';

/** Fewest half periods across an image of a pattern's frequencies. */
const LOWEST = 4;
/** Principal components of T along which a class has ends, and shares of the class that an end is. */
const [DIRECTIONS, ENDS] = [3, [1 / 3, 1 / 10]];
/** Root mean square, of 255, of a pattern that is added to images: a PSNR of 22 dB. */
const STRENGTH = 20;
/** Images of other classes that are shown a pattern, and patterns of the same frequencies that it is compared with. */
const [SHOWN, COMPARED] = [128, 2];
/** Ridge on the covariance of T within classes, as a share of its mean variance. */
const RIDGE = 1e-3;
/** Variance of a coefficient, of 255², below which it says nothing: compression changes it as much. */
const LEAST_VARIANCE = 25;
/** Least mean square of a pixel, as a share of the mean, by which it counts. */
const PLAINEST = 0.1;
/** Images from which the variance of coefficients is known. */
const MEASURED = 1000;
/** P of an effect from which the images with the pattern are looked for. */
const LOOKED_FOR = 0.05;
/**
 * Standard deviations by which images with a trigger lie apart from those without it: from `least` on they can be told, and from `clear` on that is evidence
 * too if there are `several` images with it, with the `chance` that those with the pattern of a clean class are so far from the others (docs/defence.md).
 * Halves of a normal distribution: 2.7; a few copies of one image: 6 to 13.
 */
const APART = { least: 4, clear: 7, several: FEWEST_SAMPLES, chance: 0.1 };
/** Effect that is evidence by itself: patterns of what clean classes show reach 0.39. A weaker one needs images that lie clearly apart. */
const STRONG = 0.5;
/** Standard deviation of `effects` between classes of clean sets, and the degrees of freedom for which it counts (docs/defence.md). */
const SPREAD = { sd: 0.066, freedom: 12 };

/** A network that says what images show: logits [n, classes]. */
export type Shown = (images: ImageSet) => Promise<Float32Array>;

/** The pattern of each class, by T of the set's samples (`features` [n, d]) and what the network, `shown`, makes of other images with it. */
export async function patternsOf(
  shown: Shown,
  set: ImageSet,
  features: Matrix,
  classes: number,
  seed: number,
): Promise<Patterns> {
  const frequencies = new Frequencies(set);
  const members = indicesByClass(set.labels, classes);
  const ends = endsOf(features, members, seed);
  const effects = new Float32Array(classes).fill(Number.NaN);
  const patterns: (Float64Array | null)[] = members.map(() => null);
  for (const [c, own] of members.entries()) {
    if (own.length < FEWEST_SAMPLES) continue;
    const others = Int32Array.from(set.labels.keys()).filter((i) => set.labels[i] !== c);
    const asked = new Rng(seed, 'pattern', c).sample(others, Math.min(SHOWN, others.length));
    const [few, all] = [asked.subarray(0, Math.ceil(asked.length / 4)), asked].map((rows) => gather(set, rows));
    const share = async (pattern: Float64Array, images: ImageSet) =>
      shareOf(await shown(added(images, frequencies.image(pattern))), classes, c);
    const whole = sumOf(set, own);
    let [best, most]: [Float64Array | null, number] = [null, -1];
    for (const end of await ends(c)) {
      const inside = own.filter((_, k) => end[k]);
      const sum = sumOf(set, inside);
      const rest = own.length - inside.length;
      const difference = sum.map((v, j) => v / inside.length - (whole[j] - v) / rest);
      const pattern = withoutLow(frequencies, frequencies.of(difference));
      const named = await share(pattern, few);
      if (named > most) [best, most] = [pattern, named];
    }
    let effect = await share(best!, all);
    const rng = new Rng(seed, 'pattern signs', c);
    for (let k = 0; k < COMPARED; k++)
      effect -=
        (await share(
          best!.map((v) => (rng.uniform() < 0.5 ? -v : v)),
          all,
        )) / COMPARED;
    effects[c] = effect;
    patterns[c] = best;
  }
  const separations = new Float32Array(classes).fill(Number.NaN);
  const smaller = new Float32Array(classes);
  const logOdds = new Float32Array(set.n).fill(Number.NaN);
  const p = chancesOf(effects);
  for (const [c, own] of members.entries()) {
    const pattern = patterns[c];
    const found = pattern && p[c] <= LOOKED_FOR ? havingPattern(set, frequencies, c, pattern, seed) : null;
    if (!found) continue;
    separations[c] = found.separation;
    smaller[c] = smallerOf(found.logOdds);
    own.forEach((i, k) => {
      logOdds[i] = found.logOdds[k];
    });
  }
  return { effects, separations, smaller, logOdds };
}

/** Chance that any class of a clean set has an effect this large, [classes]. */
const chancesOf = (effects: Float32Array): number[] => outlyingClasses([...effects], 'upper', { clean: SPREAD });

/**
 * The signal `pattern`: `effects` of each class, NaN for all where they were not measured. A weak one is evidence only if the images with the pattern lie clearly
 * apart from the others, which makes the chance of a clean class smaller. `isApart`: whether they can be told.
 */
export function patternSignal(patterns: Patterns | undefined, classes: number): PerClass & { isApart: boolean[] } {
  if (!patterns) {
    const all = <T>(value: T) => new Array<T>(classes).fill(value);
    return { values: all(Number.NaN), p: all(1), isApart: all(false) };
  }
  const isApart = Array.from(patterns.separations, (v) => v >= APART.least);
  const isClear = (c: number) => patterns.separations[c] >= APART.clear && patterns.smaller[c] >= APART.several;
  const p = chancesOf(patterns.effects).map((v, c) =>
    isClear(c) ? APART.chance * v : patterns.effects[c] >= STRONG ? v : 1,
  );
  return { values: [...patterns.effects], p, isApart };
}

/** Both ends of a class along each of its first components, in which T of the other classes is white: which of its samples belong to one, [own]. */
function endsOf(
  { data, n, d }: Matrix,
  members: readonly number[][],
  seed: number,
): (c: number) => Promise<Uint8Array[]> {
  const within = members.map((own) => centred(Float64Array.from(rowsOf({ data, n, d }, own).data), own.length, d));
  const products = within.map((z) => crossProduct(z, z, z.length / d, d, d));
  return async (c) => {
    const size = members[c].length;
    const others = products.filter((_, k) => k !== c);
    const covariance = Float64Array.from(
      { length: d * d },
      (_, k) => others.reduce((s, p) => s + p[k], 0) / (n - size),
    );
    const white = whitened(within[c], ridgedFactor(covariance, d, RIDGE), d);
    const k = Math.min(DIRECTIONS, d);
    const scores = await principalComponents({ data: Float32Array.from(white), n: size, d }, k, seed);
    return ENDS.flatMap((share) =>
      Array.from({ length: 2 * k }, (_, at) => {
        const sign = at % 2 ? -1 : 1;
        const along = Float64Array.from({ length: size }, (_, i) => sign * scores.data[i * k + (at >> 1)]);
        const least = along.slice().sort()[Math.floor((1 - share) * size)];
        return Uint8Array.from(along, (v) => Number(v >= least));
      }),
    );
  };
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

/** Mean of images, [height · width · channels]. */
const meanImage = (set: ImageSet, rows: ArrayLike<number>) => sumOf(set, rows).map((v) => v / Math.max(1, rows.length));

/** Coefficients without those of low frequencies. */
const withoutLow = ({ radius }: Frequencies, coefficients: Float64Array) =>
  coefficients.map((v, j) => (radius[j] < LOWEST ? 0 : v));

/** Images with a pattern, scaled to `STRENGTH`, added. */
function added(set: ImageSet, pattern: Float64Array): ImageSet {
  const size = pattern.length;
  const power = Math.sqrt(pattern.reduce((s, v) => s + v * v, 0) / size);
  const scale = power > 0 ? STRENGTH / power : 0;
  // Values are rounded and limited to 0 to 255 as they are stored.
  const images = new Uint8ClampedArray(set.images.length);
  for (let at = 0; at < images.length; at += size)
    for (let j = 0; j < size; j++) images[at + j] = set.images[at + j] + scale * pattern[j];
  return { ...set, images: new Uint8Array(images.buffer) };
}

/** Share of rows of logits [n, classes] whose largest is that of class `c`. */
function shareOf(logits: Float32Array, classes: number, c: number): number {
  const n = logits.length / classes;
  let found = 0;
  for (let i = 0; i < n; i++) found += Number(strongest(logits, i, classes) === c) / n;
  return found;
}

/** Which images of a class have a pattern. */
interface Found {
  /** Log-odds that they have it, nats, [own]. */
  logOdds: Float64Array;
  /** How far those with it and those without lie apart in their correlation with it, in common standard deviations; NaN if all are alike. */
  separation: number;
}

/**
 * Which images of class `c` have its pattern, by coefficients, against the images of all others; null if nearly all are alike. The pattern may be of what
 * the clean images show: then the trigger's is that of the others. Of both, the one that divides the class more clearly, if there are several such images.
 */
function havingPattern(
  set: ImageSet,
  frequencies: Frequencies,
  c: number,
  pattern: Float64Array,
  seed: number,
): Found | null {
  const rows = (is: boolean) => Int32Array.from(set.labels.keys()).filter((i) => (set.labels[i] === c) === is);
  const filter = new PatternFilter(set, frequencies, rows(true), rows(false), seed);
  const first = filter.split(pattern);
  const found = ([1, -1] as const).flatMap((side) => filter.find(first, side) ?? []);
  const isSeveral = ({ logOdds }: Found) => Number(smallerOf(logOdds) >= APART.several);
  return found.sort((a, b) => isSeveral(b) - isSeveral(a) || b.separation - a.separation)[0] ?? null;
}

/** Images on the smaller side of a split. */
function smallerOf(logOdds: Float64Array): number {
  const having = logOdds.filter((v) => v > 0).length;
  return Math.min(having, logOdds.length - having);
}

/** Rounds in which a pattern is measured again on the images that have it. */
const ROUNDS = 2;

/** Finds a pattern in images of one class. */
class PatternFilter {
  /** Factor of each coefficient: one over its standard deviation in images without the class; 0 for the low ones. */
  private readonly factors: Float64Array;
  /** Weight of each pixel: one over the mean square that is left of it after the factors. A pattern is seen best where images are plain. */
  private readonly weights: Float64Array;
  /** Mean image without the class. */
  private readonly without: Float64Array;
  /** Images of the class after the factors, less the mean one without the class. */
  private readonly filtered: Float64Array[];

  /** `own`: rows of the class; `others`: rows of images without it. */
  constructor(
    private readonly set: ImageSet,
    private readonly frequencies: Frequencies,
    private readonly own: Int32Array,
    others: Int32Array,
    private readonly seed: number,
  ) {
    const { size, radius } = frequencies;
    this.without = meanImage(set, others);
    const measured = new Rng(seed, 'pattern variance').sample(others, Math.min(MEASURED, others.length));
    const meanSquares = (rows: readonly Float64Array[]) => {
      const sum = new Float64Array(size);
      for (const row of rows) for (let j = 0; j < size; j++) sum[j] += row[j] ** 2 / rows.length;
      return sum;
    };
    const coefficients = Array.from(measured, (i) => this.frequencies.of(this.beyond(i)));
    this.factors = meanSquares(coefficients).map((v, j) =>
      radius[j] < LOWEST ? 0 : 1 / Math.sqrt(v + LEAST_VARIANCE),
    );
    const left = meanSquares(coefficients.map((v) => this.afterFactors(v)));
    const floor = (PLAINEST * left.reduce((s, v) => s + v, 0)) / size;
    this.weights = left.map((v) => 1 / (v + floor));
    this.filtered = Array.from(own, (i) => this.afterFactors(this.frequencies.of(this.beyond(i))));
  }

  /** An image less the mean one without the class. */
  private beyond(i: number): Float64Array {
    const { size } = this.frequencies;
    return this.without.map((v, j) => this.set.images[i * size + j] - v);
  }

  private afterFactors(coefficients: Float64Array): Float64Array {
    return this.frequencies.image(coefficients.map((v, j) => v * this.factors[j]));
  }

  /**
   * The images of the class that have a pattern, from their `first` split by it: the pattern is measured again on those found, `ROUNDS` times. `side` 1: those that are more like it; −1: less,
   * which is the trigger's side if the pattern is of what the clean images show.
   */
  find(first: Found, side: 1 | -1): Found | null {
    let found = first;
    let odds: Float64Array = found.logOdds.map((v) => side * v);
    for (let round = 0; round < ROUNDS; round++) {
      if (smallerOf(odds) < SMALLEST_CLUSTER) return null;
      found = this.split(this.patternOf(Array.from(odds, (v) => v > 0)));
      odds = found.logOdds;
    }
    return found;
  }

  /**
   * Two normal distributions of the images' correlation with a pattern, where frequencies and pixels count by the inverse of their variance (a matched filter:
   * North 1943), over the square root of the image's norm: one with much structure correlates more with any pattern, and a patch is a part of its norm.
   */
  split(pattern: Float64Array): Found {
    const wanted = this.afterFactors(pattern);
    const scores = Float32Array.from(this.filtered, (x) => {
      let [product, square] = [0, 0];
      for (let j = 0; j < x.length; j++) {
        const weighted = this.weights[j] * x[j];
        product += weighted * wanted[j];
        square += weighted * x[j];
      }
      return product / (square + 1e-12) ** 0.25;
    });
    const n = scores.length;
    const power = Math.sqrt(scores.reduce((s, v) => s + v * v, 0) / n) + 1e-12;
    const { logOdds, separation } = clustered({ data: scores.map((v) => v / power), n, d: 1 }, this.seed);
    const meanOf = (sign: 1 | -1) => {
      const side = scores.filter((_, k) => sign * logOdds[k] > 0);
      return side.reduce((s, v) => s + v, 0) / Math.max(1, side.length);
    };
    const up = meanOf(1) >= meanOf(-1) ? 1 : -1;
    return { separation, logOdds: limited(logOdds).map((v) => up * v) };
  }

  /** The pattern, as coefficients, of some images of the class against those without it. What they show is cancelled if they show other classes. */
  private patternOf(chosen: readonly boolean[]): Float64Array {
    const mean = meanImage(
      this.set,
      this.own.filter((_, k) => chosen[k]),
    );
    return withoutLow(this.frequencies, this.frequencies.of(mean.map((v, j) => v - this.without[j])));
  }
}
