/** Which samples of a flagged class are set aside, from recordings whose answer is known. */
import { expect, test } from 'vitest';
import { look, suspects } from '../../src/defence/flagged.js';
import { wholeOf } from '../../src/defence/training.js';
import { CLASSES, EACH, recorded } from './recorded.js';

const classes = Array.from({ length: CLASSES }, (_, c) => `class ${c}`);

/** Logits of a network to which sample i shows class `shown(i)`. */
const logitsOf = (n: number, shown: (i: number) => number, strength = (_: number) => 4) =>
  Float32Array.from({ length: n * CLASSES }, (_, at) =>
    at % CLASSES === shown(Math.floor(at / CLASSES)) ? strength(Math.floor(at / CLASSES)) + (at % 7) / 7 : 0,
  );

/** What is set aside of class 2, whose first `far` samples are a cluster of their own with a loss of `lossOfFar`; the others have 1 nat. `shown`: class that sample i shows. */
async function setAside(far: number, lossOfFar: number, shown: (i: number) => number, straggler?: number) {
  const { labels, moved, checkpoints } = recorded(8, { far, lossOfFar, straggler });
  const set = { images: new Uint8Array(labels.length), labels, n: labels.length, height: 1, width: 1, channels: 1 };
  const { seen } = await look(checkpoints, { set, classes }, { level: 0.01, seed: 0, clusters: true }, {});
  expect(seen?.classes).toEqual([2]);
  const asked = Int32Array.from(labels.keys());
  const logits = logitsOf(labels.length, shown);
  const { named, setAside: of } = await suspects(
    wholeOf(set),
    seen!,
    { classes, seed: 0 },
    { logits, asked, isJudge: true },
  );
  const own = [...labels.keys()].filter((i) => labels[i] === 2);
  return { named, why: of[0].why, far: own.filter(moved), near: own.filter((i) => !moved(i)) };
}

/** All show class 5: it is not clear which of two clusters is poisoned. */
const unclear = () => 5;
/** The first `far` samples of class 2 show `kinds` other classes in turn. */
const several = (far: number, kinds: number) => (i: number) =>
  i - 2 * EACH < far ? [0, 1, 3, 4, 5, 6, 7, 8, 9][i % kinds] : 5;

test('where it is not clear which cluster shows other classes, the one that was learned better is set aside, smaller or larger', async () => {
  for (const far of [30, 60]) {
    const learned = await setAside(far, 0.1, unclear);
    expect(learned.why).toBe('learned');
    expect(learned.named).toEqual(learned.far);
    const not = await setAside(far, 3, unclear);
    expect(not.named).toEqual(not.near);
  }
});

test('a doubtful choice by content stands only where these samples were learned better', async () => {
  // Six of nine classes in equal numbers have a spread of ln 6/ln 9 = 0.82, which clean clusters may have.
  const stands = await setAside(30, 0.1, several(30, 6));
  expect([stands.why, stands.named]).toEqual(['content', stands.far]);
  const falls = await setAside(30, 3, several(30, 6));
  expect([falls.why, falls.named]).toEqual(['learned', falls.near]);
});

test('where it is clear, what was learned better decides nothing', async () => {
  for (const lossOfFar of [0.1, 3]) {
    const { named, why, far } = await setAside(30, lossOfFar, several(30, 9));
    expect(why).toBe('content');
    expect(named).toEqual(far);
  }
});

test('a sample near the middle of the two clusters is set aside, one near the clean cluster is not', async () => {
  const near = await setAside(30, 0.1, unclear, 3.9);
  expect(near.named).toEqual([...near.far, near.near[0]]);
  const clean = await setAside(30, 0.1, unclear, 1);
  expect(clean.named).toEqual(clean.far);
});

test('a cluster that holds most of the class is not set aside for having been learned better', async () => {
  const { why, named, near } = await setAside(70, 0.1, unclear);
  expect(why).toBe('smaller');
  expect(named).toEqual(near);
});

/** What a network makes of sample i: the class that it shows, and the logit of it. */
interface Network {
  isJudge: boolean;
  shown: (i: number) => number;
  strength?: (i: number) => number;
}

