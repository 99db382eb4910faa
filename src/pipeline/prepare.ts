/** From a configuration to data: load, poison, choose the groups. Nothing here touches the disk but the data set. */

import type { RunHooks } from '../base/progress.js';
import { dataHash } from '../datasets/hash.js';
import { type GroupPlan, planGroups } from '../information/groups.js';
import { type MadeSet, type MarkedSet, makeSet, type Preparable } from '../poisoning/poisoned-set.js';
import { instrumentsOf } from './resolution.js';

export interface Prepared extends MadeSet {
  groups: GroupPlan;
  /** SHA-256 of the images and labels training sees. */
  hash: string;
}

/**
 * Data, poison and groups of a configuration. The manifest's target is the default; throws `UserError` for what cannot be
 * loaded, poisoned or matched.
 */
export async function prepare(config: Preparable, hooks: RunHooks = {}): Promise<Prepared> {
  const made = await makeSet(config, hooks);
  return { ...made, groups: groupsOf(config, made), hash: dataHash(made.poisoned) };
}

/** The groups of a configuration. They depend on labels and marks, not on pixels, so a set without its triggers has the same. */
export function groupsOf(config: Preparable, { poisoned, dataset, target }: MadeSet | MarkedSet): GroupPlan {
  return planGroups({
    labels: poisoned.labels,
    poisoned: poisoned.poisoned,
    cover: poisoned.cover,
    classes: dataset.classes.length,
    target,
    limit: config.probeSize,
    nullSplits: config.nullSplits,
    // Critics by themselves keep the draws of version 0.1.0.
    sharedNull: instrumentsOf(config).includes('resolved'),
    pretended: Math.round(config.poisonRate * poisoned.n),
    seed: config.seed,
  });
}
