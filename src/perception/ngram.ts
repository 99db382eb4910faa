/**
 * A trigram model of words, interpolated by Witten and Bell ("The zero-frequency problem", IEEE Transactions on Information Theory 37(4), 1991): after a context that was
 * seen c times with t different words, a word has the probability (count + t·p)/(c + t), p that after the shorter context. Words that training texts have once count
 * as unknown, so that an unknown word has a probability of its own.
 */
import { wordsOf } from '../base/words.js';

const [START, END, UNKNOWN] = ['<s>', '</s>', '<unk>'];

/** Counts after a context. */
interface Context {
  total: number;
  words: Map<string, number>;
}

export class Trigrams {
  private readonly contexts = new Map<string, Context>();
  private readonly known = new Set<string>([END, UNKNOWN]);

  constructor(texts: readonly string[]) {
    const counts = new Map<string, number>();
    const all = texts.map(wordsOf);
    for (const words of all) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
    for (const [word, count] of counts) if (count > 1) this.known.add(word);
    for (const words of all)
      this.each(words, (context, word) => {
        for (let from = 0; from <= 2; from++) this.count(context.slice(from).join(' '), word);
      });
  }

  /** Words that have a probability, the end and the unknown word among them. */
  get vocabulary(): ReadonlySet<string> {
    return this.known;
  }

  private count(context: string, word: string) {
    let found = this.contexts.get(context);
    if (!found) {
      found = { total: 0, words: new Map() };
      this.contexts.set(context, found);
    }
    found.total++;
    found.words.set(word, (found.words.get(word) ?? 0) + 1);
  }

  /** Calls `visit` for every word of a text and its end, with the two before it. */
  private each(words: readonly string[], visit: (context: [string, string], word: string) => void) {
    let context: [string, string] = [START, START];
    for (const said of [...words, END]) {
      const word = this.known.has(said) ? said : UNKNOWN;
      visit(context, word);
      context = [context[1], word];
    }
  }

  /** Probability of a known word after the last words of a text. */
  probability(context: readonly string[], word: string): number {
    let p = 1 / this.known.size;
    for (let from = context.length; from >= 0; from--) {
      const found = this.contexts.get(context.slice(from).join(' '));
      if (!found) continue;
      const t = found.words.size;
      p = ((found.words.get(word) ?? 0) + t * p) / (found.total + t);
    }
    return p;
  }

  /** Mean surprise of the words of a text and its end, nats: the logarithm of the perplexity. */
  surprise(text: string): number {
    let [sum, n] = [0, 0];
    this.each(wordsOf(text), (context, word) => {
      sum -= Math.log(this.probability(context, word));
      n++;
    });
    return sum / n;
  }
}
