/**
 * The pattern of a class: what the images at one end of the class in T have that those at the other end do not have. In a class with poisoned samples, the two
 * ends differ by the trigger, as far as they divide poisoned samples from clean ones, even if these form no clusters. Such a pattern makes the network
 * name the class on images of all other classes, as no other pattern of the same frequencies does. Low frequencies are left out: by these, natural images differ.
 */
import { Rng } from '../base/random.js';
import { gather } from '../datasets/select.js';
import type { ImageSet } from '../datasets/types.js';
import { type Matrix, principalComponents, rowsOf } from '../information/columns.js';
import { crossProduct, ridgedFactor } from '../information/linalg.js';
import { whitened } from '../information/noise-model.js';
import { centred } from '../information/resolved.js';
import type { Checkpoint, Patterns } from './checkpoint.js';
import { FEWEST_SAMPLES } from './clusters.js';
import { outlyingClasses, type PerClass } from './evidence.js';
import { isClear, type PatternFilter } from './pattern-filter.js';
import { strongest } from './second-network.js';

/** Principal components of T along which a class has ends, and shares of the class that an end is. */
const [DIRECTIONS, ENDS] = [3, [1 / 3, 1 / 10]];
/** Root mean square, of 255, of a pattern that is added to images: a PSNR of 22 dB. */
const STRENGTH = 20;
/** Images of other classes that are shown a pattern, and patterns of the same frequencies that it is compared with. */
const [SHOWN, COMPARED] = [128, 2];
/** Ridge on the covariance of T within classes, as a share of its mean variance. */
const RIDGE = 1e-3;
/** Standard deviations from which images with a pattern can be told from the others. */
const TOLD = 4;
/** Chance that those with the pattern of a clean class lie clearly apart (`isClear`) from the others. */
const CLEAR_BY_CHANCE = 0.1;
/** Difference of effects by which it is clear which of two groups has the trigger. */
const TOLD_BY_EFFECT = 0.2;
/** Effect that is evidence by itself: patterns of what clean classes show reach 0.39. A weaker one needs images that lie clearly apart. */
const STRONG = 0.5;
/** Standard deviation of `effects` between classes of clean sets, and the degrees of freedom for which it counts (docs/defence.md). */
const SPREAD = { sd: 0.066, freedom: 12 };

/** A network that says what images show: logits [n, classes]. */
export type Shown = (images: ImageSet) => Promise<Float32Array>;

/**
 * The pattern of each class, by T of the samples (`features` [n, d]) of the set that `filter` measured, what the network makes of them (`logits` [n, classes]), and what it makes, `shown`,
 * of other images with the pattern. It is that of the end of the class by which the network names it most often, or that of images that lie clearly apart, if it has a larger effect.
 */
