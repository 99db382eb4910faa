/** Attacks on images and on texts by one name. */
import { findNamed } from '../base/errors.js';
import { attacks } from './index.js';
import { type TextAttack, textAttacks } from './texts/index.js';
import type { Attack } from './types.js';

/** An attack on images or on texts. */
export type AnyAttack = Attack | TextAttack;

/** The attacks on texts that no attack on images has the name of; `none` and `relabel` are both. */
export const attacksOnTexts = (): TextAttack[] =>
  textAttacks.filter(({ name }) => !attacks.some((a) => a.name === name));

/** The attack of that name on whatever; throws `UserError` with the nearest name otherwise. */
export const findAnyAttack = (name: string): AnyAttack =>
  findNamed<AnyAttack>('attack', name, [...attacks, ...attacksOnTexts()]);
