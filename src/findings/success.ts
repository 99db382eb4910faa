import { mean } from '../dynamics/index.js';
import { SUCCESS } from '../dynamics/types.js';
import type { Repeated } from './settings.js';
import type { StudyRun } from './types.js';

export const meanAsr = (runs: readonly StudyRun[]) => mean(runs.map((r) => r.result.asr ?? 0));

/** Whether an attack succeeds, on average over its seeds. The clean model and the control are no attacks. */
export const succeeds = ({ config, runs }: Repeated) =>
  config.attack !== 'none' && config.attack !== 'relabel' && meanAsr(runs) >= SUCCESS;
