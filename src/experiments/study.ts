/**
 * Many runs as one piece of work: each in a folder named after its configuration, so that experiments that share a folder
 * share their runs; as many at a time as there are cores, each on one thread, so that the numbers do not depend on how many
 * cores there are.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { eachAtOnce } from '../base/pool.js';
import type { EstimateRow } from '../dynamics/index.js';
import { inWorker, type WorkInProgress } from '../engine/worker.js';
import { writeAtomic } from '../formats/files.js';
import type { RunReport } from '../report/index.js';
import { RunDirectory } from '../runs/directory.js';
import type { RunConfig } from './config.js';
import { type RunCost, secondsOf } from './cost.js';
import type { RunDocument } from './documents.js';
import { type Progress, type RunHooks, Stopped } from './hooks.js';
import type { CostJob, Message, RunJob } from './jobs.js';
import { makeRepresentation } from './representation.js';
import { type RunResult, reportOf } from './result.js';

const JOBS = new URL('./jobs.js', import.meta.url);

/** A finished run of an experiment. */
export interface StudyRun {
  name: string;
  config: RunConfig;
  result: RunResult;
  report: RunReport;
  /** Estimates besides those of the report: at other layers, by other estimators. */
  others: EstimateRow[];
}

export interface StudyPlan {
  runs: { name: string; config: RunConfig; kind: string; done: boolean }[];
  /** Cost of one run of each kind that is still to do. */
  costs: Map<string, RunCost>;
  /** Runs at a time. */
  atOnce: number;
  /** Seconds until all is done, from timed steps. */
  seconds: number;
}

/** What people call the data set of a configuration: of an image folder or an npz, the folder or the file. */
export function datasetName({ dataset, dataDir }: Pick<RunConfig, 'dataset' | 'dataDir'>): string {
  return dataDir && (dataset === 'folder' || dataset === 'npz') ? basename(dataDir).replace(/\.npz$/, '') : dataset;
}

/** The folder of a run: readable, and different where anything that matters differs. */
export function runName(config: RunConfig): string {
  const { dataDir: _, ...rest } = config;
  const sorted = Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
  const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 8);
  const rate = config.attack === 'none' ? '' : `-${config.poisonRate}`;
  return `${datasetName(config)}-${config.model}-${config.attack}${rate}-s${config.seed}-${hash}`;
}

/** What runs of one kind cost about the same: all that a cost depends on. */
const kindOf = ({ attack: _, attackOption: __, seed: ___, poisonRate: ____, target: _____, ...rest }: RunConfig) =>
  JSON.stringify(rest);

/** All that the size of a run's groups depends on. */
function sizeKey(c: RunConfig): string {
  const { attack, attackOption, poisonRate, target, rule, source, trainLimit, probeSize, nullSplits, seed } = c;
  return JSON.stringify([
    datasetName(c),
    { attack, attackOption, poisonRate, target, rule, source, trainLimit, probeSize, nullSplits, seed },
  ]);
}

/**
 * Equal footing: the groups of all runs on one data set get the size that the smallest of them allows. Sizes are kept in
 * `sizes.json`, as finding them takes the data and the attack.
 */
