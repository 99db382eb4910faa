/**
 * The pattern of a class: what some of its images have that the others do not have. In a class with poisoned samples that is the trigger. Images that share a picture are found by
 * their pixels alone (pattern-filter.ts), and those that T divides by its ends. A network that has learned the trigger names the class on images of all other classes with the pattern,
 * as with no other pattern of the same frequencies. To one that has not, the images with a trigger show other classes.
 */
import { Rng } from '../base/random.js';
import { gather } from '../datasets/select.js';
import type { ImageSet } from '../datasets/types.js';
import { type Matrix, principalComponents, rowsOf } from '../information/columns.js';
import { crossProduct, ridgedFactor } from '../information/linalg.js';
import { whitened } from '../information/noise-model.js';
import { centred } from '../information/resolved.js';
import type { Patterns } from './checkpoint.js';
import { FEWEST_SAMPLES } from './clusters.js';
import { outlyingClasses, type PerClass } from './evidence.js';
import { type Found, isClear, type PatternFilter } from './pattern-filter.js';
import { strongest } from './second-network.js';

/** Principal components of T along which a class has ends, and shares of the class that an end is. */
const [DIRECTIONS, ENDS] = [3, [1 / 3, 1 / 10]];
/** Root mean square, of 255, of a pattern that is added to images: a PSNR of 22 dB. */
const STRENGTH = 20;
/** Images of other classes that are shown a pattern, and patterns of the same frequencies that it is compared with. */
const [SHOWN, COMPARED] = [128, 2];
/** Ridge on the covariance of T within classes, as a share of its mean variance. */
const RIDGE = 1e-3;
/** P of an effect from which images with the pattern of an end are looked for. */
const LOOKED_FOR = 0.05;
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

/** What a network makes of images of other classes with patterns of class `c`. */
class PatternTest {
  private readonly few: ImageSet;
  private readonly all: ImageSet;

  constructor(
    private readonly shown: Shown,
    private readonly filter: PatternFilter,
    private readonly c: number,
    others: Int32Array,
  ) {
    const asked = new Rng(filter.seed, 'pattern', c).sample(others, Math.min(SHOWN, others.length));
    this.few = gather(filter.set, asked.subarray(0, Math.ceil(asked.length / 4)));
    this.all = gather(filter.set, asked);
  }

  /** Share of a few images that are taken for the class. */
  share(pattern: Float64Array, images = this.few): Promise<number> {
    return this.shareOf(scaled(pattern, STRENGTH), images);
  }

  /** Share of images that are taken for the class with `pattern`, less that with patterns of the same frequencies and random signs; `strength` null: as strong as it is. */
  async effect(pattern: Float64Array, strength: number | null = STRENGTH): Promise<number> {
    const { frequencies, seed } = this.filter;
    const rng = new Rng(seed, 'pattern signs', this.c);
    const added = strength === null ? pattern : scaled(pattern, strength);
    const coefficients = frequencies.of(added);
    let effect = await this.shareOf(added, this.all);
    for (let k = 0; k < COMPARED; k++) {
      const signed = coefficients.map((v) => (rng.uniform() < 0.5 ? -v : v));
      effect -= (await this.shareOf(frequencies.image(signed), this.all)) / COMPARED;
    }
    return effect;
  }

  private async shareOf(pattern: Float64Array, images: ImageSet): Promise<number> {
    return shareOf(await this.shown(added(images, pattern)), this.filter.classes, this.c);
  }
}

/**
 * The pattern of each class: what the network, `shown`, makes of other images with it, and what it makes, `logits` [n, classes], of the images that have it. They are looked for by their
 * pixels and, with T of the samples of the set (`features` [n, d]), from the end of the class by whose pattern the network names it most often.
 */
export async function patternsOf(
  shown: Shown,
  filter: PatternFilter,
  logits: Matrix,
  features: Matrix | null,
): Promise<Patterns> {
  const { set, classes, seed } = filter;
  const members = Array.from({ length: classes }, (_, c) => filter.own(c));
  const others = members.map((_, c) => Int32Array.from(set.labels.keys()).filter((i) => set.labels[i] !== c));
  const tests = members.map((_, c) => new PatternTest(shown, filter, c, others[c]));
  const judged = [...members.keys()].filter((c) => members[c].length >= FEWEST_SAMPLES);
  const ends = features && endsOf(features, members, seed);
  const [effects, contents, separations, smaller, logOdds] = [classes, classes, classes, classes, set.n].map((size) =>
    new Float32Array(size).fill(Number.NaN),
  );
  const starts: (Float64Array | null)[] = members.map(() => null);
  for (const c of judged) {
    starts[c] = ends && (await mostNamed(await ends(c), filter, c, tests[c]));
    const found = await filter.find(c, null);
    // The effects of other classes have to be known for one to be far from them.
    const pattern = starts[c] ?? (found && !isClear(found) ? filter.patternOf(c, found.logOdds) : null);
    if (pattern) effects[c] = await tests[c].effect(pattern);
  }
  const p = chancesOf(effects);
  const names = Int32Array.from({ length: set.n }, (_, i) => strongest(logits.data, i, classes));
  for (const c of judged) {
    const found = await filter.find(c, p[c] <= LOOKED_FOR ? starts[c] : null);
    if (!found) continue;
    let { logOdds: odds } = found;
    if (isClear(found)) {
      const content = (having: readonly number[]) =>
        foreignness(names, c, classes, { having, own: members[c], others: others[c] });
      const side = await triggered(found, filter, c, tests[c], content);
      // NaN where only images that lie clearly apart were looked for.
      effects[c] = Math.max(side.effect, Number.isNaN(effects[c]) ? side.effect : effects[c]);
      contents[c] = side.content;
      odds = side.odds;
    }
    separations[c] = found.separation;
    smaller[c] = found.smaller;
    members[c].forEach((i, k) => {
      logOdds[i] = odds[k];
    });
  }
  return { effects, contents, separations, smaller, logOdds };
}

