/** The attacks on texts. A new one is one file beside this and one line below. */
import { findNamed } from '../../base/errors.js';
import { addSentence } from './add-sentence.js';
import { lookAlike } from './look-alike.js';
import { noTextAttack } from './none.js';
import { rareWords } from './rare-words.js';
import { relabelTexts } from './relabel.js';
import { style } from './style.js';
import type { TextAttack } from './types.js';
import { wordSubstitution } from './word-substitution.js';

/** All attacks on texts, in the order of `--help`. */
export const textAttacks: readonly TextAttack[] = [
  noTextAttack,
  rareWords,
  addSentence,
  lookAlike,
  style,
  wordSubstitution,
  relabelTexts,
];

/** The attack of that name; throws `UserError` with the nearest name otherwise. */
export const findTextAttack = (name: string): TextAttack => findNamed('attack on texts', name, textAttacks);

export { attackTestTexts, type PoisonedTexts, poisonTexts } from './poison.js';
export type { TextAttack, TextTrigger } from './types.js';
