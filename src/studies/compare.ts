/** Several attacks on the same data, model and seed: one run each, one table, one report. */

import { join } from 'node:path';
import type { RunHooks } from '../base/progress.js';
import { onDevice } from '../config/device.js';
import type { RunConfig } from '../config/options.js';
import { writeAtomic } from '../formats/files.js';
import { groupSizes } from '../pipeline/group-sizes.js';
import { reportOf } from '../pipeline/report.js';
import { run } from '../pipeline/run.js';
import { shareKappa } from '../pipeline/share-kappa.js';
import { comparisonSentences, renderComparison } from '../report/index.js';
import { checkFolder, RunDirectory } from '../runs/directory.js';
import type { RunResult } from '../runs/documents.js';

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

/** One seed: runs each configuration in its own folder under `path`, one after another. */
export async function compare(
  compared: readonly Compared[],
  path: string,
  resume: boolean,
  hooks: RunHooks = {},
): Promise<CompareResult> {
  const configs = compared.map((c) => c.config);
  await checkFolder(path, resume);
  const { device } = await onDevice(configs[0], hooks);
  // Equal footing: every run's groups have the size that the smallest of them allows.
  const sizes = await groupSizes(configs);
  const probeSize = Math.min(...sizes.filter((s) => s > 0), configs[0].probeSize);
  const rows: RunResult[] = [];
  for (const [i, config] of configs.entries()) {
    const { name } = compared[i];
    const label = `${name} (${i + 1}/${configs.length})`;
    rows.push(
      await run({ ...config, probeSize, device }, join(path, name), resume, {
        ...hooks,
        progress: (p) => hooks.progress?.({ ...p, stage: `${label}: ${p.stage}` }),
        line: (text) => hooks.line?.(`${label}: ${text}`),
      }),
    );
  }
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
