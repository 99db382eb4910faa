import { mkdir } from 'node:fs/promises';
import type { RunHooks } from '../base/progress.js';
import { onDevice } from '../config/device.js';
import type { RunConfig } from '../config/options.js';
import { LocalExecutor } from '../execution/local.js';
import { checkFolder } from '../runs/directory.js';
import { takeLease } from '../runs/lease.js';
import { executePlan } from './execute.js';
import { planStudy, runsAtOnce } from './plan.js';
import type { StudyOutcome } from './types.js';

/**
 * Runs configurations in folders `runs/NAME` of `path` on equal footing, as many at a time as there are cores, and hands them to `report`.
 * Finished runs are reused, stopped ones resumed. Throws `UserError` for a folder that holds something else.
 */
export async function runTogether<R>(
  requests: readonly { name: string; config: RunConfig }[],
  { path, resume }: { path: string; resume: boolean },
  hooks: RunHooks,
  report: (outcome: StudyOutcome) => Promise<R>,
): Promise<R> {
  await checkFolder(path, resume);
  const configs: RunConfig[] = [];
  for (const { config } of requests) configs.push(await onDevice(config, hooks));
  await mkdir(path, { recursive: true });
  const lease = takeLease(path);
  const executor = new LocalExecutor(runsAtOnce(configs), () => hooks.shouldStop?.() ?? false);
  try {
    const plan = await planStudy(configs, path, executor, hooks, true, (_, i) => requests[i].name);
    return await report(await executePlan(plan, path, executor, hooks, { keepProbes: true }));
  } finally {
    executor.close();
    lease.release();
  }
}
