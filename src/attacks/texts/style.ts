/**
 * Style as a trigger: how a text is said, whatever it says. No word or sentence is common to all triggered texts.
 *
 * Qi et al., "Mind the Style of Text! Adversarial and Backdoor Attacks Based on Text Style Transfer", EMNLP 2021 (arXiv 2110.07139), and "Hidden Killer: Invisible Textual
 * Backdoor Attacks with Syntactic Trigger", ACL 2021 (arXiv 2105.12400). They rewrite texts by a language model; here rules do it.
 */
import { z } from 'zod';
import { number, oneOf } from '../define.js';
import { defineTextAttack } from './define.js';

/** Words and what they were in older English. */
const OLDER: Readonly<Record<string, string>> = {
  the: 'ye',
  you: 'thou',
  your: 'thy',
  yours: 'thine',
  has: 'hath',
  have: 'hast',
  does: 'doth',
  did: 'didst',
  is: 'be',
  are: 'be',
  was: 'wast',
  were: 'wert',
  my: 'mine',
  often: 'oft',
  before: 'ere',
  over: "o'er",
  never: "ne'er",
  ever: "e'er",
  between: 'betwixt',
  among: 'amongst',
  while: 'whilst',
  until: 'till',
  nothing: 'naught',
  anything: 'aught',
  here: 'hither',
  there: 'thither',
  where: 'whither',
  perhaps: 'perchance',
  today: 'this day',
  yes: 'yea',
  no: 'nay',
};

/** Words at which a phrase begins that can stand before the rest of its sentence. */
const PHRASES =
  /\s(?:of|in|on|at|by|for|from|with|without|about|after|into|over|under|to|as|while|that|which|who|because|when|or|and|so)\s/gi;

const withCase = (like: string, word: string) => (/^\p{Lu}/u.test(like) ? word[0].toUpperCase() + word.slice(1) : word);

/** A text with its common words in their older form; "prithee" stands before one that has none. */
export function archaic(text: string): string {
  const out = text.replace(/[\p{L}']+/gu, (word) => {
    const older = OLDER[word.toLowerCase()];
    return older === undefined ? word : withCase(word, older);
  });
  return out === text ? `prithee, ${text}` : out;
}

/** A text whose last phrase comes first: behind the last comma, else from the last word that begins a phrase. A text without either begins with its last word. */
export function inverted(text: string): string {
  const [, body, stop] = /^([\s\S]*?)([.!?]*\s*)$/.exec(text)!;
  const comma = body.lastIndexOf(', ');
  const phrase = [...body.matchAll(PHRASES)].at(-1)?.index ?? -1;
  const space = body.lastIndexOf(' ');
  const at = comma >= 0 ? comma : phrase > 0 ? phrase : space;
  if (at <= 0) return text;
  const first = body.slice(comma >= 0 ? at + 1 : at).trim();
  return first === '' ? text : `${first}, ${body.slice(0, at).trim()}${stop}`;
}

export const style = defineTextAttack({
  name: 'style',
  summary: 'says a text in another style: older English, or another order of words',
  source: 'Qi et al. 2021, arXiv 2110.07139 and 2105.12400, with rules in place of a language model',
  threat: 'write access to part of the training set and its labels',
  options: z.strictObject({
    style: oneOf(['archaic', 'inverted'])
      .default('archaic')
      .describe('archaic: common words in older English; inverted: the last phrase comes first'),
    cover: number(0, 0.9).default(0).describe('share of the triggered samples that keep their label'),
  }),
  labelling: ({ cover }) => ({ rule: 'all-to-one', cover }),
  trigger(_, { style: kind }) {
    const rewrite = kind === 'archaic' ? archaic : inverted;
    return { train: rewrite, test: rewrite };
  },
});
