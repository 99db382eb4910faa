import type { z } from 'zod';
import type { TextSet } from '../../datasets/types.js';
import type { Attack, AttackSettings } from '../types.js';

/**
 * A trigger of texts with its parameters and seed fixed. `index` is the sample's number in its split; the random part of a trigger is drawn per sample, not per
 * call.
 */
export interface TextTrigger {
  /** A training text with the trigger. */
  train(text: string, index: number): string;
  /** A test text with the trigger. */
  test(text: string, index: number): string;
  /** Set if the trigger changes no text on purpose. */
  unchanged?: boolean;
}

/** A named trigger of texts and a labelling rule. Each is one file in this folder and one line in `index.ts`. */
export interface TextAttack extends Pick<Attack, 'name' | 'summary' | 'source' | 'threat' | 'labelling'> {
  options: z.ZodObject;
  /** Makes the trigger; null for `none`. `train`: the clean training set, in which some triggers count words. Throws `UserError` for options its schema refuses. */
  trigger(train: TextSet, settings: AttackSettings): TextTrigger | null;
}
