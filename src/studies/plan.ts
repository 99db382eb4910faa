import { readdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunHooks } from '../base/progress.js';
import { runName, sameConfig } from '../config/names.js';
import type { RunConfig } from '../config/options.js';
import { pluginsOf, samePlugins } from '../config/plugins.js';
import type { Executor } from '../execution/executor.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import { type RunCost, secondsOf } from '../pipeline/run-cost.js';
import { RunDirectory } from '../runs/directory.js';
import type { RunDocument, RunResult } from '../runs/documents.js';
import { onEqualFooting, stopIfAsked } from './equal-footing.js';

export interface StudyPlan {
  runs: { name: string; config: RunConfig; kind: string; done: boolean }[];
  /** Cost of one unfinished run of each kind. */
  costs: Map<string, RunCost>;
  /** Runs at a time. */
  atOnce: number;
  /** Seconds of work on one thread, and seconds until the last run is finished here, from timed steps. */
  work: number;
  seconds: number;
}

/** Runs of one kind cost about the same: their configurations agree in everything but these. */
const kindOf = (config: RunConfig) => JSON.stringify({ ...config, ...SAME_COST });

/** Options that change no number of steps and no step. */
const SAME_COST = Object.fromEntries(
  (
    [
      'attack',
      'attackOption',
      'seed',
      'poisonRate',
      'target',
      'lr',
      'schedule',
      'warmup',
    ] as const satisfies (keyof RunConfig)[]
  )
    .concat(['momentum', 'weightDecay', 'beta', 'window', 'score'] as never[])
    .map((key) => [key, undefined]),
);

/** The result of a run that is finished, or null. Data in another folder are other data, even if the folders have one name. */
export async function finished(path: string, config: RunConfig): Promise<RunResult | null> {
  const dir = await RunDirectory.read(path).catch(() => null);
  const run = await dir?.readDocument<RunDocument>('run.json');
  if (!dir || !run || !sameConfig(run.config, config) || !samePlugins(run.plugins, pluginsOf(config))) return null;
  const place = (c: RunConfig) => (c.dataDir === undefined ? '' : resolve(c.dataDir));
  if (place(run.config) !== place(config)) return null;
  return dir.readDocument<RunResult>('result.json');
}

/** Seconds for which a network folder may hide what another machine has written. */
const HIDDEN = 60;

/** What `look` finds, asked once a second while a network folder may hide it; null where it stays hidden. */
export async function onceVisible<T>(look: () => Promise<T | null>): Promise<T | null> {
  for (let waited = 0; ; waited++) {
    const found = await look();
    if (found !== null || waited === HIDDEN) return found;
    await sleep(1000);
  }
}

const onProcessor = (configs: readonly RunConfig[]) =>
  configs.every((c) => c.device === undefined || c.device === 'cpu');

/** Runs at a time: `jobs`, by default one per core; one on a graphics card. */
export const runsAtOnce = (configs: readonly RunConfig[], jobs = availableParallelism()) =>
  onProcessor(configs) ? jobs : 1;

/** Threads of one run: one on the processor, so that numbers do not depend on the number of cores; else 0, the device's own choice. */
export const threadsOf = (configs: readonly RunConfig[]) => (onProcessor(configs) ? 1 : 0);

/**
 * The runs of a study, those that are finished, and the time of the others from timed steps. `keep` false: leaves nothing on disk. `nameOf`: the
 * folder of a run, by its place in `configs`.
 */
export async function planStudy(
  configs: readonly RunConfig[],
  out: string,
  executor: Executor,
  hooks: RunHooks,
  keep: boolean,
  nameOf: (config: RunConfig, i: number) => string = runName,
): Promise<StudyPlan> {
  const threads = threadsOf(configs);
  const even = await onEqualFooting(configs, out, executor, hooks, keep);
  const runs: StudyPlan['runs'] = [];
  const names = new Set<string>();
  const there = new Set(await readdir(join(out, 'runs')).catch(() => []));
  for (const [i, config] of even.entries()) {
    const name = nameOf(config, i);
    if (names.has(name)) continue;
    names.add(name);
    runs.push({
      name,
      config,
      kind: kindOf(config),
      done: there.has(name) && (await finished(join(out, 'runs', name), config)) !== null,
    });
  }
  const costs = new Map<string, RunCost>();
  const open = runs.filter((r) => !r.done);
  const kinds = [...new Map(open.map((r) => [r.kind, r.config]))];
  for (const [i, [kind, config]] of kinds.entries()) {
    stopIfAsked(hooks);
    hooks.progress?.({ phase: 'plan', stage: 'time a few steps', done: i, total: kinds.length, unit: 'kinds of run' });
    costs.set(kind, await executor.run(pipelineJobs('costJob'), { config, threads }));
  }
  const work = open.reduce((s, r) => s + secondsOf(costs.get(r.kind) ?? FREE), 0);
  const { atOnce } = executor;
  return { runs, costs, atOnce, work, seconds: work / Math.min(atOnce, Math.max(1, open.length)) };
}

/** The cost of runs of a kind that has none: all of them are finished. */
export const FREE: RunCost = {
  trainingFlops: 0,
  probeFlops: 0,
  criticFlops: 0,
  trainingSeconds: 0,
  probeSeconds: 0,
  criticSeconds: 0,
  resolvedSeconds: 0,
  otherSeconds: 0,
  missing: [],
};
