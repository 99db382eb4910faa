import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { groupBy } from '../base/group-by.js';
import { eachAtOnce } from '../base/pool.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { datasetName } from '../config/names.js';
import type { RunConfig } from '../config/options.js';
import { pluginsOf } from '../config/plugins.js';
import type { Executor } from '../execution/executor.js';
import { writeAtomic } from '../formats/files.js';
import { dataKey } from '../pipeline/group-sizes.js';
import { pipelineJobs } from '../pipeline/job-of.js';

/** Everything that the size of a run's groups depends on. */
function sizeKey(c: RunConfig): string {
  const { attack, attackOption, manifest, poisonRate, target, rule, source, trainLimit, probeSize, nullSplits, seed } =
    c;
  return JSON.stringify([
    datasetName(c),
    { attack, attackOption, manifest, poisonRate, target, rule, source, trainLimit, probeSize, nullSplits, seed },
    ...pluginsOf(c).map(({ sha256 }) => sha256),
  ]);
}

/** While a study is planned. Throws `Stopped`. */
export function stopIfAsked({ shouldStop }: RunHooks): void {
  if (shouldStop?.()) throw new Stopped('stopped before the first run; nothing to resume.');
}

/**
 * Equal footing: the groups of all runs on one data set get the size that the smallest of them allows. Sizes are kept in
 * `sizes.json`, because each needs the data set loaded.
 */
export async function onEqualFooting(
  configs: readonly RunConfig[],
  out: string,
  executor: Executor,
  hooks: RunHooks,
  keep: boolean,
): Promise<RunConfig[]> {
  const file = join(out, 'sizes.json');
  const sizes: Record<string, number> = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch(() => ({}));
  const missing = configs.filter((c) => sizes[sizeKey(c)] === undefined);
  const sets = groupBy(missing, dataKey);
  let done = 0;
  await eachAtOnce(sets.length, executor.atOnce, async (i) => {
    stopIfAsked(hooks);
    const found = await executor.run(pipelineJobs('groupSizesJob'), { configs: sets[i] });
    for (const [k, config] of sets[i].entries()) sizes[sizeKey(config)] = found[k];
    hooks.progress?.({ phase: 'plan', stage: 'choose the groups', done: ++done, total: sets.length, unit: 'sets' });
  });
  if (keep && missing.length > 0) await writeAtomic(file, `${JSON.stringify(sizes, null, 2)}\n`);
  const common = new Map<string, number>();
  for (const c of configs) {
    const size = sizes[sizeKey(c)];
    const key = datasetName(c);
    if (size > 0) common.set(key, Math.min(common.get(key) ?? Number.POSITIVE_INFINITY, size));
  }
  return configs.map((c) => ({ ...c, probeSize: common.get(datasetName(c)) ?? c.probeSize }));
}
