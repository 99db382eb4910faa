/** A claim of the paper, and how one setting's runs are judged by it. */
import type { Finding } from '../report/index.js';
import type { Setting } from './settings.js';

export type Judgement = Omit<Finding, 'claim'>;

export interface Claim {
  claim: string;
  /** What the claim is about and was not run, in words: then it is `not run`. Null: it can be judged. */
  missing(setting: Setting): string | null;
  judge(setting: Setting): Judgement;
}

/** Where nothing could be measured, and why. */
export const unresolved = (evidence: string): Judgement => ({ verdict: 'not resolved', evidence, effects: [] });

/** Whether an attack of one of these names was run. */
export const ran = ({ attacks }: Setting, ...names: string[]) => attacks.some((a) => names.includes(a.config.attack));

/** For claims about attacks in general: the clean model and the control are none. */
export const noAttack = ({ attacks }: Setting) =>
  attacks.every((a) => ['none', 'relabel'].includes(a.config.attack)) ? 'an attack' : null;
