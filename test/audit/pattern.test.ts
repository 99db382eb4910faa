/** The pattern of a class in images whose trigger is known, with a network whose answers are known. */
import { describe, expect, test } from 'vitest';
import { Frequencies } from '../../src/audit/frequencies.js';
import { patternSignal, patternsOf, type Shown } from '../../src/audit/pattern.js';
import { PatternFilter } from '../../src/audit/pattern-filter.js';
import { Rng } from '../../src/base/random.js';

describe('frequencies', () => {
  const shape = { height: 6, width: 8, channels: 2 };
  const frequencies = new Frequencies(shape);

  test('a wave of the DCT is one coefficient of size 1', () => {
    const [u, v, channel] = [2, 3, 1];
    const wave = Float64Array.from({ length: frequencies.size }, (_, j) => {
      const [y, x, c] = [Math.floor(j / 16), Math.floor(j / 2) % 8, j % 2];
      const of = (k: number, at: number, n: number) =>
        Math.sqrt(2 / n) * Math.cos((Math.PI * k * (2 * at + 1)) / (2 * n));
      return c === channel ? of(u, y, 6) * of(v, x, 8) : 0;
    });
    const at = (u * 8 + v) * 2 + channel;
    frequencies.of(wave).forEach((value, j) => {
      expect(value).toBeCloseTo(j === at ? 1 : 0, 10);
    });
    expect(frequencies.radius[at]).toBeCloseTo(Math.hypot(u, v), 12);
  });

  test('an image comes back from its coefficients, which have its power', () => {
    const image = Float64Array.from(new Rng(1, 'image').normals(frequencies.size));
    const coefficients = frequencies.of(image);
    frequencies.image(coefficients).forEach((value, j) => {
      expect(value).toBeCloseTo(image[j], 10);
    });
    const power = (values: Float64Array) => values.reduce((s, v) => s + v * v, 0);
    expect(power(coefficients)).toBeCloseTo(power(image), 8);
  });
});

const [CLASSES, EACH, SIDE, D] = [8, 90, 16, 10];
const TARGET = 2;

/**
 * Images of smooth clouds. The first `poisoned` of class 2 have a trigger of `strength`, of 255, added; in T they lie 1.5 standard deviations from the others, with one
 * more that varies in every class: no clusters. The network names class 2 where it sees the trigger, and else a class by the mean of the image.
 */
function poisonedSet(poisoned: number, strength: number, each = EACH) {
  const rng = new Rng(3, 'pattern test');
  const size = SIDE * SIDE;
  const trigger = Float64Array.from({ length: size }, () => (rng.uniform() < 0.5 ? -1 : 1));
  const n = CLASSES * each;
  const labels = Int32Array.from({ length: n }, (_, i) => Math.floor(i / each));
  const has = (i: number) => labels[i] === TARGET && i % each < poisoned;
  const images = new Uint8Array(n * size);
  for (let i = 0; i < n; i++) {
    const [a, b, c] = [rng.normal(), rng.normal(), rng.normal()];
    for (let j = 0; j < size; j++) {
      const [y, x] = [Math.floor(j / SIDE) / SIDE, (j % SIDE) / SIDE];
      const cloud = 128 + 30 * (a * x + b * y + c * Math.sin(3 * x * y)) + 6 * rng.normal();
      images[i * size + j] = Math.max(0, Math.min(255, Math.round(cloud + (has(i) ? strength * trigger[j] : 0))));
    }
  }
  const data = Float32Array.from({ length: n * D }, (_, at) => {
    const [i, c] = [Math.floor(at / D), at % D];
    return rng.normal() * (c === 1 ? 1.5 : 1) + (c === labels[i] ? 5 : 0) + (c === D - 1 && has(i) ? 1.5 : 0);
  });
  const shown: Shown = async (asked) => {
    const logits = new Float32Array(asked.n * CLASSES);
    for (let i = 0; i < asked.n; i++) {
      const image = asked.images.subarray(i * size, (i + 1) * size);
      const correlation = image.reduce((s, v, j) => s + v * trigger[j], 0) / size;
      const mean = image.reduce((s, v) => s + v, 0) / size;
      logits[i * CLASSES + (correlation > 6 ? TARGET : Math.floor(mean) % CLASSES)] = 1;
    }
    return logits;
  };
  const set = { images, labels, n, height: SIDE, width: SIDE, channels: 1 };
  return {
    set,
    features: { data, n, d: D },
    logits: async () => ({ data: await shown(set), n, d: CLASSES }),
    shown,
    own: Int32Array.from(labels.keys()).filter((i) => labels[i] === TARGET),
    has,
  };
}

