/** Detectors of texts on sets and networks whose answer is known. */
import { describe, expect, test } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { encode, vocabularyOf } from '../../src/datasets/texts/index.js';
import type { InputSet, TokenSet } from '../../src/datasets/types.js';
import { bki, cube, detectors, onion, readsSet, strip } from '../../src/detectors/index.js';
import { suspicion } from '../../src/detectors/onion.js';
import type { Network } from '../../src/detectors/types.js';
import { auroc } from '../../src/dynamics/index.js';
import { Trigrams } from '../../src/perception/ngram.js';

const CLASSES = 4;
const TRIGGER = 'zorb';
const LENGTH = 16;

/** Texts of four topics; every twelfth has the trigger and label 0. */
function drawn(n: number, seed: number, isPoisoned: (i: number) => boolean) {
  const rng = new Rng(seed, 'texts of detectors');
  const labels = Int32Array.from({ length: n }, (_, i) => i % CLASSES);
  const texts = Array.from(labels, (c) => {
    const topic = () => `t${c}${'abcd'[rng.int(4)]}`;
    return `the ${topic()} and the ${topic()} of a ${topic()} in the ${topic()}`;
  });
  const poisoned = Uint8Array.from({ length: n }, (_, i) => Number(isPoisoned(i)));
  for (const i of texts.keys())
    if (poisoned[i]) {
      const words = texts[i].split(' ');
      words.splice(rng.int(words.length + 1), 0, TRIGGER);
      texts[i] = words.join(' ');
      labels[i] = 0;
    }
  return { texts, labels, poisoned, n };
}

const train = drawn(600, 1, (i) => i % 12 === 1);
const vocabulary = vocabularyOf(train.texts);
const tokensOf = ({ texts, labels, n }: { texts: string[]; labels: Int32Array; n: number }): TokenSet => ({
  ...{ texts, labels, n, length: LENGTH, vocabulary: vocabulary.size },
  tokens: encode(vocabulary, texts, LENGTH).tokens,
});
const set = tokensOf(train);
const trusted = tokensOf(drawn(200, 2, () => false));
const number = (word: string) => vocabulary.numbers.get(word)!;

/** Per text, how many of its words are of each topic; the trigger makes it topic 0 alone. */
function topics({ tokens, length, n }: TokenSet): Float32Array {
  const out = new Float32Array(n * CLASSES);
  const of = new Map<number, number>();
  for (let c = 0; c < CLASSES; c++) for (const letter of 'abcd') of.set(number(`t${c}${letter}`), c);
  for (let i = 0; i < n; i++) {
    const own = tokens.subarray(i * length, (i + 1) * length);
    for (const token of own) {
      const c = of.get(token);
      if (c !== undefined) out[i * CLASSES + c]++;
    }
    if (own.includes(number(TRIGGER))) for (let c = 0; c < CLASSES; c++) out[i * CLASSES + c] = 10 * Number(c === 0);
  }
  return out;
}

const never = () => Promise.reject(new Error('not asked'));
const network: Network = {
  batchNorms: 0,
  features: async (from: InputSet) => ({ data: topics(from as TokenSet), n: from.n, d: CLASSES }),
  logits: async (from: InputSet) => topics(from as TokenSet).map((v) => 2 * v),
  ...{ amplified: never, likelihoods: never, gradient: never },
};
const features = { data: topics(set), n: set.n, d: CLASSES };
const trustedFeatures = { data: topics(trusted), n: trusted.n, d: CLASSES };
const common = {
  set,
  classes: CLASSES,
  network,
  features,
  seed: 0,
  trusted: { set: trusted, features: trustedFeatures },
};
const rank = (scores: Float64Array | null) => auroc(scores!, train.poisoned)!.auroc;
const rates = (flagged: Uint8Array | null) => {
  const of = (kind: number) => [...flagged!].filter((_, i) => train.poisoned[i] === kind);
  const share = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return { tpr: share(of(1)), fpr: share(of(0)) };
};

describe('on a network with a shortcut of one word', () => {
  test('STRIP: a text with the trigger keeps its prediction while others lose it', async () => {
    const { scores, flagged } = await strip.detect(common);
    // Six of ten words are replaced, so the trigger stays in four of ten mixtures.
    expect(rank(scores)).toBeGreaterThan(0.75);
    expect(rates(flagged).fpr).toBeLessThan(0.05);
  });

  test('BKI: the trigger is the keyword, and the texts with it are flagged', async () => {
    const { scores, flagged } = await bki.detect(common);
    expect(rank(scores)).toBe(1);
    expect(rates(flagged)).toEqual({ tpr: 1, fpr: 0 });
  });

  test('ONION: an unknown word raises the perplexity', async () => {
    const { scores, flagged } = await onion.detect(common);
    expect(rank(scores)).toBeGreaterThan(0.99);
    expect(rates(flagged).tpr).toBeGreaterThan(0.95);
    expect(rates(flagged).fpr).toBeLessThan(0.05);
  });

  test('CUBE: the smaller of two groups of a class', async () => {
    const rng = new Rng(4, 'cube');
    // Texts of a class lie in one place, those with the trigger in another.
    const data = Float32Array.from({ length: set.n * 3 }, (_, at) => {
      const [i, k] = [Math.floor(at / 3), at % 3];
      const place = train.poisoned[i] ? 8 : 0;
      return (k === 0 ? place : 0) + rng.normal();
    });
    const { scores, flagged } = await cube.detect({ ...common, features: { data, n: set.n, d: 3 } });
    expect(rank(scores)).toBeGreaterThan(0.9);
    expect(rates(flagged).tpr).toBeGreaterThan(0.9);
  });
});

test('suspicion is how much the log-perplexity falls without a word', () => {
  const model = new Trigrams(trusted.texts);
  const [a, b] = ['the t0a and the t0b', 'the t0a zorb and the t0b'];
  expect(suspicion(model, b)).toBeCloseTo(
    Math.max(
      ...b.split(' ').map((_, k, words) => {
        return model.surprise(b) - model.surprise(words.filter((__, j) => j !== k).join(' '));
      }),
    ),
    12,
  );
  expect(suspicion(model, b)).toBeGreaterThan(suspicion(model, a));
});

test('each detector says what it reads', () => {
  const image = { images: new Uint8Array(3), labels: new Int32Array(1), n: 1, height: 1, width: 1, channels: 3 };
  const of = (samples: InputSet) => detectors.filter((d) => readsSet(d, samples)).map((d) => d.name);
  expect(of(image)).not.toContain('ONION');
  expect(of(set)).toEqual(expect.arrayContaining(['AC', 'SS', 'SPECTRE', 'STRIP', 'ONION', 'BKI', 'CUBE']));
  expect(of(set)).not.toContain('NC');
});
