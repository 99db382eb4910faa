/** A poisoned training set and its test sets from a configuration: poisoned here, or by somebody else (`--manifest`). */

import { findAnyAttack } from '../attacks/any.js';
import {
  type Attack,
  type AttackSettings,
  attackTest,
  findAttack,
  givenSet,
  type PoisonedSet,
  poison,
  type Rule,
} from '../attacks/index.js';
import { judgedRows, marked } from '../attacks/poison.js';
import { UserError } from '../base/errors.js';
import type { RunHooks } from '../base/progress.js';
import type { RunConfig } from '../config/options.js';
import { attackOptions } from '../config/resolve.js';
import type { Dataset, ImageSet } from '../datasets/index.js';
import { pick } from '../datasets/select.js';
import { isTextDataset } from '../datasets/texts/index.js';
import { adversarialImages } from './adversary.js';
import { readOnce } from './read-once.js';

/** The settings of the attack in a configuration. */
export function attackSettings(config: RunConfig): AttackSettings {
  const { poisonRate, target, seed, rule, source: sources } = config;
  return { poisonRate, target, seed, rule, sources, options: attackOptions(config) };
}

/**
 * The data set of a configuration. With a manifest, limits do not apply yet, because the manifest counts samples of the whole set. Throws
 * `UserError` for a data set that cannot be read, and for a target that is not one of its classes.
 */
export async function loadData(config: Preparable, hooks: RunHooks = {}): Promise<Dataset> {
  if (isTextDataset(config.dataset))
    throw new UserError(`--dataset ${config.dataset}: its samples are texts; images are needed here`);
  const { dataDir, seed, manifest } = config;
  const { trainLimit, testLimit } = manifest === undefined ? config : ({} as Partial<RunConfig>);
  const dataset = await readOnce(config.dataset, { dataDir, trainLimit, testLimit, seed }, hooks);
  if (config.target !== undefined && config.target >= dataset.classes.length)
    throw new UserError(
      `--target ${config.target}: ${dataset.name} has the classes 0 to ${dataset.classes.length - 1}`,
    );
  return dataset;
}

/** The poisoned training set. An attack with an adversary first computes its adversarial images, or takes them from the cache. */
export async function poisonedSet(
  dataset: Dataset,
  attack: Attack,
  settings: AttackSettings,
  hooks: RunHooks = {},
): Promise<PoisonedSet> {
  return poison(dataset.train, attack, settings, await adversarialImages(dataset, attack, settings, hooks));
}

/** A poisoned training set and the test sets on which its attack is measured, of one kind of samples. */
export interface Made<D, P, S> {
  dataset: D;
  poisoned: P;
  test: S;
  /** Triggered test samples with the labels that the attacker wants, for the ASR; null without a trigger. */
  triggered: S | null;
  /** The same test samples without the trigger. */
  untriggered: S | null;
  /** Target class: that of the configuration, else that of the manifest. */
  target: number;
  /** Labelling rule of a set that came poisoned, where its files say it. */
  rule?: Rule;
}

/** Poisoned images. */
export type MadeSet = Made<Dataset, PoisonedSet, ImageSet>;

/**
 * Loads the data set and poisons it, or matches it with the manifest of whoever poisoned it. Throws `UserError` for data that cannot be
 * loaded, poisoned or matched.
 */
export async function makeSet(config: Preparable, hooks: RunHooks = {}): Promise<MadeSet> {
  const dataset = await loadData(config, hooks);
  const { manifest } = config;
  const made = await (manifest === undefined
    ? attacked(dataset, { ...config, target: config.target ?? 0 }, hooks)
    : givenSet(dataset, { ...config, manifest }));
  return { dataset, ...made };
}

async function attacked(dataset: Dataset, config: RunConfig, hooks: RunHooks): Promise<Omit<MadeSet, 'dataset'>> {
  const attack = findAttack(config.attack);
  const settings = attackSettings(config);
  const poisoned = await poisonedSet(dataset, attack, settings, hooks);
  const judged = attackTest(dataset.test, attack, settings);
  const untriggered = judged && pick(dataset.test, judged.rows);
  return { poisoned, test: dataset.test, triggered: judged?.set ?? null, untriggered, target: config.target };
}

/** A poisoned set without its triggers: enough to choose the groups of a run and to count what it costs. */
export interface Marked<D, P, S> {
  dataset: D;
  /** Labels and marks of the poisoned set, samples of the clean one. */
  poisoned: P;
  test: S;
  /** How many test samples the attack is judged on; 0 without a trigger. */
  judged: number;
  target: number;
}

/** Images with the marks of a poisoned set. */
export type MarkedSet = Marked<Dataset, PoisonedSet, ImageSet>;

/**
 * `makeSet` without pixels: no trigger is applied and no surrogate model is trained. A manifest is read, as it alone says what is
 * poisoned. `loaded` is the data set of the configuration where it is at hand. Throws `UserError` as `makeSet` does, but for a trigger
 * that changes nothing.
 */
export async function markSet(config: Preparable, loaded?: Dataset): Promise<MarkedSet> {
  const dataset = loaded ?? (await loadData(config));
  const { manifest } = config;
  if (manifest !== undefined) {
    const { poisoned, test, triggered, target } = await givenSet(dataset, { ...config, manifest });
    return { dataset, poisoned, test, judged: triggered?.n ?? 0, target };
  }
  const attack = findAttack(config.attack);
  const target = config.target ?? 0;
  const settings = attackSettings({ ...config, target });
  const { train, test } = dataset;
  const rows = judgedRows(test, attack, settings);
  return { dataset, poisoned: marked(train, attack, settings), test, judged: rows?.length ?? 0, target };
}

/**
 * The same text for configurations that mark as many samples of each class of a data set, so that a sweep of thousands of trials counts few
 * groups: what a trigger looks like does not count, nor does a rate that gives as many samples.
 */
export function markedAlike(config: Preparable, { train }: Dataset): string {
  const { attack, manifest, poisonRate, target, rule, source } = config;
  if (manifest !== undefined) return JSON.stringify(config);
  const labelling = findAnyAttack(attack).labelling(attackOptions(config));
  const ofAll = (rule ?? labelling.rule).startsWith('all-to-');
  const rate = ofAll ? Math.round(poisonRate * train.n) : poisonRate;
  return JSON.stringify([attack, labelling, rate, target, rule, source]);
}

/** A configuration whose target may come from the manifest. */
export type Preparable = Omit<RunConfig, 'target'> & { target?: number };

/** Share of the training set that is poisoned. */
export const poisonedShare = ({ poisoned, n }: Pick<PoisonedSet, 'poisoned' | 'n'>) =>
  poisoned.reduce((a, b) => a + b, 0) / n;
