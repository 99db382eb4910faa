/** I(X;T) falls while I(T;Ŷ) holds, after it has risen: the second of the paper's training phases. */
import { isClassGroup, partOf } from '../dynamics/group-id.js';
import type { Phases } from '../dynamics/index.js';
import type { Verdict } from '../report/index.js';
import { type Claim, type Judgement, noAttack } from './claim.js';
import type { Setting } from './settings.js';
import { succeeds } from './success.js';
import type { StudyRun } from './types.js';
import { mostOf } from './verdict.js';

/**
 * Smallest effect of interest: I(X;T) falls by a tenth of the height that it has expanded to, and I(T;Ŷ) holds if it falls by less than a
 * tenth of its own. The paper draws the fall and gives no size for it, so it is the size of every finding without one.
 */
export const INTEREST = 0.1;

/**
 * Epoch from which on the paper's protocol can tell a compression: phases need four checkpoints (dynamics/phases.ts), and the protocol's
 * first four are the epochs 1, 5, 10 and 20 (`PAPER_EPOCHS`). A training that ends earlier cannot contradict one.
 */
const FIRST_TOLD = 20;

type Kind = 'compressed' | 'none' | 'unresolved' | 'tooShort';

const VERDICTS: Record<Kind, Verdict> = {
  compressed: 'reproduced',
  none: 'contradicted',
  unresolved: 'not resolved',
  tooShort: 'not resolved',
};

/** A trajectory that ends in an expansion may be compressed later, so it is too short as well. */
function kindOf({ phases }: Phases): Kind {
  const expanded = phases.findIndex((p) => p.kind === 'expansion');
  if (expanded >= 0 && phases.slice(expanded).some((p) => p.kind === 'compression')) return 'compressed';
  const last = phases.at(-1);
  if (!last || phases.some((p) => p.kind === 'not resolved')) return 'unresolved';
  return last.end < FIRST_TOLD || last.kind === 'expansion' ? 'tooShort' : 'none';
}

/** The rule: what more than half of all trajectories of the group show. */
function judge(runs: readonly StudyRun[], which: (group: string) => boolean): Judgement {
  const kinds = runs.flatMap((r) => r.report.phases.filter((p) => which(p.group)).map(kindOf));
  if (kinds.length === 0) return { verdict: 'not resolved', evidence: 'There is no trajectory to judge.' };
  const count = (kind: Kind) => kinds.filter((k) => k === kind).length;
  return {
    verdict: mostOf(kinds.map((k) => VERDICTS[k])),
    evidence: `Of ${kinds.length} trajectories ${count('compressed')} have a compression after an expansion, ${count('none')} have none, ${count('unresolved')} are not resolved, and ${count('tooShort')} are too short: they end before epoch ${FIRST_TOLD} or in an expansion.`,
  };
}

export const poisonedSamplesCompress: Claim = {
  claim: 'I(X;T) of poisoned samples is compressed after it has expanded',
  missing: noAttack,
  judge(setting) {
    const attacks = setting.attacks.filter(succeeds);
    if (attacks.length === 0) return { verdict: 'not resolved', evidence: 'No attack succeeds.' };
    const group = partOf(setting.attacks[0].config.target, 'backdoor');
    return judge(
      attacks.flatMap((a) => a.runs),
      (g) => g === group,
    );
  },
};

export const cleanClassesCompress: Claim = {
  claim: 'I(X;T) of clean classes is compressed after it has expanded',
  missing: () => null,
  judge: ({ attacks }: Setting) =>
    judge(
      attacks.flatMap((a) => a.runs),
      (g) => isClassGroup(g),
    ),
};
