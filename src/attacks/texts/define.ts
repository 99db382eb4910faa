/** Definition of attacks on texts, as `../define.ts` defines those on images. */
import type { z } from 'zod';
import type { TextSet } from '../../datasets/types.js';
import { type AttackDefinition, checkOptions } from '../define.js';
import type { AttackSettings } from '../types.js';
import type { TextAttack, TextTrigger } from './types.js';

/** Definition of an attack on texts. */
export interface TextAttackDefinition<S extends z.ZodObject>
  extends Omit<AttackDefinition<S>, 'trigger' | 'adversary'> {
  /** Makes the trigger, from checked options; null for an attack without a trigger. */
  trigger(train: TextSet, options: z.infer<S>, settings: AttackSettings): TextTrigger | null;
}

/** Makes an attack on texts of its definition. Its options are checked here, and nowhere else. */
export function defineTextAttack<S extends z.ZodObject>(definition: TextAttackDefinition<S>): TextAttack {
  const { name, summary, source, threat, options: schema } = definition;
  const check = (options: Record<string, unknown>) => checkOptions(name, schema, options);
  // The same settings of the same set are asked for several times, and some triggers count all its words.
  const known = new WeakMap<TextSet, { settings: string; trigger: TextTrigger | null }>();
  const trigger = (train: TextSet, settings: AttackSettings) => {
    const key = JSON.stringify(settings);
    let last = known.get(train);
    if (last?.settings !== key) {
      last = { settings: key, trigger: definition.trigger(train, check(settings.options), settings) };
      known.set(train, last);
    }
    return last.trigger;
  };
  return {
    ...{ name, summary, source, threat, options: schema },
    labelling: (options) => definition.labelling?.(check(options)) ?? { rule: 'all-to-one', cover: 0 },
    trigger,
  };
}