/** Looks at recordings without clusters, in which class 2 has a pattern with an `effect` that divides its samples by `separation`, its first `having` from the others, and these show other classes by `content`, nats. */
async function withPattern(
  effect: number,
  separation: number,
  having = 40,
  content = 0,
  clusters = true,
  { isJudge, shown, strength }: Network = { isJudge: true, shown: unclear },
) {
  const { labels, checkpoints } = recorded(0);
  const first = (i: number) => labels[i] === 2 && i % EACH < having;
  const of = (value: number, other: number) => Float32Array.from(classes, (_, c) => (c === 2 ? value : other));
  const patterns = {
    effects: of(effect, 0.1),
    contents: of(content, Number.NaN),
    separations: of(separation, Number.NaN),
    smaller: of(having, 0),
    logOdds: Float32Array.from(labels, (y, i) => (y !== 2 ? Number.NaN : first(i) ? 10 : -10)),
  };
  const set = { images: new Uint8Array(labels.length), labels, n: labels.length, height: 1, width: 1, channels: 1 };
  const recordings = checkpoints.map((c) => ({ ...c, patterns }));
  const { seen } = await look(recordings, { set, classes }, { level: 0.01 / 3, seed: 0, clusters }, {});
  const asked = Int32Array.from(labels.keys());
  const network = { logits: logitsOf(labels.length, shown, strength), asked, isJudge };
  const found = seen && (await suspects(wholeOf(set), seen, { classes, seed: 0 }, network));
  const own = [...labels.keys()].filter((i) => labels[i] === 2);
  return { flagged: seen?.classes ?? [], found, first: own.filter(first), rest: own.filter((i) => !first(i)) };
}

test('a class without clusters is flagged by its pattern, and the samples that have it are set aside', async () => {
  const { flagged, found, first } = await withPattern(0.9, 4.5);
  expect(flagged).toEqual([2]);
  expect(found).toEqual({ named: first, setAside: [{ label: 'class 2', samples: 40, by: 'pattern', why: 'learned' }] });
});

test('where the images without the pattern show other classes, they are set aside: the pattern is that of clean images that are alike', async () => {
  const others = [0, 1, 3, 4, 5, 6, 7, 8, 9];
  const shown = (i: number) => (i % EACH < 60 ? 5 : others[i % 9]);
  const judged = await withPattern(0.9, 7.5, 60, 0, true, { isJudge: true, shown });
  expect(judged.found!.named).toEqual(judged.rest);
  expect(judged.found!.setAside[0]).toMatchObject({ by: 'pattern', why: 'content' });
  // The network that is watched knows the class: it is not asked.
  const own = await withPattern(0.9, 7.5, 60, 0, true, { isJudge: false, shown });
  expect(own.found!.named).toEqual(own.first);
  expect(own.found!.setAside[0].why).toBe('named');
});

test('where neither part shows many other classes, as under a clean-label attack, the part with the pattern is set aside if it was learned as well', async () => {
  // The clean images resemble four classes clearly: a spread of ln 4/ln 9 = 0.63, and a higher one than that of the images with the pattern.
  const shown = (i: number) => (i % EACH < 40 ? 5 : [0, 1, 3, 4][i % 4]);
  const strength = (i: number) => (i % EACH < 40 ? 3 : 5);
  const { found, first } = await withPattern(0.9, 10.5, 40, 0, true, { isJudge: true, shown, strength });
  expect(found!.named).toEqual(first);
  expect(found!.setAside[0]).toMatchObject({ by: 'pattern', why: 'learned' });
});

test('a weaker effect needs samples that lie clearly apart, and without samples that can be told none is enough', async () => {
  expect((await withPattern(0.45, 4.5)).flagged).toEqual([]);
  // Against classes that all have 0.1: t = (0.33 − 0.1) / 0.054 = 4.3 with 20 degrees of freedom, so p is 2e-4, times 10 classes, over the weight of 0.3 0.006.
  expect((await withPattern(0.33, 10.5)).flagged).toEqual([2]);
  // Copies of one image lie far apart from the others.
  expect((await withPattern(0.33, 12, 9)).flagged).toEqual([]);
  expect((await withPattern(0.9, 3.9)).flagged).toEqual([]);
});

test('clusters of a young network are no evidence, its patterns are', async () => {
  const { labels, checkpoints } = recorded(8, { far: 30, lossOfFar: 1 });
  const set = { images: new Uint8Array(labels.length), labels, n: labels.length, height: 1, width: 1, channels: 1 };
  const flagged = async (clusters: boolean) =>
    (await look(checkpoints, { set, classes }, { level: 0.01 / 3, seed: 0, clusters }, {})).seen?.classes;
  expect([await flagged(true), await flagged(false)]).toEqual([[2], undefined]);
  expect((await withPattern(0.9, 4.5, 40, 0, false)).flagged).toEqual([2]);
});

test('a trigger that is not learned yet is flagged by what the images that have it show, if they lie clearly apart', async () => {
  // 2 · 10 classes · exp(−8) · 0.1 over the weight of 0.3: 0.0022; with 7 nats 0.0061.
  expect((await withPattern(0.1, 10.5, 40, 8)).flagged).toEqual([2]);
  expect((await withPattern(0.1, 10.5, 40, 7)).flagged).toEqual([]);
  expect((await withPattern(0.1, 9.5, 40, 30)).flagged).toEqual([]);
  expect((await withPattern(0.1, 12, 9, 30)).flagged).toEqual([]);
});
