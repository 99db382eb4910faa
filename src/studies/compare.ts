/** Several attacks on the same data, model and seed: one run each, one table, one report. */

import { join } from 'node:path';
import { eachAtOnce } from '../base/pool.js';
import type { RunHooks } from '../base/progress.js';
import { onDevice } from '../config/device.js';
import type { RunConfig } from '../config/options.js';
import { LocalExecutor } from '../execution/local.js';
import { writeAtomic } from '../formats/files.js';
import { groupSizes } from '../pipeline/group-sizes.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import { reportOf } from '../pipeline/report.js';
import { run } from '../pipeline/run.js';
import { shareKappa } from '../pipeline/share-kappa.js';
import { comparisonSentences, renderComparison } from '../report/index.js';
import { checkFolder, RunDirectory } from '../runs/directory.js';
import type { RunResult } from '../runs/documents.js';
import { Meter } from './meter.js';
import { finished, runsAtOnce, threadsOf } from './plan.js';

/** What `ibscope compare --json` prints, and its `result.json`. */
export interface CompareResult {
  /** Folder of the comparison. */
  dir: string;
  /** Results in the order of the requests. */
  rows: RunResult[];
  /** What the page's head says, a paragraph each. */
  verdict: string[];
  /** Path of the report. */
  report: string;
  /** Seconds of work of all runs together, those before a resume included. */
  seconds: number;
}

/** A run of a comparison; `name`: its folder. */
export interface Compared {
  name: string;
  config: RunConfig;
}

/**
 * One seed: runs each configuration in its own folder under `path`. `workers`: as many at a time as there are cores, each in a thread of its own,
 * which knows the plugins and no other registered part; else one after another in this thread.
 */
export async function compare(
  compared: readonly Compared[],
  { path, resume, workers }: { path: string; resume: boolean; workers: boolean },
  hooks: RunHooks = {},
): Promise<CompareResult> {
  const configs = compared.map((c) => c.config);
  await checkFolder(path, resume);
  const { device } = await onDevice(configs[0], hooks);
  // Equal footing: every run's groups have the size that the smallest of them allows.
  const sizes = await groupSizes(configs);
  const probeSize = Math.min(...sizes.filter((s) => s > 0), configs[0].probeSize);
  const runs = compared.map(({ name, config }) => ({ name, config: { ...config, probeSize, device } }));
  const atOnce = Math.min(runs.length, workers ? runsAtOnce(runs.map((r) => r.config)) : 1);
  const rows = await (atOnce > 1 ? together(runs, path, resume, atOnce, hooks) : inTurn(runs, path, resume, hooks));
  const folders = compared.map((c) => join(path, c.name));
  for (const changed of await shareKappa(folders)) {
    const dir = await RunDirectory.read(changed);
    rows[folders.indexOf(changed)] = (await dir.readDocument<RunResult>('result.json'))!;
  }
  const names = compared.map((c) => c.name);
  const { report, verdict } = await writeComparison(path, names);
  const result = { dir: path, rows, verdict, report, seconds: rows.reduce((s, r) => s + r.seconds, 0) };
  await writeAtomic(join(path, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

async function inTurn(runs: readonly Compared[], path: string, resume: boolean, hooks: RunHooks): Promise<RunResult[]> {
  const rows: RunResult[] = [];
  for (const [i, { name, config }] of runs.entries()) {
    const label = `${name} (${i + 1}/${runs.length})`;
    rows.push(
      await run(config, join(path, name), resume, {
        ...hooks,
        progress: (p) => hooks.progress?.({ ...p, stage: `${label}: ${p.stage}` }),
        line: (text) => hooks.line?.(`${label}: ${text}`),
      }),
    );
  }
  return rows;
}

/** Runs `atOnce` at a time. After the first failure the others are stopped, and saved. */
async function together(
  runs: readonly Compared[],
  path: string,
  resume: boolean,
  atOnce: number,
  hooks: RunHooks,
): Promise<RunResult[]> {
  const executor = new LocalExecutor(atOnce, () => hooks.shouldStop?.() ?? false);
  const threads = threadsOf(runs.map((r) => r.config));
  const rows: RunResult[] = [];
  try {
    const plan = await Promise.all(
      runs.map(async (r) => ({ ...r, kind: '', done: (await finished(join(path, r.name), r.config)) !== null })),
    );
    const open = plan.find((r) => !r.done);
    const cost = open && (await executor.run(pipelineJobs('costJob'), { config: open.config, threads }));
    const meter = new Meter({ runs: plan, costs: new Map(cost && [['', cost]]) }, hooks);
    await eachAtOnce(runs.length, atOnce, async (i) => {
      const { name, config } = runs[i];
      const job = { config, path: join(path, name), resume, threads };
      const line = (text: string) => hooks.line?.(`${name}: ${text}`);
      try {
        rows[i] = await executor.run(pipelineJobs('runJob'), job, { line, progress: (p) => meter.heard(i, p) });
        if (!plan[i].done) meter.end(i);
      } catch (error) {
        executor.close();
        throw error;
      }
    });
  } finally {
    executor.close();
  }
  return rows;
}

/** Writes the comparison's report from the runs in the folders `names` of `path`; returns its path and what its head says. */
export async function writeComparison(
  path: string,
  names: readonly string[],
): Promise<{ report: string; verdict: string[] }> {
  const reports = [];
  for (const name of names) reports.push(await reportOf(await RunDirectory.read(join(path, name))));
  const file = join(path, 'report.html');
  await writeAtomic(file, await renderComparison(reports, (r) => `${r.name}/report.html`));
  return { report: file, verdict: comparisonSentences(reports) };
}
