import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { groupBy } from '../base/group-by.js';
import { eachAtOnce } from '../base/pool.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { datasetName } from '../config/names.js';
import type { RunConfig } from '../config/options.js';
import { pluginsOf } from '../config/plugins.js';
import { MINIMUM_GROUP } from '../dynamics/group-id.js';
import type { Executor } from '../execution/executor.js';
import { writeAtomic } from '../formats/files.js';
import { dataKey, type RunGroups } from '../pipeline/group-sizes.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import { count } from '../report/format.js';

/** Everything that the size of a run's groups depends on. */
function sizeKey(c: RunConfig): string {
  const { attack, attackOption, manifest, poisonRate, target, rule, source, trainLimit, probeSize, nullSplits, seed } =
    c;
  const { minimumGroup } = c;
  return JSON.stringify([
    datasetName(c),
    { attack, attackOption, manifest, poisonRate, target, rule, source, trainLimit, probeSize, nullSplits, seed },
    ...(minimumGroup === undefined ? [] : [minimumGroup]),
    ...pluginsOf(c).map(({ sha256 }) => sha256),
  ]);
}

/** While a study is planned. Throws `Stopped`. */
export function stopIfAsked({ shouldStop }: RunHooks): void {
  if (shouldStop?.()) throw new Stopped('stopped before the first run');
}

/**
 * Equal footing: the groups of all runs on one data set get the size that the smallest of them allows. Says beforehand which runs have
 * too few samples for a score, and which run the common size comes from. Sizes are kept in `sizes.json`, because each needs the data set
 * loaded.
 */
export async function onEqualFooting(
  configs: readonly RunConfig[],
  out: string,
  executor: Executor,
  hooks: RunHooks,
  keep: boolean,
): Promise<RunConfig[]> {
  const file = join(out, 'sizes.json');
  const kept: Record<string, RunGroups | number> = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch(() => ({}));
  // Version 0.1.0 kept the size alone.
  const known = new Map(Object.entries(kept).flatMap(([k, v]) => (typeof v === 'number' ? [] : [[k, v] as const])));
  const keyed = configs.map((config) => ({ config, key: sizeKey(config) }));
  const missing = keyed.filter(({ key }) => !known.has(key));
  const sets = groupBy(missing, ({ config }) => dataKey(config));
  let done = 0;
  await eachAtOnce(sets.length, executor.atOnce, async (i) => {
    stopIfAsked(hooks);
    const found = await executor.run(pipelineJobs('groupSizesJob'), {
      configs: sets[i].map(({ config }) => config),
    });
    for (const [k, { key }] of sets[i].entries()) known.set(key, found[k]);
    hooks.progress?.({ phase: 'plan', stage: 'choose the groups', done: ++done, total: sets.length, unit: 'sets' });
  });
  if (keep && missing.length > 0) await writeAtomic(file, `${JSON.stringify(Object.fromEntries(known), null, 2)}\n`);
  const sized = keyed.map(({ config, key }) => ({ config, groups: known.get(key)! }));
  for (const text of groupWords(sized)) hooks.line?.(text);
  const common = new Map(
    groupBy(sized, (s) => datasetName(s.config)).map((same) => [datasetName(same[0].config), smallest(same)]),
  );
  return configs.map((c) => ({ ...c, probeSize: common.get(datasetName(c)) ?? c.probeSize }));
}

interface Sized {
  config: RunConfig;
  groups: RunGroups;
}

/** The smallest size of groups among runs that have any; undefined if none has. */
function smallest(all: readonly Sized[]): number | undefined {
  const sizes = all.map((s) => s.groups.size).filter((size) => size > 0);
  return sizes.length > 0 ? Math.min(...sizes) : undefined;
}

/** What a reader has to know of the groups before the runs start, one sentence a line; runs of which the same is to be said share one. */
export function groupWords(all: readonly Sized[]): string[] {
  const short = groupBy(
    all.filter((s) => s.groups.short),
    ({ config, groups }) => JSON.stringify([datasetName(config), runWords(config), groups.short]),
  ).map((same) => {
    const { group, samples, images } = same[0].groups.short!;
    const { minimumGroup = MINIMUM_GROUP } = same[0].config;
    const enough =
      samples > 0 ? `; about ${roundedUp((images * minimumGroup) / samples)} training samples are enough` : '';
    return `${runWords(same[0].config)} (${count(same.length, 'run')}): group ${group} has ${samples} samples and a comparison needs ${minimumGroup}, so there is no score${enough}`;
  });
  const shared = groupBy(all, (s) => datasetName(s.config)).flatMap((same) => {
    const size = smallest(same);
    const largest = Math.max(...same.map((s) => s.groups.size));
    if (size === undefined || size === largest) return [];
    const least = same.filter((s) => s.groups.size === size).map((s) => runWords(s.config));
    return [
      `${datasetName(same[0].config)}: the groups of all runs have ${size} samples, the most that ${least[0]} allows; other runs alone allow up to ${largest}`,
    ];
  });
  return [...short, ...shared];
}

const runWords = ({ attack, poisonRate }: RunConfig) => `${attack} at poison rate ${poisonRate}`;

/** The next number of three digits: 33 334 → 33 400. */
function roundedUp(n: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(n)) - 2);
  return Math.ceil(n / unit) * unit;
}
