import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunHooks } from '../base/progress.js';
import { onDevice } from '../config/device.js';
import type { RunConfig } from '../config/options.js';
import { LocalExecutor } from '../execution/local.js';
import type { RunCost } from '../pipeline/cost.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import { checkFolder, lockFolder } from '../runs/directory.js';
import { onEqualFooting } from './equal-footing.js';
import { executePlan } from './execute.js';
import { finished, runsAtOnce, threadsOf } from './plan.js';
import type { StudyOutcome } from './types.js';

/**
 * Runs configurations in folders `runs/NAME` of `path` on equal footing, as many at a time as there are cores, and hands them to `report`.
 * Finished runs are reused, stopped ones resumed. Throws `UserError` for a folder that holds something else.
 */
export async function runTogether<R>(
  requests: readonly { name: string; config: RunConfig }[],
  { path, resume, jobs }: { path: string; resume: boolean; jobs?: number },
  hooks: RunHooks,
  report: (outcome: StudyOutcome) => Promise<R>,
): Promise<R> {
  await checkFolder(path, resume);
  const configs: RunConfig[] = [];
  for (const { config } of requests) configs.push(await onDevice(config, hooks));
  await mkdir(path, { recursive: true });
  const unlock = lockFolder(path);
  const executor = new LocalExecutor(runsAtOnce(configs, jobs), () => hooks.shouldStop?.() ?? false);
  try {
    const even = await onEqualFooting(configs, path, executor, hooks, true);
    const runs = [];
    for (const [i, config] of even.entries()) {
      const { name } = requests[i];
      const done = (await finished(join(path, 'runs', name), config)) !== null;
      runs.push({ name, config, kind: 'run', done });
    }
    // The attacks differ in little of the work, so one run is timed for the time left.
    const open = runs.find((r) => !r.done);
    const costs = new Map<string, RunCost>();
    if (open)
      costs.set(
        open.kind,
        await executor.run(pipelineJobs('costJob'), { config: open.config, threads: threadsOf(even) }),
      );
    const plan = { runs, costs, atOnce: executor.atOnce, seconds: 0 };
    return await report(await executePlan(plan, path, executor, hooks, { keepProbes: true }));
  } finally {
    executor.close();
    unlock();
  }
}
