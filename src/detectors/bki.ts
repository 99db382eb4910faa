/**
 * Backdoor keyword identification: words that change T most when they are left out, and do so in many texts.
 *
 * Chen and Dai, "Mitigating Backdoor Attacks in LSTM-based Text Classification Systems by Backdoor Keyword Identification", Neurocomputing 452, 2021 (arXiv 2007.12070).
 */
import { PADDING } from '../datasets/texts/words.js';
import type { TokenSet } from '../datasets/types.js';
import { defineDetector } from './types.js';

/** Words of a text that count as its keywords, as in the paper. */
const KEYWORDS = 5;

/**
 * The importance of a word in a text is the largest change of a column of T when it is left out. Over the texts of which it is a keyword, a word scores its mean importance
 * times ln of their number. A text scores the most of its keywords; those with the word that scores most are flagged.
 */
export const bki = defineDetector({
  name: 'BKI',
  summary: 'words that change T most when left out, in many texts',
  source: 'Chen and Dai, Neurocomputing 2021, arXiv 2007.12070',
  threatModel: 'A',
  reads: 'texts',
  needs: ['set', 'features', 'network'],
  async detect({ set, features, network }, step) {
    const { tokens, length, n } = set as TokenSet;
    const importance = new Float64Array(n * length);
    for (let at = 1; at < length; at++) {
      const rows = [...Array(n).keys()].filter((i) => tokens[i * length + at] !== PADDING);
      if (rows.length === 0) break;
      const { data, d } = await network.features(withoutToken(set as TokenSet, rows, at));
      for (const [k, i] of rows.entries())
        for (let c = 0; c < d; c++)
          importance[i * length + at] = Math.max(
            importance[i * length + at],
            Math.abs(data[k * d + c] - features.data[i * d + c]),
          );
      step?.(at / length);
    }
    const keywords = Array.from({ length: n }, (_, i) =>
      Array.from({ length }, (_, at) => i * length + at)
        .filter((at) => importance[at] > 0)
        .sort((a, b) => importance[b] - importance[a])
        .slice(0, KEYWORDS),
    );
    const sums = new Map<number, { count: number; sum: number }>();
    for (const places of keywords)
      for (const [token, most] of mostOfEach(places, tokens, importance)) {
        const found = sums.get(token) ?? { count: 0, sum: 0 };
        sums.set(token, { count: found.count + 1, sum: found.sum + most });
      }
    const score = (token: number) => {
      const { count, sum } = sums.get(token)!;
      return (Math.log(count) * sum) / count;
    };
    const [top] = [...sums.keys()].sort((a, b) => score(b) - score(a) || a - b);
    const scores = Float64Array.from(keywords, (places) =>
      places.reduce((most, at) => Math.max(most, score(tokens[at])), 0),
    );
    const flagged = Uint8Array.from(keywords, (places) => Number(places.some((at) => tokens[at] === top)));
    return { scores, flagged, classScores: null, targets: null };
  },
});

/** The importance of each different token of some places. */
function mostOfEach(places: readonly number[], tokens: Int32Array, importance: Float64Array): Map<number, number> {
  const out = new Map<number, number>();
  for (const at of places) out.set(tokens[at], Math.max(out.get(tokens[at]) ?? 0, importance[at]));
  return out;
}

/** The texts of some rows without the token at a place; those behind it move up. */
function withoutToken(set: TokenSet, rows: readonly number[], at: number): TokenSet {
  const { length } = set;
  const tokens = new Int32Array(rows.length * length);
  for (const [k, i] of rows.entries()) {
    const own = set.tokens.subarray(i * length, (i + 1) * length);
    tokens.set(own.subarray(0, at), k * length);
    tokens.set(own.subarray(at + 1), k * length + at);
  }
  return {
    ...{ tokens, length, vocabulary: set.vocabulary, n: rows.length },
    texts: rows.map((i) => set.texts[i]),
    labels: Int32Array.from(rows, (i) => set.labels[i]),
  };
}
