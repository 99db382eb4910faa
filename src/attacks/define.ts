/** Definition of attacks: the schema of an attack types its functions; outside, all attacks have one interface. */
import { z } from 'zod';
import { UserError, unknownWord } from '../base/errors.js';
import type { Adversary, Attack, AttackSettings, ImageShape, Labelling, Trigger } from './types.js';

/** Definition of an attack. `options` is a zod schema, which types the arguments of the functions. */
export interface AttackDefinition<S extends z.ZodObject> {
  /** Name: letters, digits and dashes. */
  name: string;
  /** One line for `--help`. */
  summary: string;
  /** Paper or definition. */
  source: string;
  /** What the attacker must know and be able to do. */
  threat: string;
  /** Schema of the parameters; each with a default and a description. */
  options: S;
  /** Labelling rule. Default all-to-one without cover samples. */
  labelling?: (options: z.infer<S>) => Labelling;
  /** Adversarial images that the attack needs. Default none. */
  adversary?: (options: z.infer<S>) => Adversary;
  /** Makes the trigger for a set, from checked options; null for an attack without a trigger. */
  trigger(shape: ImageShape, options: z.infer<S>, settings: AttackSettings): Trigger | null;
}

/** Makes an attack of its definition. Its options are checked here, and nowhere else. */
export function defineAttack<S extends z.ZodObject>(definition: AttackDefinition<S>): Attack {
  const { name, summary, source, threat, options: schema } = definition;
  const check = (options: Record<string, unknown>) => checkOptions(name, schema, options);
  return {
    name,
    summary,
    source,
    threat,
    options: schema,
    labelling: (options) => {
      const checked = check(options);
      return definition.labelling?.(checked) ?? { rule: 'all-to-one', cover: 0 };
    },
    adversary: (options) => definition.adversary?.(check(options)) ?? null,
    trigger: (shape, settings) => definition.trigger(shape, check(settings.options), settings),
  };
}

/** The options with defaults filled in. Throws `UserError` with the option, its value and what is allowed. */
export function checkOptions<S extends z.ZodObject>(
  attack: string,
  schema: S,
  options: Record<string, unknown>,
): z.infer<S> {
  const names = Object.keys(schema.shape);
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name)) {
      if (!names.length) throw new UserError(`attack "${attack}" has no options, but got "${name}"`);
      throw unknownWord(`option of attack "${attack}"`, name, names);
    }
    // Coercion would turn an empty text into 0.
    if (value === '' || value === null) throw new UserError(`attack "${attack}": option ${name} is empty`);
  }
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = String(issue.path[0]);
  throw new UserError(`attack "${attack}": option ${name} is ${JSON.stringify(options[name])}: ${issue.message}`);
}

/** Schema of a number from `low` to `high`, also as text (from the command line). */
export function number(low: number, high: number) {
  const message = `a number from ${low} to ${high} is allowed`;
  return z.coerce.number({ error: message }).min(low, message).max(high, message);
}

/** Schema of a whole number from `low` to `high`, also as text. */
export function whole(low: number, high: number) {
  const message = `a whole number from ${low} to ${high} is allowed`;
  return z.coerce.number({ error: message }).int(message).min(low, message).max(high, message);
}

/** Schema of one of a few words. */
export function oneOf<const W extends readonly [string, ...string[]]>(words: W) {
  return z.enum(words, { error: `one of ${words.join(', ')} is allowed` });
}