describe('the pattern of a class', () => {
  test('that holds the trigger makes the network name the class, and finds the images that have it', async () => {
    const { set, features, logits, shown, own, has } = poisonedSet(30, 20);
    const patterns = await patternsOf(shown, await PatternFilter.of(set, CLASSES, 0), await logits(), features);
    const { p, isApart } = patternSignal(patterns, CLASSES);
    expect(patterns.effects[TARGET]).toBeGreaterThan(0.5);
    expect(p.filter((v) => v <= 0.001)).toEqual([p[TARGET]]);
    expect(isApart[TARGET]).toBe(true);
    expect(own.filter((i) => patterns.logOdds[i] > 0)).toEqual(own.filter(has));
  });

  test('of a clean set is no evidence', async () => {
    const { set, features, logits, shown } = poisonedSet(0, 0);
    const { p } = patternSignal(
      await patternsOf(shown, await PatternFilter.of(set, CLASSES, 0), await logits(), features),
      CLASSES,
    );
    expect(Math.min(...p)).toBeGreaterThan(0.05);
  });

  test('is found without the network, which only says what the images show: a trigger that it has not learned', async () => {
    const { set, own, has } = poisonedSet(40, 20);
    const filter = await PatternFilter.of(set, CLASSES, 0);
    const found = (await filter.find(TARGET, null))!;
    expect(own.filter((_, k) => found.logOdds[k] > 0)).toEqual(own.filter(has));
    // The network names the label of clean images, and `shows` of those with a trigger.
    const blind: Shown = async (asked) => new Float32Array(asked.n * CLASSES);
    const asked = (shows: (i: number) => number) => {
      const names = Array.from(set.labels, (y, i) => (has(i) ? shows(i) : y));
      const data = Float32Array.from({ length: set.n * CLASSES }, (_, at) =>
        Number(names[Math.floor(at / CLASSES)] === at % CLASSES),
      );
      return patternsOf(blind, filter, { data, n: set.n, d: CLASSES }, null);
    };
    const shows = (i: number) => [0, 1, 3, 4, 5, 6, 7][i % 7];
    const patterns = await asked(shows);
    expect(patterns.effects[TARGET]).toBe(0);
    // Shares with one added to each class: of the 90 of the class those counted, of the 630 others 90 for each of seven.
    const named = Array.from(own.filter(has), shows);
    const expected = named.map((k) => Math.log(91 / 638) - Math.log((named.filter((v) => v === k).length + 1) / 98));
    expect(patterns.contents[TARGET]).toBeCloseTo(
      expected.reduce((x, y) => x + y, 0),
      4,
    );
    expect(own.filter((i) => patterns.logOdds[i] > 0)).toEqual(own.filter(has));
    const { p } = patternSignal(patterns, CLASSES);
    expect(p.filter((v) => v <= 0.001)).toEqual([p[TARGET]]);
    // Images of the class that a learned trigger takes to one other class.
    const taken = await asked(() => 0);
    expect(taken.contents[TARGET]).toBeLessThan(0);
    expect(Math.min(...patternSignal(taken, CLASSES).p)).toBeGreaterThan(0.05);
  });

  test('is found where few images of a class have the trigger, from every seed', async () => {
    // White noise of 6 and a trigger of 3 on 256 pixels lie 3/6 · √256 = 8 standard deviations apart.
    const { set, own, has } = poisonedSet(30, 3, 600);
    for (let seed = 0; seed < 5; seed++) {
      const found = (await (await PatternFilter.of(set, CLASSES, seed)).find(TARGET, null))!;
      const wrong = own.filter((i, k) => found.logOdds[k] > 0 !== has(i)).length;
      expect(wrong).toBe(0);
      expect(found.separation).toBeGreaterThan(7.5);
    }
  });

  test('is the same for the same seed', async () => {
    const { set, features, logits, shown } = poisonedSet(30, 20);
    const of = async () => patternsOf(shown, await PatternFilter.of(set, CLASSES, 1), await logits(), features);
    expect(await of()).toEqual(await of());
  });

  test('is no evidence where it was not measured', () => {
    const { p, values, isApart } = patternSignal(undefined, 3);
    expect([p, values, isApart]).toEqual([
      [1, 1, 1],
      [Number.NaN, Number.NaN, Number.NaN],
      [false, false, false],
    ]);
  });
});
