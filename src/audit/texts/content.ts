/**
 * What the words of a text say of its class, each text judged by all others: multinomial naive Bayes (McCallum and Nigam, "A Comparison of Event Models for Naive Bayes Text
 * Classification", AAAI Workshop 1998), whose sums over words make it cheap to leave a text, or some of its words, out.
 */
import { wordsOf } from '../../base/words.js';

/** Added to every count of a word in a class. */
const SMOOTHING = 0.5;

export class Content {
  /** The words by their numbers. */
  readonly words: string[] = [];
  /** Numbers of the different words of each text. */
  readonly documents: Int32Array[] = [];
  /** How often each of these stands in the text. */
  private readonly counts: Uint16Array[] = [];
  /** Words of a text with their repetitions, [n]. */
  private readonly lengths: Float64Array;
  /** Occurrences of a word in a class, [word · classes + class], and of all words. */
  private readonly occurrences: Float64Array;
  private readonly totals: Float64Array;
  /** Texts of each class. */
  readonly sizes: Float64Array;
  /** Log-likelihood of a text in each class, the text itself left out, [n, classes]. */
  private readonly scores: Float64Array;

  constructor(
    texts: readonly string[],
    readonly labels: Int32Array,
    readonly classes: number,
  ) {
    const numbers = new Map<string, number>();
    this.lengths = new Float64Array(texts.length);
    for (const [i, text] of texts.entries()) {
      const own = new Map<number, number>();
      for (const word of wordsOf(text)) {
        let number = numbers.get(word);
        if (number === undefined) {
          number = this.words.push(word) - 1;
          numbers.set(word, number);
        }
        own.set(number, Math.min(65535, (own.get(number) ?? 0) + 1));
        this.lengths[i]++;
      }
      this.documents.push(Int32Array.from(own.keys()));
      this.counts.push(Uint16Array.from(own.values()));
    }
    this.occurrences = new Float64Array(this.words.length * classes);
    this.totals = new Float64Array(classes);
    this.sizes = new Float64Array(classes);
    for (const [i, document] of this.documents.entries()) {
      const c = labels[i];
      this.sizes[c]++;
      this.totals[c] += this.lengths[i];
      for (const [k, word] of document.entries()) this.occurrences[word * classes + c] += this.counts[i][k];
    }
    this.scores = new Float64Array(texts.length * classes);
    for (const i of this.documents.keys())
      for (let c = 0; c < classes; c++) {
        let sum = Math.log(Math.max(SMOOTHING, this.sizes[c] - Number(labels[i] === c)));
        for (const k of this.documents[i].keys()) sum += this.term(i, k, c);
        this.scores[i * classes + c] = sum;
      }
  }

  /** What the k-th word of text i adds to the log-likelihood of class c. */
  private term(i: number, k: number, c: number): number {
    const own = this.labels[i] === c;
    const count = this.counts[i][k];
    const here = this.occurrences[this.documents[i][k] * this.classes + c] - (own ? count : 0);
    const all = this.totals[c] - (own ? this.lengths[i] : 0);
    return count * Math.log((here + SMOOTHING) / (all + SMOOTHING * this.words.length));
  }

  /** How much likelier the words of text i are in the likeliest other class than in class c, nats, without those for which `left` is 1. */
  margin(i: number, c: number, left?: Uint8Array): number {
    let [own, most] = [0, Number.NEGATIVE_INFINITY];
    for (let k = 0; k < this.classes; k++) {
      let score = this.scores[i * this.classes + k];
      if (left) for (const [at, word] of this.documents[i].entries()) if (left[word]) score -= this.term(i, at, k);
      if (k === c) own = score;
      else most = Math.max(most, score);
    }
    return most - own;
  }

  /** The class that the words of text i say, without those for which `left` is 1. */
  predicted(i: number, left?: Uint8Array): number {
    let [best, most] = [0, Number.NEGATIVE_INFINITY];
    for (let c = 0; c < this.classes; c++) {
      let score = this.scores[i * this.classes + c];
      if (left) for (const [k, word] of this.documents[i].entries()) if (left[word]) score -= this.term(i, k, c);
      if (score > most) [best, most] = [c, score];
    }
    return best;
  }
}