export async function patternsOf(
  shown: Shown,
  filter: PatternFilter,
  { features, logits }: Pick<Checkpoint, 'features' | 'logits'>,
): Promise<Patterns> {
  const { set, frequencies, classes, seed } = filter;
  const names = Int32Array.from({ length: set.n }, (_, i) => strongest(logits.data, i, classes));
  const ends = endsOf(
    features,
    Array.from({ length: classes }, (_, c) => filter.own(c)),
    seed,
  );
  const [effects, contents, separations, smaller, logOdds] = [classes, classes, classes, classes, set.n].map((size) =>
    new Float32Array(size).fill(Number.NaN),
  );
  for (let c = 0; c < classes; c++) {
    const own = filter.own(c);
    if (own.length < FEWEST_SAMPLES) continue;
    const others = Int32Array.from(set.labels.keys()).filter((i) => set.labels[i] !== c);
    const asked = new Rng(seed, 'pattern', c).sample(others, Math.min(SHOWN, others.length));
    const [few, all] = [asked.subarray(0, Math.ceil(asked.length / 4)), asked].map((rows) => gather(set, rows));
    const share = async (pattern: Float64Array, images: ImageSet) =>
      shareOf(await shown(added(images, pattern)), classes, c);
    let [pattern, most]: [Float64Array, number] = [new Float64Array(frequencies.size), -1];
    for (const end of await ends(c)) {
      const difference = filter.difference(c, end);
      const named = await share(difference, few);
      if (named > most) [pattern, most] = [difference, named];
    }
    const effectOf = async (of: Float64Array) => {
      const rng = new Rng(seed, 'pattern signs', c);
      const coefficients = frequencies.of(of);
      let effect = await share(of, all);
      for (let k = 0; k < COMPARED; k++) {
        const signed = coefficients.map((v) => (rng.uniform() < 0.5 ? -v : v));
        effect -= (await share(frequencies.image(signed), all)) / COMPARED;
      }
      return effect;
    };
    const found = filter.find(c, pattern);
    effects[c] = await effectOf(pattern);
    if (found && isClear(found)) {
      // Either group may be the one with a trigger: then the network names the class by its pattern, or its images show other classes.
      const sides = [];
      for (const side of [1, -1]) {
        const odds = found.logOdds.map((v) => side * v);
        const effect = await effectOf(filter.patternOf(c, odds));
        const having = own.filter((_, k) => odds[k] > 0);
        const rest = own.filter((_, k) => odds[k] <= 0);
        sides.push({ odds, effect, content: foreignness(names, c, having, rest, others) });
      }
      const [a, b] = sides;
      const chosen = (Math.abs(a.effect - b.effect) >= TOLD_BY_EFFECT ? a.effect > b.effect : a.content >= b.content)
        ? a
        : b;
      effects[c] = Math.max(effects[c], chosen.effect);
      contents[c] = chosen.content;
      found.logOdds = chosen.odds;
    }
    if (!found) continue;
    separations[c] = found.separation;
    smaller[c] = found.smaller;
    own.forEach((i, k) => {
      logOdds[i] = found.logOdds[k];
    });
  }
  return { effects, contents, separations, smaller, logOdds };
}

/**
 * How much more likely it is, in nats, that the network names class `c` of images `having` a pattern as rarely as of `others`, of other classes, than as often as of the `rest` of the
 * class. `names`: what it names, [n].
 */
function foreignness(
  names: Int32Array,
  c: number,
  having: readonly number[],
  rest: readonly number[],
  others: Int32Array,
): number {
  const named = (rows: ArrayLike<number>) => Array.from(rows).filter((i) => names[i] === c).length;
  const shareOfNamed = (rows: ArrayLike<number>) => (named(rows) + 1) / (rows.length + 2);
  const [own, foreign] = [shareOfNamed(rest), shareOfNamed(others)];
  const k = named(having);
  return k * Math.log(foreign / own) + (having.length - k) * Math.log((1 - foreign) / (1 - own));
}

/** Chance that any class of a clean set has an effect this large, [classes]. */
const chancesOf = (effects: Float32Array): number[] => outlyingClasses([...effects], 'upper', { clean: SPREAD });

/**
 * The signal `pattern`: `effects` of each class, NaN for all where they were not measured. Where the images with the pattern lie clearly apart from the others, which makes the chance of
 * a clean class smaller, what they show is evidence as well. A weak effect is evidence only there. `isApart`: whether the images can be told.
 */
export function patternSignal(patterns: Patterns | undefined, classes: number): PerClass & { isApart: boolean[] } {
  if (!patterns) {
    const all = <T>(value: T) => new Array<T>(classes).fill(value);
    return { values: all(Number.NaN), p: all(1), isApart: all(false) };
  }
  const { effects, contents, separations, smaller } = patterns;
  const isApart = Array.from(separations, (v) => v >= TOLD);
  const p = chancesOf(effects).map((v, c) => {
    if (!isClear({ separation: separations[c], smaller: smaller[c] })) return effects[c] >= STRONG ? v : 1;
    // A likelihood ratio is at least 1/α with a chance of at most α.
    return CLEAR_BY_CHANCE * Math.min(1, 2 * Math.min(v, classes * Math.exp(-contents[c])));
  });
  return { values: [...effects], p, isApart };
}

/** Both ends of a class along each of its first components, in which T of the other classes is white: which of its samples belong to one, [own]. */
function endsOf(
  { data, n, d }: Matrix,
  members: readonly (readonly number[])[],
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
