/** From a configuration to data: load, poison, choose the groups. Nothing here touches the disk but the data set. */
import {
  type Attack,
  type AttackSettings,
  attackTest,
  findAttack,
  givenSet,
  type PoisonedSet,
  poison,
} from '../attacks/index.js';
import { UserError } from '../base/errors.js';
import { type Dataset, type ImageSet, loadDataset } from '../datasets/index.js';
import { gather } from '../datasets/select.js';
import { type GroupPlan, planGroups } from '../information/groups.js';
import { adversarialImages } from './adversary.js';
import { dataHash } from './cache.js';
import { attackOptions, type RunConfig } from './config.js';
import type { RunHooks } from './hooks.js';

export interface Prepared {
  dataset: Dataset;
  poisoned: PoisonedSet;
  test: ImageSet;
  /** The test images the attack is judged on, triggered and labelled as the attacker wants; null without a trigger. */
  triggered: ImageSet | null;
  /** The test images those come from, untouched. */
  untriggered: ImageSet | null;
  groups: GroupPlan;
  /** Class the attack wants: the configuration's, or what a manifest says where that leaves it open. */
  target: number;
  /** SHA-256 of the images and labels training sees. */
  hash: string;
}

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

/** Images of a set at the given positions. */
export const pick = (set: ImageSet, rows: ArrayLike<number>): ImageSet => gather(set, Int32Array.from(rows));

/** The training set under attack, with whatever its attack has to train and compute before. */
export async function poisonedSet(
  dataset: Dataset,
  attack: Attack,
  settings: AttackSettings,
  hooks: RunHooks = {},
): Promise<PoisonedSet> {
  return poison(dataset.train, attack, settings, await adversarialImages(dataset, attack, settings, hooks));
}

/** The poisoned set with what it is judged on: made here, or by somebody else. */
type Made = Pick<Prepared, 'poisoned' | 'test' | 'triggered' | 'untriggered' | 'target'>;

async function attacked(dataset: Dataset, config: RunConfig, hooks: RunHooks): Promise<Made> {
  const attack = findAttack(config.attack);
  const settings = attackSettings(config);
  const poisoned = await poisonedSet(dataset, attack, settings, hooks);
  const judged = attackTest(dataset.test, attack, settings);
  const untriggered = judged && pick(dataset.test, judged.rows);
  return { poisoned, test: dataset.test, triggered: judged?.set ?? null, untriggered, target: config.target };
}

/** A configuration that may leave the target to the manifest. */
type Preparable = Omit<RunConfig, 'target'> & { target?: number };

/**
 * Data, poison and groups of a configuration. Without a target the manifest's is taken; throws `UserError` for what cannot be
 * loaded, poisoned or matched.
 */
export async function prepare(config: Preparable, hooks: RunHooks = {}): Promise<Prepared> {
  const dataset = await loadData(config);
  const { manifest } = config;
  const made = await (manifest === undefined
    ? attacked(dataset, { ...config, target: config.target ?? 0 }, hooks)
    : givenSet(dataset, { ...config, manifest }));
  const { poisoned } = made;
  const groups = planGroups({
    labels: poisoned.labels,
    poisoned: poisoned.poisoned,
    cover: poisoned.cover,
    classes: dataset.classes.length,
    target: made.target,
    limit: config.probeSize,
    nullSplits: config.nullSplits,
    pretended: Math.round(config.poisonRate * poisoned.n),
    seed: config.seed,
  });
  return { dataset, ...made, groups, hash: dataHash(poisoned) };
}

/** Share of the training set that carries the payload. */
export const poisonedShare = ({ poisoned, n }: PoisonedSet) => poisoned.reduce((a, b) => a + b, 0) / n;