async function onEqualFooting(
  configs: readonly RunConfig[],
  out: string,
  atOnce: number,
  pool: Pool,
  hooks: RunHooks,
  keep: boolean,
): Promise<RunConfig[]> {
  const file = join(out, 'sizes.json');
  const sizes: Record<string, number> = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch(() => ({}));
  const missing = configs.filter((c) => sizes[sizeKey(c)] === undefined);
  let done = 0;
  await eachAtOnce(missing.length, atOnce, async (i) => {
    const stage = 'poison and choose the groups';
    sizes[sizeKey(missing[i])] = await pool.run<number>('groupSizeJob', { config: missing[i] }, (m) => {
      // An attack with an adversary trains a model first.
      if ('progress' in m) hooks.progress?.({ ...m.progress, stage: `${stage}: ${m.progress.stage}` });
    });
    hooks.progress?.({ stage, done: ++done, total: missing.length, unit: 'sets' });
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

/** Workers under way, all of which a stop reaches. */
class Pool {
  private readonly active = new Set<WorkInProgress<unknown>>();
  private readonly watch: NodeJS.Timeout;

  constructor(shouldStop: () => boolean) {
    this.watch = setInterval(() => {
      if (shouldStop()) for (const job of this.active) job.stop();
    }, 200);
  }

  async run<R>(name: string, argument: unknown, onMessage: (m: Message) => void): Promise<R> {
    const job = inWorker<R, Message>(JOBS, name, argument, onMessage);
    this.active.add(job);
    try {
      return await job.result;
    } finally {
      this.active.delete(job);
    }
  }

  close() {
    clearInterval(this.watch);
  }
}

const sameConfig = (a: RunConfig, b: RunConfig) => runName(a) === runName(b);

/** The result of a run that is finished, or null. Data of another place are other data, whatever the folder is called. */
async function finished(path: string, config: RunConfig): Promise<RunResult | null> {
  const dir = await RunDirectory.read(path).catch(() => null);
  const run = await dir?.readDocument<RunDocument>('run.json');
  if (!dir || !run || !sameConfig(run.config, config)) return null;
  const place = (c: RunConfig) => (c.dataDir === undefined ? '' : resolve(c.dataDir));
  if (place(run.config) !== place(config)) return null;
  return dir.readDocument<RunResult>('result.json');
}

/** One thread each on the processor; a graphics card takes one run at a time. */
function parallelism(configs: readonly RunConfig[], jobs?: number): { atOnce: number; threads: number } {
  const elsewhere = configs.some((c) => c.device !== undefined && c.device !== 'cpu');
  return elsewhere ? { atOnce: 1, threads: 0 } : { atOnce: jobs ?? availableParallelism(), threads: 1 };
}

/** What there is to do, and how long it takes, from timed steps. `keep` false: leaves nothing on disk. */
export async function planStudy(
  configs: readonly RunConfig[],
  out: string,
  jobs: number | undefined,
  hooks: RunHooks,
  keep: boolean,
): Promise<StudyPlan> {
  const { atOnce, threads } = parallelism(configs, jobs);
  const pool = new Pool(() => hooks.shouldStop?.() ?? false);
  try {
    const even = await onEqualFooting(configs, out, atOnce, pool, hooks, keep);
    const runs: StudyPlan['runs'] = [];
    for (const config of even) {
      const name = runName(config);
      if (runs.some((r) => r.name === name)) continue;
      runs.push({
        name,
        config,
        kind: kindOf(config),
        done: (await finished(join(out, 'runs', name), config)) !== null,
      });
    }
    const costs = new Map<string, RunCost>();
    const open = runs.filter((r) => !r.done);
    const kinds = [...new Map(open.map((r) => [r.kind, r.config]))];
    for (const [i, [kind, config]] of kinds.entries()) {
      if (hooks.shouldStop?.()) throw new Stopped('stopped before anything was begun.');
      hooks.progress?.({ stage: 'time a few steps', done: i, total: kinds.length, unit: 'kinds of run' });
      const job: CostJob = { config, threads };
      costs.set(kind, await pool.run<RunCost>('costJob', job, () => {}));
    }
    const seconds = open.reduce((s, r) => s + secondsOf(costs.get(r.kind) ?? FREE), 0);
    return { runs, costs, atOnce, seconds: seconds / Math.min(atOnce, Math.max(1, open.length)) };
  } finally {
    pool.close();
  }
}

const FREE: RunCost = {
  trainingFlops: 0,
  probeFlops: 0,
  criticFlops: 0,
  trainingSeconds: 0,
  probeSeconds: 0,
  criticSeconds: 0,
};

export interface StudyOutcome {
  runs: StudyRun[];
  /** Runs that ended without a result, and why. */
  failed: { name: string; why: string }[];
}

/**
 * Does what is left of a plan, and reads all of it back. A run that diverges is reported and does not end the others.
 * `alternatives`: estimates by other estimators too.
 */
export async function runStudy(
  plan: StudyPlan,
  out: string,
  hooks: RunHooks,
  alternatives = false,
): Promise<StudyOutcome> {
  const { runs, costs, atOnce } = plan;
  const { threads } = parallelism(runs.map((r) => r.config));
  const open = runs.filter((r) => !r.done);
  const weight = open.map((r) => secondsOf(costs.get(r.kind) ?? FREE) || 1);
  const total = weight.reduce((a, b) => a + b, 0);
  const share = new Float64Array(open.length);
  const failed: StudyOutcome['failed'] = [];
  let ended = runs.length - open.length;
  const pool = new Pool(() => hooks.shouldStop?.() ?? false);
  const report = () =>
    hooks.progress?.({
      stage: `run ${Math.min(runs.length, ended + 1)} of ${runs.length}`,
      done: share.reduce((s, x, i) => s + x * weight[i], 0),
      total,
      unit: 'seconds of work',
    });
  try {
    await eachAtOnce(open.length, atOnce, async (i) => {
      const { name, config } = open[i];
      const job: RunJob = { config, path: join(out, 'runs', name), resume: true, threads };
      const place = (p: Progress) => {
        const epoch = /epoch (\d+)/.exec(p.stage);
        if (p.stage.startsWith('train')) share[i] = Math.max(share[i], p.done / p.total - 0.5 / config.epochs);
        else if (epoch) share[i] = Math.max(share[i], (Number(epoch[1]) - 0.25) / config.epochs);
        report();
      };
      try {
        const result = await pool.run<RunResult>('runJob', job, (m) => {
          if ('progress' in m) place(m.progress);
        });
        hooks.line?.(`${name}: ${describe(result)}`);
      } catch (error) {
        const { name: kind, message } = error as Error;
        if (kind !== 'DivergedError' && kind !== 'UserError') throw error;
        failed.push({ name, why: message });
        hooks.line?.(`${name}: ${message}`);
      }
      share[i] = 1;
      ended++;
    });
    const wanted = alternatives ? runs.filter((r) => !failed.some((f) => f.name === r.name)) : [];
    let made = 0;
    await eachAtOnce(wanted.length, atOnce, async (i) => {
      await pool.run('alternativesJob', { path: join(out, 'runs', wanted[i].name) }, () => {});
      hooks.progress?.({ stage: 'other estimators', done: ++made, total: wanted.length, unit: 'runs' });
    });
  } catch (error) {
    if ((error as Error).name !== 'Stopped') throw error;
    throw new Stopped(`stopped; ${ended} of ${runs.length} runs are done. To go on, give the same command.`);
  } finally {
    pool.close();
  }
  return { runs: await readRuns(plan, out), failed };
}

async function readRuns(plan: StudyPlan, out: string): Promise<StudyRun[]> {
  const read: StudyRun[] = [];
  for (const { name, config } of plan.runs) {
    const path = join(out, 'runs', name);
    const result = await finished(path, config);
    if (!result) continue;
    const dir = await RunDirectory.read(path);
    const layers = (await dir.rows<EstimateRow>('information.jsonl')).filter((r) => r.layer !== config.layer![0]);
    await makeRepresentation(dir);
    const others = [...layers, ...(await dir.rows<EstimateRow>('information-others.jsonl'))];
    read.push({ name, config, result, report: await reportOf(dir), others });
  }
  return read;
}

function describe({ accuracy, asr, stealth }: RunResult): string {
  const success = asr === null ? '' : `, ASR ${asr.toFixed(3)}`;
  return `accuracy ${accuracy.toFixed(3)}${success}, S ${stealth.score?.toFixed(3) ?? '–'}`;
}
