import { mean } from '../dynamics/index.js';
import type { Repeated } from './settings.js';
import type { StudyRun } from './types.js';

/** Attack success rate from which on an attack counts as having taken. */
export const TAKEN = 0.9;

export const ASR = (runs: readonly StudyRun[]) => mean(runs.map((r) => r.result.asr ?? 0));
export const took = ({ config, runs }: Repeated) =>
  config.attack !== 'none' && config.attack !== 'relabel' && ASR(runs) >= TAKEN;
