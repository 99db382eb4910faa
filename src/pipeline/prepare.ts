/** From a configuration to data: load, poison, choose the groups. Nothing here touches the disk but the data set. */

import { UserError } from '../base/errors.js';
import type { RunHooks } from '../base/progress.js';
import { Rng } from '../base/random.js';
import { instrumentsOf } from '../config/options.js';
import { dataHash } from '../datasets/hash.js';
import type { InputSet } from '../datasets/index.js';
import { joined, pick } from '../datasets/select.js';
import { type GroupPart, partOf } from '../dynamics/group-id.js';
import { type GroupPlan, type GroupRequest, planGroups } from '../information/groups.js';
import { type AnyMade, type AnyMarked, makeAny } from '../poisoning/any-set.js';
import type { MadeSet, Preparable } from '../poisoning/poisoned-set.js';

type PoisonedSet = AnyMade['poisoned'];

interface Plan<P> {
  groups: GroupPlan;
  /** What the groups count in: the training set, and behind it the samples of controls. */
  probed: P;
  /** SHA-256 of the samples and labels that training sees. */
  hash: string;
}

/** What a run works on. */
export type Prepared = AnyMade & Plan<PoisonedSet>;
/** What a run on images works on. */
export type PreparedImages = MadeSet & Plan<MadeSet['poisoned']>;

/** The same, for what only images have. Throws `UserError` for texts. */
export function imagesOf(prepared: Prepared): PreparedImages {
  if ('texts' in prepared.test)
    throw new UserError(`${prepared.dataset.name}: its samples are texts; images are needed here`);
  return prepared as PreparedImages;
}

/**
 * Data, poison and groups of a configuration. The manifest's target is the default; throws `UserError` for what cannot be
 * loaded, poisoned or matched.
 */
export async function prepare(config: Preparable, hooks: RunHooks = {}): Promise<Prepared> {
  const made = await makeAny(config, hooks);
  const plan = { ...made, probed: made.poisoned, groups: groupsOf(config, made), hash: dataHash(made.poisoned) };
  return config.control === 'paired' ? withControls(plan, config.seed, hooks) : plan;
}

/**
 * Adds the groups of controls: the poisoned samples' own images without their trigger, which cancels what the images differ in, and
 * test images of the target class, which show what not being trained on does by itself. Neither is trained on.
 */
function withControls(plan: Prepared, seed: number, hooks: RunHooks): Prepared {
  const { dataset, poisoned, target, groups } = plan;
  const backdoor = groups.groups.get(partOf(target, 'backdoor'));
  if (!plan.triggered || !backdoor) {
    hooks.line?.('--control paired: no trigger is known here, so there is no control without one');
    return plan;
  }
  const pairs = Int32Array.from(backdoor, (at) => groups.samples[at]);
  const controls: [GroupPart, InputSet, Int32Array][] = [['untriggered', dataset.train, pairs]];
  const own = Int32Array.from(plan.test.labels.keys()).filter((i) => plan.test.labels[i] === target);
  if (own.length >= groups.size)
    controls.push(['held-out', plan.test, new Rng(seed, 'groups', 'held-out').sample(own, groups.size)]);
  else
    hooks.line?.(
      `--control paired: ${own.length} test images of the target class are too few for a group of ${groups.size}`,
    );
  const all = new Map(groups.groups);
  let probed = poisoned;
  let samples = groups.samples;
  for (const [part, from, rows] of controls) {
    const [first, behind] = [samples.length, probed.n];
    samples = Int32Array.from([...samples, ...Array.from(rows.keys(), (i) => behind + i)]);
    all.set(
      partOf(target, part),
      Int32Array.from(rows.keys(), (i) => first + i),
    );
    probed = appended(probed, pick(from, rows), target);
  }
  return { ...plan, probed, groups: { ...groups, samples, groups: all } };
}

/** A poisoned set with clean samples behind it that count as labelled `label`; their numbers in the training set are −1. */
function appended(set: PoisonedSet, clean: InputSet, label: number): PoisonedSet {
  const { labels, n } = clean;
  const more = (list: Int32Array, values: Int32Array) => Int32Array.from([...list, ...values]);
  return {
    ...joined(set, { ...clean, labels: new Int32Array(n).fill(label) }),
    originalLabels: more(set.originalLabels, labels),
    poisoned: Uint8Array.from([...set.poisoned, ...new Uint8Array(n)]),
    cover: Uint8Array.from([...set.cover, ...new Uint8Array(n)]),
    index: more(set.index, new Int32Array(n).fill(-1)),
  };
}

/** The groups of a configuration. They depend on labels and marks, not on pixels, so a set without its triggers has the same. */
export const groupsOf = (config: Preparable, set: AnyMade | AnyMarked): GroupPlan =>
  planGroups(groupRequest(config, set));

/** What the groups of a run are planned from. */
export function groupRequest(config: Preparable, { poisoned, dataset, target }: AnyMade | AnyMarked): GroupRequest {
  return {
    labels: poisoned.labels,
    poisoned: poisoned.poisoned,
    cover: poisoned.cover,
    classes: dataset.classes.length,
    target,
    limit: config.probeSize,
    minimum: config.minimumGroup,
    nullSplits: config.nullSplits,
    // Critics by themselves keep the draws of version 0.1.0.
    sharedNull: instrumentsOf(config).includes('resolved'),
    pretended: Math.round(config.poisonRate * poisoned.n),
    seed: config.seed,
  };
}
