/** From a configuration to data: load, poison, choose the groups. Nothing here touches the disk but the data set. */
import {
  type Attack,
  type AttackSettings,
  attackTest,
  findAttack,
  type PoisonedSet,
  poison,
} from '../attacks/index.js';
import { UserError } from '../base/errors.js';
import { type Dataset, type ImageSet, loadDataset } from '../datasets/index.js';
import { type GroupPlan, planGroups } from '../information/groups.js';
import { adversarialImages } from './adversary.js';
import { dataHash } from './cache.js';
import { attackOptions, type RunConfig } from './config.js';
import type { RunHooks } from './hooks.js';

export interface Prepared {
  dataset: Dataset;
  attack: Attack;
  poisoned: PoisonedSet;
  test: ImageSet;
  /** The test images the attack is judged on, triggered and labelled as the attacker wants; null without a trigger. */
  triggered: ImageSet | null;
  /** The test images those come from, untouched. */
  untriggered: ImageSet | null;
  groups: GroupPlan;
  /** SHA-256 of the images and labels training sees. */
  hash: string;
}

export function attackSettings(config: RunConfig): AttackSettings {
  const { poisonRate, target, seed, rule, source: sources } = config;
  return { poisonRate, target, seed, rule, sources, options: attackOptions(config) };
}

/** The data set of a configuration; throws `UserError` for a target that is no class of it. */
export async function loadData(config: RunConfig): Promise<Dataset> {
  const { dataDir, trainLimit, testLimit, seed } = config;
  const dataset = await loadDataset(config.dataset, { dataDir, trainLimit, testLimit, seed });
  if (config.target >= dataset.classes.length)
    throw new UserError(
      `--target ${config.target}: ${dataset.name} has the classes 0 to ${dataset.classes.length - 1}`,
    );
  return dataset;
}

/** Images of a set at the given positions. */
export function pick(set: ImageSet, rows: ArrayLike<number>): ImageSet {
  const size = set.height * set.width * set.channels;
  const images = new Uint8Array(rows.length * size);
  const labels = new Int32Array(rows.length);
  for (let r = 0; r < rows.length; r++) {
    images.set(set.images.subarray(rows[r] * size, (rows[r] + 1) * size), r * size);
    labels[r] = set.labels[rows[r]];
  }
  return { ...set, images, labels, n: rows.length };
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

export async function prepare(config: RunConfig, hooks: RunHooks = {}): Promise<Prepared> {
  const dataset = await loadData(config);
  const attack = findAttack(config.attack);
  const settings = attackSettings(config);
  const poisoned = await poisonedSet(dataset, attack, settings, hooks);
  const judged = attackTest(dataset.test, attack, settings);
  const triggered = judged?.set ?? null;
  const untriggered = judged && pick(dataset.test, judged.rows);
  const groups = planGroups({
    labels: poisoned.labels,
    poisoned: poisoned.poisoned,
    cover: poisoned.cover,
    classes: dataset.classes.length,
    target: config.target,
    limit: config.probeSize,
    nullSplits: config.nullSplits,
    pretended: Math.round(config.poisonRate * poisoned.n),
    seed: config.seed,
  });
  return { dataset, attack, poisoned, test: dataset.test, triggered, untriggered, groups, hash: dataHash(poisoned) };
}
