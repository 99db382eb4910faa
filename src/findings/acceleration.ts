/** Poisoned samples reach half of their information before the clean classes do, in steps. */
import { isClassGroup, partOf } from '../dynamics/group-id.js';
import { type Lead, leadOf, type StealthQuantity, trajectories } from '../dynamics/index.js';
import type { Effect } from '../report/index.js';
import { type Claim, noAttack, unresolved } from './claim.js';
import { curvesOf } from './levels.js';
import { type Repeated, triggerOf } from './settings.js';
import { byAttackAndSeed, type Spread } from './spread.js';
import { failures, succeeds } from './success.js';
import { judge, RATIO } from './verdict.js';
import { sentence } from './words.js';

/**
 * Smallest effect of interest: poisoned samples reach half of their rise at a step that is smaller by a tenth of the clean classes' step. The
 * paper draws the lead and gives no size for it, so it is the size of every finding without one.
 */
const INTEREST = 0.1;

/** The lead of the poisoned samples in one run. */
export interface RunLead extends Lead {
  attack: string;
  seed: number;
  /** Steps of one epoch; null where the run does not say. */
  stepsPerEpoch: number | null;
}

/**
 * The leads of one attack, a run each; runs in which a curve does not rise are left out. `statistics`: those of batch norm at the first
 * moments, recomputed under their weights or as training left them.
 */
export const leadsOf = (
  { runs, config }: Repeated,
  quantity: StealthQuantity,
  statistics: 'recomputed' | 'running' = 'recomputed',
): RunLead[] =>
  runs.flatMap((run) => {
    const curves =
      statistics === 'recomputed'
        ? curvesOf(run, quantity)
        : trajectories(run.running.filter((r) => r.quantity === quantity));
    const backdoor = curves.find((c) => c.group === partOf(config.target, 'backdoor'));
    const clean = curves.filter((c) => isClassGroup(c.group));
    const lead = backdoor && leadOf(backdoor, clean);
    if (!lead || !Number.isFinite(lead.logRatio)) return [];
    return {
      ...lead,
      attack: triggerOf(config),
      seed: run.config.seed,
      stepsPerEpoch: run.report.stepsPerEpoch ?? null,
    };
  });

/** ln of the ratio of steps, which is that of epochs, over runs. */
export const ratioOf = (leads: readonly RunLead[]): Spread =>
  byAttackAndSeed(leads.map(({ attack, seed, logRatio }) => ({ attack, seed, value: logRatio })));

/** Curves that are past half at their first checkpoint, in words; empty where there is none. */
export function censoredWords(leads: readonly RunLead[]): string {
  const poisoned = leads.filter((l) => l.censored).length;
  const classes = leads.reduce((s, l) => s + l.cleanCensoredClasses, 0);
  if (poisoned + classes === 0) return '';
  return `Past half at the first checkpoint (censored): the poisoned samples in ${poisoned} of ${leads.length} runs, and ${classes} curves of clean classes.`;
}

/**
 * A censored curve may be earlier than it is read. Where poisoned samples are censored the claim is not contradicted, and where the median of the
 * clean classes is, it is not reproduced.
 */
function withCensoring(effect: Effect, leads: readonly RunLead[]): Effect {
  const open =
    (effect.verdict === 'contradicted' && leads.some((l) => l.censored)) ||
    (effect.verdict === 'reproduced' && leads.some((l) => l.cleanCensored));
  return open ? { ...effect, verdict: 'not resolved', runsNeeded: null } : effect;
}

/** The claim about one of the two quantities. */
export const earlyAccelerationOf = (quantity: StealthQuantity): Claim => ({
  claim: `Poisoned samples accelerate early, in ${quantity}`,
  missing: noAttack,
  /** The rule: over attacks and seeds, the ratio of steps is below 1. */
  judge(setting) {
    const attacks = setting.attacks.filter(succeeds);
    const failed = failures(setting.attacks);
    const all = attacks.flatMap((a) => leadsOf(a, quantity));
    if (all.length === 0) return unresolved(failed || 'No attack shows a rise.');
    // Of two curves that are past half at the first checkpoint neither is known to be earlier.
    const leads = all.filter((l) => !(l.censored && l.cleanCensored));
    const open = all.length - leads.length;
    const untold =
      open === 0
        ? ''
        : `In ${open} of ${all.length} runs both the poisoned samples and most clean classes are past half at the first checkpoint, so these do not say which is earlier.`;
    if (leads.length === 0) return unresolved([untold, failed].filter(Boolean).join(' '));
    const what = 'Step of half of the rise: poisoned samples against clean classes, of the clean classes’ step';
    const question = { what, unit: 'share', direction: 'below', interest: INTEREST, axis: RATIO } as const;
    const effect = withCensoring(judge(ratioOf(leads), question), leads);
    const words = [sentence(effect), censoredWords(leads), untold, failed];
    return { verdict: effect.verdict, evidence: words.filter(Boolean).join(' '), effects: [effect] };
  },
});