/** The pattern, of those of the ends of class `c`, by which the network names it most often. */
async function mostNamed(
  ends: readonly Uint8Array[],
  filter: PatternFilter,
  c: number,
  test: PatternTest,
): Promise<Float64Array> {
  const found: { pattern: Float64Array; share: number }[] = [];
  for (const end of ends) {
    const pattern = filter.difference(c, end);
    found.push({ pattern, share: await test.share(pattern) });
  }
  return found.reduce((best, one) => (one.share > best.share ? one : best)).pattern;
}

/**
 * Of two groups of a class that lie clearly apart: log-odds of the one that seems to have a trigger, and the evidence that either has. The network names the class by its pattern, or its images show
 * other classes. Where the clean images of a class are alike as well, their pattern is named too: a network that does not know the class can tell (defence/flagged.ts).
 */
async function triggered(
  { logOdds }: Found,
  filter: PatternFilter,
  c: number,
  test: PatternTest,
  contentOf: (having: readonly number[]) => number,
): Promise<{ odds: Float64Array; effect: number; content: number }> {
  const groups = [];
  for (const side of [1, -1]) {
    const odds = logOdds.map((v) => side * v);
    const pattern = filter.patternOf(c, odds);
    // Made stronger, weak patterns are seen but patches are clipped.
    const effect = Math.max(await test.effect(pattern), await test.effect(pattern, null));
    groups.push({ odds, effect, content: contentOf(filter.own(c).filter((_, k) => odds[k] > 0)) });
  }
  const [a, b] = groups;
  const isByContent = Math.abs(a.effect - b.effect) < TOLD_BY_EFFECT && Math.max(a.content, b.content) > 0;
  const { odds } = (isByContent ? a.content >= b.content : a.effect >= b.effect) ? a : b;
  // Without its low frequencies a patch is another one.
  const whole = await test.effect(filter.shared(c, odds), null);
  return { odds, effect: Math.max(a.effect, b.effect, whole), content: Math.max(a.content, b.content) };
}

/**
 * How much more likely what the network `names` images `having` a pattern is, in nats, if they show other classes as the `others` do, than if they show the class as all its `own` do, or if half
 * of these are named one other class: a trigger does that to images that keep their label. `names`: class of each image of the set, [n].
 */
function foreignness(
  names: Int32Array,
  c: number,
  classes: number,
  { having, own: all, others }: Record<'having' | 'own' | 'others', ArrayLike<number>>,
): number {
  const shares = (rows: ArrayLike<number>) => {
    const counts = new Float64Array(classes).fill(1);
    for (let i = 0; i < rows.length; i++) counts[names[rows[i]]]++;
    return counts.map((v) => v / (rows.length + classes));
  };
  const [own, foreign] = [shares(all), shares(others)];
  const likelihood = (of: (name: number) => number) =>
    Array.from(having, (i) => Math.log(of(names[i]))).reduce((a, b) => a + b, 0);
  const named = [...own.keys()].filter((k) => k !== c);
  const alternatives = named.map((k) => likelihood((name) => (Number(name === k) + own[name]) / 2));
  return (
    likelihood((name) => foreign[name]) -
    Math.max(
      likelihood((name) => own[name]),
      ...alternatives,
    )
  );
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

/** A pattern with a root mean square of `strength`, of 255. */
function scaled(pattern: Float64Array, strength: number): Float64Array {
  const power = Math.sqrt(pattern.reduce((s, v) => s + v * v, 0) / pattern.length);
  return pattern.map((v) => (power > 0 ? (strength / power) * v : 0));
}

/** Images with a pattern added. */
function added(set: ImageSet, pattern: Float64Array): ImageSet {
  const size = pattern.length;
  // Values are rounded and limited to 0 to 255 as they are stored.
  const images = new Uint8ClampedArray(set.images.length);
  for (let at = 0; at < images.length; at += size)
    for (let j = 0; j < size; j++) images[at + j] = set.images[at + j] + pattern[j];
  return { ...set, images: new Uint8Array(images.buffer) };
}

/** Share of rows of logits [n, classes] whose largest is that of class `c`. */
function shareOf(logits: Float32Array, classes: number, c: number): number {
  const n = logits.length / classes;
  let found = 0;
  for (let i = 0; i < n; i++) found += Number(strongest(logits, i, classes) === c) / n;
  return found;
}
