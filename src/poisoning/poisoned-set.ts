import {
  type Attack,
  type AttackSettings,
  attackTest,
  findAttack,
  givenSet,
  type PoisonedSet,
  poison,
} from '../attacks/index.js';
import { judgedRows, marked } from '../attacks/poison.js';
import { UserError } from '../base/errors.js';
import type { RunHooks } from '../base/progress.js';
import type { RunConfig } from '../config/options.js';
import { attackOptions } from '../config/resolve.js';
import { type Dataset, type ImageSet, loadDataset } from '../datasets/index.js';
import { pick } from '../datasets/select.js';
import { adversarialImages } from './adversary.js';

export function attackSettings(config: RunConfig): AttackSettings {
  const { poisonRate, target, seed, rule, source: sources } = config;
  return { poisonRate, target, seed, rule, sources, options: attackOptions(config) };
}

/** The data set of a configuration, read without limits where a manifest counts in the whole of it; throws `UserError` for a target that is no class of it. */
export async function loadData(config: Preparable): Promise<Dataset> {
  const { dataDir, seed, manifest } = config;
  const { trainLimit, testLimit } = manifest === undefined ? config : ({} as Partial<RunConfig>);
  const dataset = await loadDataset(config.dataset, { dataDir, trainLimit, testLimit, seed });
  if (config.target !== undefined && config.target >= dataset.classes.length)
    throw new UserError(
      `--target ${config.target}: ${dataset.name} has the classes 0 to ${dataset.classes.length - 1}`,
    );
  return dataset;
}

/** The training set under attack, with whatever its attack has to train and compute before. */
export async function poisonedSet(
  dataset: Dataset,
  attack: Attack,
  settings: AttackSettings,
  hooks: RunHooks = {},
): Promise<PoisonedSet> {
  return poison(dataset.train, attack, settings, await adversarialImages(dataset, attack, settings, hooks));
}

/** A poisoned set with what it is judged on: made here, or by somebody else. */
export interface MadeSet {
  dataset: Dataset;
  poisoned: PoisonedSet;
  test: ImageSet;
  /** The test images the attack is judged on, triggered and labelled as the attacker wants; null without a trigger. */
  triggered: ImageSet | null;
  /** The test images those come from, untouched. */
  untriggered: ImageSet | null;
  /** Class the attack wants: the configuration's, or what a manifest says where that leaves it open. */
  target: number;
}

/** Loads and poisons; a manifest says what somebody else poisoned. Throws `UserError` for what cannot be loaded, poisoned or matched. */
export async function makeSet(config: Preparable, hooks: RunHooks = {}): Promise<MadeSet> {
  const dataset = await loadData(config);
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
export interface MarkedSet {
  dataset: Dataset;
  /** Labels and marks of the poisoned set, images of the clean one. */
  poisoned: PoisonedSet;
  test: ImageSet;
  /** How many test images the attack is judged on; 0 without a trigger. */
  judged: number;
  target: number;
}

/**
 * `makeSet` without pixels: no trigger is applied and no surrogate model is trained. A manifest is read, as it alone says what is
 * poisoned. Throws `UserError` as `makeSet` does, but for a trigger that changes nothing.
 */
export async function markSet(config: Preparable): Promise<MarkedSet> {
  const dataset = await loadData(config);
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

/** A configuration that may leave the target to the manifest. */
export type Preparable = Omit<RunConfig, 'target'> & { target?: number };

/** Share of the training set that carries the payload. */
export const poisonedShare = ({ poisoned, n }: PoisonedSet) => poisoned.reduce((a, b) => a + b, 0) / n;
