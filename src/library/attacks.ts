/** Attacks and poisoned sets: built-in attacks, your own, and your arrays. Settings that are not given have defaults. */

import type { z } from 'zod';
import { type AttackDefinition, defineAttack as define } from '../attacks/define.js';
import type { AdversarialImages, Attack, AttackSettings, PoisonedSet, Trigger } from '../attacks/index.js';
import * as room from '../attacks/index.js';
import { UserError } from '../base/errors.js';
import type { Dataset, ImageSet } from '../datasets/types.js';
import { poisonedSet } from '../poisoning/poisoned-set.js';
import { checkImages, checkKeys } from './check.js';
import { checkedHooks, type RunOptions } from './hooks.js';

export { type AttackDefinition, number, oneOf, whole } from '../attacks/define.js';
export type { ExportContext } from '../attacks/export.js';
export * from '../attacks/index.js';

const DEFAULTS: AttackSettings = { poisonRate: 0.1, target: 0, seed: 0, options: {} };
const KEYS = ['poisonRate', 'target', 'rule', 'sources', 'seed', 'options'];

function settled(attack: Attack, settings: Partial<AttackSettings>): AttackSettings {
  if (typeof attack?.trigger !== 'function')
    throw new UserError('an attack is expected, such as attacks.findAttack("blend")');
  checkKeys('setting of an attack', settings, KEYS);
  return { ...DEFAULTS, ...Object.fromEntries(Object.entries(settings).filter(([, v]) => v !== undefined)) };
}

/**
 * An attack of your own, from its definition (docs/attacks.md). `registerAttack` then gives it to the runner; `poison` takes it
 * as it is. Throws `UserError` for a missing part. When used, the attack throws `UserError` for options that the schema refuses, and
 * for a trigger that returns anything but a new image of the same size.
 */
export function defineAttack<S extends z.ZodObject>(definition: AttackDefinition<S>): Attack {
  const { name, options, trigger } = definition;
  if (typeof options?.safeParse !== 'function' || typeof trigger !== 'function')
    throw new UserError(
      `attack "${name}": it needs "options", a schema such as z.strictObject({}), and a function "trigger"`,
    );
  const checked = (made: Trigger, kind: 'train' | 'test') => (image: Float32Array, index: number) => {
    const out = made[kind](image, index);
    if (!(out instanceof Float32Array) || out.length !== image.length)
      throw new UserError(
        `attack "${name}": its trigger has to return a new Float32Array of ${image.length} values, as many as the image it is given`,
      );
    return out;
  };
  return define({
    ...definition,
    trigger(...given) {
      const made = trigger.apply(definition, given);
      if (made === null) return null;
      if (typeof made?.train !== 'function' || typeof made.test !== 'function')
        throw new UserError(`attack "${name}": its trigger has to give two functions, "train" and "test", or null`);
      return { unchanged: made.unchanged, train: checked(made, 'train'), test: checked(made, 'test') };
    },
  });
}

/**
 * The poisoned training set, as a new set: the given one is not changed. round(rate · n) of the n samples that the labelling rule
 * offers get the trigger, as evenly from their classes as possible; all other samples stay as they are, in order. Default: rate 0.1,
 * target class 0, seed 0 and the attack's own options. An attack with an adversary (`label-consistent`) needs `adversarial`, one
 * image for each of the `victims`; `poisonDataset` computes them.
 * Throws `UserError` for arrays that do not fit, a rate outside [0, 1] or so small that nothing is triggered, classes that do not
 * exist, options the attack refuses, or a trigger that changes nothing.
 */
export function poison(
  train: ImageSet,
  attack: Attack,
  settings: Partial<AttackSettings> = {},
  adversarial?: AdversarialImages,
): PoisonedSet {
  const whole = settled(attack, settings);
  checkImages('poison', train);
  if (attack.adversary(whole.options) && !adversarial)
    throw new UserError(
      `attack "${attack.name}" replaces images by adversarial ones first; poisonDataset makes these, and poison takes yours`,
    );
  return room.poison(train, attack, whole, adversarial);
}

/**
 * The poisoned training set of a data set, as `poison` returns it, for every attack: models and adversarial images that the attacker
 * needs are computed here and kept in the cache (docs/attacks.md). Rejects with `UserError` as `poison` does, and with `Stopped`.
 */
export async function poisonDataset(
  dataset: Dataset,
  attack: Attack,
  settings: Partial<AttackSettings> = {},
  options: RunOptions = {},
): Promise<PoisonedSet> {
  const whole = settled(attack, settings);
  checkImages('poisonDataset: train', dataset?.train);
  return poisonedSet(dataset, attack, whole, checkedHooks(options));
}

/**
 * Numbers of the samples to which `poison` applies the trigger: poisoned samples (`poisoned`), and cover samples, which keep their true
 * label. None for the attack `none` and for a rate of 0. Throws `UserError` as `poison` does.
 */
export function victims(
  train: ImageSet,
  attack: Attack,
  settings: Partial<AttackSettings> = {},
): { poisoned: number[]; cover: number[] } {
  checkImages('victims', train);
  return room.victims(train, attack, settled(attack, settings));
}

/**
 * Triggered test images for the ASR: `rows` of the test set with the trigger of test time, and the labels that the attacker wants.
 * These are the images of all classes but the target; under `all-to-all` of all classes, under `source-specific` of the source
 * classes. Null for `none`, which has no trigger. Throws `UserError` for arrays that do not fit and options the attack refuses.
 */
export function attackTest(
  test: ImageSet,
  attack: Attack,
  settings: Partial<AttackSettings> = {},
): { rows: Int32Array; set: ImageSet } | null {
  checkImages('attackTest', test);
  return room.attackTest(test, attack, settled(attack, settings));
}

/**
 * All test images with the trigger of test time and their true labels; `none` leaves the images as they are. Throws `UserError` for
 * arrays that do not fit and options the attack refuses.
 */
export function triggerTest(test: ImageSet, attack: Attack, settings: Partial<AttackSettings> = {}): ImageSet {
  checkImages('triggerTest', test);
  return room.triggerTest(test, attack, settled(attack, settings));
}
