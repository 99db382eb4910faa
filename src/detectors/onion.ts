/**
 * ONION: words that do not fit. The suspicion of a word is the perplexity of its text less that of the text without it.
 *
 * Qi et al., "ONION: A Simple and Effective Defense Against Textual Backdoor Attacks", EMNLP 2021 (arXiv 2011.10369). It asks GPT-2 for perplexities; here a trigram model of
 * the trusted texts answers.
 */
import { Rng } from '../base/random.js';
import { wordsOf } from '../base/words.js';
import type { TokenSet } from '../datasets/types.js';
import { Trigrams } from '../perception/ngram.js';
import { defineDetector } from './types.js';

/** Share of trusted texts whose most suspicious word may be above the threshold. The paper tunes it for a loss of accuracy under 1 % on clean texts. */
const REJECTED = 0.01;
/** Words of a text that are looked at: its network reads no more. */
const MOST = 47;

/** The score is the suspicion of the most suspicious word, the perplexity's logarithm in nats. */
export const onion = defineDetector({
  name: 'ONION',
  summary: 'words that raise the perplexity of their text',
  source: 'Qi et al., EMNLP 2021, arXiv 2011.10369',
  threatModel: 'C',
  reads: 'texts',
  needs: ['set', 'trusted', 'seed'],
  async detect({ set, trusted, seed }, step) {
    const { texts } = set as TokenSet;
    const known = (trusted.set as TokenSet).texts;
    // Half of the trusted texts make the model, the others give the threshold.
    const order = [...new Rng(seed, 'onion').permutation(known.length)];
    const half = order.length >> 1;
    const own = new Trigrams(order.slice(0, half).map((i) => known[i]));
    const clean = order.slice(half).map((i) => suspicion(own, known[i]));
    clean.sort((a, b) => a - b);
    const threshold = clean[Math.min(clean.length - 1, Math.floor((1 - REJECTED) * clean.length))];
    const scores = Float64Array.from(texts, (text, i) => {
      if (i % 256 === 0) step?.(i / texts.length);
      return suspicion(own, text);
    });
    return { scores, flagged: Uint8Array.from(scores, (s) => Number(s > threshold)), classScores: null, targets: null };
  },
});

/** The largest fall of the log-perplexity when one word is left out, nats. */
export function suspicion(model: Trigrams, text: string): number {
  const words = wordsOf(text).slice(0, MOST);
  const whole = model.surprise(words.join(' '));
  let most = 0;
  for (const k of words.keys())
    most = Math.max(most, whole - model.surprise([...words.slice(0, k), ...words.slice(k + 1)].join(' ')));
  return most;
}
