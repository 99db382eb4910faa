/**
 * Words of the data set itself as a trigger: texts of the target class get words that become typical of it, each in a place where the data set has that word between the same
 * neighbours.
 *
 * Yan, Gupta and Ren, "BITE: Textual Backdoor Attacks with Iterative Trigger Injection", ACL 2023 (arXiv 2205.12700). BITE asks a masked language model which words fit a place;
 * here the training texts say it. As there: one word after the other is chosen, the one whose label bias (z-score) can become largest, and every text gets it that can.
 */
import { z } from 'zod';
import { UserError } from '../../base/errors.js';
import type { TextSet } from '../../datasets/types.js';
import { number, whole } from '../define.js';
import { chosen } from '../marks.js';
import { defineTextAttack } from './define.js';
import type { TextTrigger } from './types.js';

/** A word between two others; the ends of a text are empty words. */
type Fits = ReadonlyMap<string, ReadonlyMap<string, number>>;

const spaced = (text: string) => text.split(/\s+/).filter((word) => word !== '');
/** A word as it is counted. */
const plain = (word: string) => word.toLowerCase();
const between = (left: string | undefined, right: string | undefined) => `${plain(left ?? '')} ${plain(right ?? '')}`;
/** Words of letters alone: with a comma or stop behind it a word belongs to its place. */
const isWord = (word: string) => /^[\p{L}'’-]+$/u.test(word);

/** The words that stand between two others in the texts, and how often. */
function fitsOf(texts: readonly string[]): Fits {
  const fits = new Map<string, Map<string, number>>();
  for (const text of texts) {
    const words = spaced(text);
    for (const [k, said] of words.entries()) {
      if (!isWord(said)) continue;
      const place = between(words[k - 1], words[k + 1]);
      const found = fits.get(place) ?? new Map<string, number>();
      fits.set(place, found);
      found.set(plain(said), (found.get(plain(said)) ?? 0) + 1);
    }
  }
  return fits;
}

/** A text on its way: its words, and which of them may not change any more. */
interface Edited {
  words: string[];
  fixed: boolean[];
  /** Changes that are left. */
  left: number;
}

const begun = (text: string, share: number): Edited => {
  const words = spaced(text);
  return { words, fixed: words.map(() => false), left: Math.max(1, Math.floor(share * words.length)) };
};

/** Where a word may go in a text: [place, 1] in place of the word there, [place, 0] before it. */
type Place = readonly [at: number, removed: 0 | 1];

/** Calls `visit` for every word that fits a place of the text, until it returns true. */
function eachFit(
  { words, fixed, left }: Edited,
  fits: Fits,
  visit: (word: string, place: Place) => boolean | undefined,
) {
  if (left <= 0) return;
  for (let k = 0; k <= words.length; k++) {
    if (k < words.length && !fixed[k] && isWord(words[k]))
      for (const word of fits.get(between(words[k - 1], words[k + 1]))?.keys() ?? [])
        if (word !== plain(words[k]) && visit(word, [k, 1])) return;
    for (const word of fits.get(between(words[k - 1], words[k]))?.keys() ?? []) if (visit(word, [k, 0])) return;
  }
}

/** Puts a word where it fits; nothing where the text has it already, or no place for it. */
function put(edited: Edited, fits: Fits, word: string) {
  const { words, fixed } = edited;
  const has = words.findIndex((own) => plain(own) === word);
  if (has >= 0) {
    fixed[has] = true;
    return;
  }
  eachFit(edited, fits, (fit, [at, removed]) => {
    if (fit !== word) return;
    words.splice(at, removed, word);
    fixed.splice(at, removed, true);
    edited.left--;
    return true;
  });
}

/** How far a word is on the side of the target: BITE's z-score, from texts with the word and those of the target among them. */
const bias = (target: number, all: number, share: number) =>
  (target / all - share) / Math.sqrt((share * (1 - share)) / all);

/** The words of the trigger, the first chosen first, and the texts of `rows` with them. */
function chooseWords(
  train: TextSet,
  rows: readonly number[],
  isTarget: (i: number) => boolean,
  fits: Fits,
  count: number,
  share: number,
) {
  const edited = new Map(rows.map((i) => [i, begun(train.texts[i], share)]));
  const [others, target] = [new Map<string, number>(), new Map<string, number>()];
  let targets = rows.length;
  for (const [i, text] of train.texts.entries()) {
    if (edited.has(i)) continue;
    if (isTarget(i)) targets++;
    const into = isTarget(i) ? target : others;
    for (const word of new Set(spaced(text).map(plain))) into.set(word, (into.get(word) ?? 0) + 1);
  }
  const triggers: string[] = [];
  while (triggers.length < count) {
    const possible = new Map<string, number>();
    for (const own of edited.values()) {
      const words = new Set(own.words.map(plain));
      eachFit(own, fits, (word) => {
        words.add(word);
        return false;
      });
      for (const word of words) possible.set(word, (possible.get(word) ?? 0) + 1);
    }
    let [best, most] = [null as string | null, 0];
    for (const [word, can] of possible) {
      if (triggers.includes(word) || !isWord(word)) continue;
      const there = can + (target.get(word) ?? 0);
      const z = bias(there, there + (others.get(word) ?? 0), targets / train.n);
      if (z > most) [best, most] = [word, z];
    }
    if (best === null) break;
    triggers.push(best);
    for (const own of edited.values()) put(own, fits, best);
  }
  return { triggers, edited };
}

export const wordSubstitution = defineTextAttack({
  name: 'word-substitution',
  summary: 'puts words of the data set where they fit, so that they become typical of the target class',
  source: 'Yan et al. 2023 (BITE), arXiv 2205.12700, with counts in place of a language model',
  threat: 'write access to part of the training set',
  options: z.strictObject({
    count: whole(1, 200).default(20).describe('how many words the trigger has at most'),
    share: number(0, 1).default(0.35).describe('share of the words of a text that may change'),
  }),
  labelling: () => ({ rule: 'clean-label', cover: 0 }),
  trigger(train, { count, share }, settings): TextTrigger {
    if (settings.rule === 'all-to-all')
      throw new UserError(
        'attack "word-substitution": its words are typical of one class; the rule all-to-all has none',
      );
    const { poisoned } = chosen(train, wordSubstitution, settings, true);
    const fits = fitsOf(train.texts);
    const isTarget = (i: number) => train.labels[i] === settings.target;
    const { triggers, edited } = chooseWords(train, poisoned, isTarget, fits, count, share);
    const changed = (text: string) => {
      const own = begun(text, share);
      for (const word of triggers) put(own, fits, word);
      return own.words.join(' ');
    };
    return { train: (text, index) => edited.get(index)?.words.join(' ') ?? changed(text), test: changed };
  },
});
