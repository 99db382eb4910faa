import type { RunConfig } from '../config/options.js';
import type { Dataset } from '../datasets/index.js';
import { isTextDataset } from '../datasets/texts/index.js';
import { isNullGroup, partOf } from '../dynamics/group-id.js';
import { type GroupPlan, MINIMUM_GROUP, planSize } from '../information/groups.js';
import { type AnyMarked, markAny } from '../poisoning/any-set.js';
import { loadData, markedAlike, markSet } from '../poisoning/poisoned-set.js';
import { noNullWords } from '../report/headline.js';
import { groupRequest } from './prepare.js';

/** Everything that the loaded data of a run depends on. */
export function dataKey(config: RunConfig): string {
  const { dataset, dataDir, textColumn, labelColumn, tokenizer, trainLimit, testLimit, seed, manifest } = config;
  return JSON.stringify([dataset, dataDir, textColumn, labelColumn, tokenizer, trainLimit, testLimit, seed, manifest]);
}

/** The groups of a run as a study needs them before any run starts. */
export interface RunGroups {
  /** Samples in each group; 0 where a run has no groups. */
  size: number;
  /** A group without which there is no score, if it has too few samples, and the images of the training set. */
  short?: { group: string; samples: number; images: number };
}

/**
 * The groups of each run, so that runs can be put on an equal footing. Nothing is poisoned, and data of one key in a row are loaded
 * once. Throws `UserError` as `markSet` does.
 */
export async function runGroups(configs: readonly RunConfig[]): Promise<RunGroups[]> {
  const all: RunGroups[] = [];
  let held: { key: string; dataset: Dataset; known: Map<string, RunGroups> } | undefined;
  for (const config of configs) {
    if (isTextDataset(config.dataset)) {
      all.push(groupsOfMarked(config, await markAny(config)));
      continue;
    }
    const key = dataKey(config);
    if (!held || held.key !== key) held = { key, dataset: await loadData(config), known: new Map() };
    const same = JSON.stringify([
      markedAlike(config, held.dataset),
      config.probeSize,
      config.nullSplits,
      config.instrument,
    ]);
    const found = held.known.get(same) ?? (await groupsFor(config, held.dataset));
    held.known.set(same, found);
    all.push(found);
  }
  return all;
}

const groupsFor = async (config: RunConfig, dataset: Dataset): Promise<RunGroups> =>
  groupsOfMarked(config, await markSet(config, dataset));

function groupsOfMarked(config: RunConfig, marked: AnyMarked): RunGroups {
  const plan = planSize(groupRequest(config, marked));
  const short = shortOf(plan, marked);
  return { size: Number.isFinite(plan.size) ? plan.size : 0, ...(short ? { short } : {}) };
}

/** The group without which there is no score, if it has too few samples. */
function shortOf({ leftOut }: Pick<GroupPlan, 'leftOut'>, { target, poisoned }: Marked): RunGroups['short'] {
  const group = [partOf(target, 'backdoor'), partOf(target, 'clean')].find((id) => leftOut.has(id));
  return group === undefined ? undefined : { group, samples: leftOut.get(group)!, images: poisoned.n };
}

type Marked = { target: number; poisoned: { n: number } };

/** What a run of these groups will not have, a sentence each. */
export function missingParts(config: RunConfig, plan: GroupPlan, marked: Marked): string[] {
  const short = shortOf(plan, marked);
  if (short)
    return [
      `There will be no score: group ${short.group} has ${short.samples} samples, and a comparison needs ${config.minimumGroup ?? MINIMUM_GROUP}.`,
    ];
  const none = config.nullSplits > 0 && ![...plan.groups.keys()].some(isNullGroup);
  return none && plan.groups.size > 0
    ? [
        `There will be no null, and so no p: ${noNullWords(plan.tooFewForNull, config.minimumGroup)}. More samples give one.`,
      ]
    : [];
}

/** Samples in each group of each run; 0 where a run has no groups. */
export const groupSizes = async (configs: readonly RunConfig[]): Promise<number[]> =>
  (await runGroups(configs)).map((g) => g.size);
