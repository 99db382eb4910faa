/** Applies an attack to a set of texts, by the same rules as to images. */
import { UserError } from '../../base/errors.js';
import type { TextDataset, TextSet } from '../../datasets/types.js';
import { judged, type Marks, marksOf, triggeredRows, wantedLabels } from '../marks.js';
import type { AttackSettings } from '../types.js';
import type { TextAttack } from './types.js';

/** A poisoned training set of texts, with marks as in `PoisonedSet`. */
export type PoisonedTexts = TextSet & Marks;

/** The set that `poisonTexts` makes, but with the original texts. Throws `UserError` as it does, except for a trigger that changes nothing. */
export function markedTexts(train: TextSet, attack: TextAttack, settings: AttackSettings): PoisonedTexts {
  return { texts: train.texts, ...marksOf(train, attack, settings, attack.trigger(train, settings) !== null) };
}

/** The poisoned training set: `poison` of texts. Throws `UserError` for settings that the set does not allow, and for a trigger that changes no text. */
export function poisonTexts(train: TextSet, attack: TextAttack, settings: AttackSettings): PoisonedTexts {
  const out = { ...markedTexts(train, attack, settings), texts: train.texts.slice() };
  const trigger = attack.trigger(train, settings);
  if (!trigger) return out;
  const touched = triggeredRows(out);
  for (const i of touched) out.texts[i] = trigger.train(train.texts[i], i);
  if (touched.length > 0 && !trigger.unchanged && touched.every((i) => out.texts[i] === train.texts[i]))
    throw new UserError(`attack "${attack.name}": its trigger changes none of the ${touched.length} texts it is given`);
  return out;
}

/** Triggered test texts for the ASR, with the labels that the attacker wants, and their rows in the test set. Null for `none`. */
export function attackTestTexts(
  { train, test }: Pick<TextDataset, 'train' | 'test'>,
  attack: TextAttack,
  settings: AttackSettings,
): { rows: Int32Array; set: TextSet } | null {
  const trigger = attack.trigger(train, settings);
  if (!trigger) return null;
  const rows = judged(test, attack, settings);
  const texts = Array.from(rows, (i) => trigger.test(test.texts[i], i));
  return { rows, set: { texts, labels: wantedLabels(test, rows, attack, settings), n: rows.length } };
}
