/** Poisoned samples reach half of their information before the clean classes do. */
import { isClassGroup, partOf } from '../dynamics/group-id.js';
import {
  type Average,
  average,
  earlyAcceleration,
  mean,
  type StealthQuantity,
  type Trajectory,
} from '../dynamics/index.js';
import { type Claim, noAttack } from './claim.js';
import { curvesOf } from './levels.js';
import type { Repeated } from './settings.js';
import { succeeds } from './success.js';
import { verdictOf } from './verdict.js';
import { withInterval } from './words.js';

/**
 * Smallest effect of interest: poisoned samples reach half of their rise at a step that is smaller by a tenth of the clean classes' step. The
 * paper draws the lead and gives no size for it, so it is the size of every finding without one.
 */
export const INTEREST = 0.1;

interface HeadStart {
  /** Epoch at which the poisoned samples reach half of their maximum, minus the clean classes' mean. */
  difference: Average;
  /** Runs in which a curve is past half of its maximum at its first checkpoint. */
  censored: number;
  /** Share of its own maximum that a group has at the first checkpoint, poisoned samples minus the mean of the clean classes. */
  headStart: Average;
}

/** Early acceleration of one attack over its seeds; null where no seed shows a rise. */
export function acceleration({ runs, config }: Repeated, quantity: StealthQuantity): HeadStart | null {
  const found = runs.flatMap((run) => {
    const curves = curvesOf(run.report.information, quantity);
    const backdoor = curves.find((c) => c.group === partOf(config.target, 'backdoor'));
    const clean = curves.filter((c) => isClassGroup(c.group));
    const one = backdoor && earlyAcceleration(backdoor, clean, { seed: run.config.seed });
    const share = (c: Trajectory) => c.values[0] / Math.max(...c.values);
    return one ? [{ one, headStart: share(backdoor) - mean(clean.map(share)) }] : [];
  });
  if (found.length === 0) return null;
  return {
    difference: average(
      found.map((f) => f.one.difference),
      // The width of a 95 % interval is 2 · 1.96 standard errors.
      found.map((f) => (f.one.differenceInterval[1] - f.one.differenceInterval[0]) / 3.92),
    ),
    censored: found.filter((f) => f.one.atOrBefore).length,
    headStart: average(found.map((f) => f.headStart)),
  };
}

/** The claim about one of the two quantities. */
export const earlyAccelerationOf = (quantity: StealthQuantity): Claim => ({
  claim: `Poisoned samples accelerate early, in ${quantity}`,
  missing: noAttack,
  /** The rule: over attacks, the difference in epochs is below 0. */
  judge(setting) {
    const found = setting.attacks.filter(succeeds).flatMap((a) => acceleration(a, quantity) ?? []);
    if (found.length === 0) return { verdict: 'not resolved', evidence: 'No attack that succeeds shows a rise.' };
    const overall = average(
      found.map((f) => f.difference.mean),
      found.map((f) => f.difference.standardError),
    );
    const head = average(found.map((f) => f.headStart.mean));
    const censored = found.reduce((s, f) => s + f.censored, 0);
    const runs = found.reduce((s, f) => s + f.difference.n, 0);
    return {
      verdict: verdictOf(overall, [{ below: 0 }], [{ above: 0 }]),
      evidence: `Half of the maximum is reached ${withInterval(overall)} epochs later than by the clean classes, over attacks; at the first checkpoint the share of the maximum is higher by ${withInterval(head)}. In ${censored} of ${runs} runs a curve is past half at its first checkpoint, which understates the difference.`,
    };
  },
});
