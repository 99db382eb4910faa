import { mean } from '../dynamics/index.js';
import { SUCCESS } from '../dynamics/types.js';
import { decimal } from '../report/index.js';
import type { Repeated, ScoredAttack } from './settings.js';
import type { ScoredRun } from './types.js';

export const meanAsr = (runs: readonly ScoredRun[]) => mean(runs.map((r) => r.result.asr ?? 0));

/** Whether runs of a configuration attack: the clean model and the control do not. */
export const isAttack = ({ config }: Pick<Repeated, 'config'>) =>
  config.attack !== 'none' && config.attack !== 'relabel';

/** Whether an attack succeeds, on average over its seeds. The clean model and the control are no attacks. */
export const succeeds = (a: ScoredAttack) => isAttack(a) && meanAsr(a.runs) >= SUCCESS;

/** `blend did not succeed: ASR 0.66.` of the attacks that were run and did not succeed; empty where all did. */
export function failures(attacks: readonly ScoredAttack[]): string {
  const failed = attacks.filter((a) => isAttack(a) && !succeeds(a));
  return failed.map((a) => `${a.label} did not succeed: ASR ${decimal(meanAsr(a.runs), 2)}.`).join(' ');
}
