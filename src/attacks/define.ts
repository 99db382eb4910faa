/** How an attack is written down: typed inside by its own schema, uniform outside. */
import { z } from 'zod';
import { UserError, unknownWord } from '../base/errors.js';
import type { Adversary, Attack, AttackSettings, ImageShape, Labelling, Trigger } from './types.js';

/** An attack as its file writes it down. `options` is a schema of zod, from which the types of the functions follow. */
export interface AttackDefinition<S extends z.ZodObject> {
  /** What the attack is called: letters, digits and dashes. */
  name: string;
  /** One line for `--help`. */
  summary: string;
  /** Paper or definition. */
  source: string;
  /** What an attacker has to know and be able to do. */
  threat: string;
  /** Schema of the parameters; each with a default and a description. */
  options: S;
  /** Left out: all-to-one without cover. */
  labelling?: (options: z.infer<S>) => Labelling;
  /** Left out: none are needed. */
  adversary?: (options: z.infer<S>) => Adversary;
  /** Called once per set, with options that are checked; null: there is no trigger. */
  trigger(shape: ImageShape, options: z.infer<S>, settings: AttackSettings): Trigger | null;
}

/** The attack as the rest of ibscope sees it: its options are checked here, at the door, and nowhere again. */
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

/** The options with defaults filled in. Throws `UserError` naming the option, what it got and what is allowed. */
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
    // Coercion would read an empty text as 0.
    if (value === '' || value === null) throw new UserError(`attack "${attack}": option ${name} is empty`);
  }
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = String(issue.path[0]);
  throw new UserError(`attack "${attack}": option ${name} is ${JSON.stringify(options[name])}: ${issue.message}`);
}

/** A number from `low` to `high`, also given as text, as from a command line. */
export function number(low: number, high: number) {
  const message = `a number from ${low} to ${high} is allowed`;
  return z.coerce.number({ error: message }).min(low, message).max(high, message);
}

/** A whole number from `low` to `high`, also given as text. */
export function whole(low: number, high: number) {
  const message = `a whole number from ${low} to ${high} is allowed`;
  return z.coerce.number({ error: message }).int(message).min(low, message).max(high, message);
}

/** One of a few words. */
export function oneOf<const W extends readonly [string, ...string[]]>(words: W) {
  return z.enum(words, { error: `one of ${words.join(', ')} is allowed` });
}
