import { mean } from '../dynamics/index.js';
import type { Repeated } from './settings.js';
import type { StudyRun } from './types.js';

/**
 * Attack success rate from which on an attack succeeds. Below it the network has learned the trigger for a part of the samples only, and
 * the poisoned samples are a mixture of two kinds, whose information says nothing about the attack.
 */
export const SUCCESS = 0.9;

export const meanAsr = (runs: readonly StudyRun[]) => mean(runs.map((r) => r.result.asr ?? 0));

/** Whether an attack succeeds, on average over its seeds. The clean model and the control are no attacks. */
export const succeeds = ({ config, runs }: Repeated) =>
  config.attack !== 'none' && config.attack !== 'relabel' && meanAsr(runs) >= SUCCESS;
