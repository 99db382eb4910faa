import { isClassGroup, partOf } from '../dynamics/group-id.js';
import {
  type Average,
  average,
  earlyAcceleration,
  mean,
  type StealthQuantity,
  type Trajectory,
} from '../dynamics/index.js';
import type { Finding, Verdict } from '../report/index.js';
import { curvesOf } from './levels.js';
import type { Repeated } from './settings.js';
import { withInterval } from './words.js';

interface Head {
  /** Half-maximum epoch of the backdoor group minus that of the clean classes. */
  difference: Average;
  /** Runs in which a curve was past half at its first checkpoint. */
  censored: number;
  /** Share of its own maximum that a group has at the first checkpoint, backdoor minus the mean of the clean classes. */
  headStart: Average;
}

/** Early acceleration of one attack over its seeds; null where no seed shows a rise. */
export function acceleration({ runs, config }: Repeated, quantity: StealthQuantity): Head | null {
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
      found.map((f) => (f.one.differenceInterval[1] - f.one.differenceInterval[0]) / 3.92),
    ),
    censored: found.filter((f) => f.one.atOrBefore).length,
    headStart: average(found.map((f) => f.headStart)),
  };
}

export function earlyFinding(attacks: readonly Repeated[], quantity: StealthQuantity): Finding {
  const claim = `Backdoor samples accelerate early, in ${quantity}`;
  const found = attacks.flatMap((a) => acceleration(a, quantity) ?? []);
  if (found.length === 0) return { claim, verdict: 'not resolved', evidence: 'No attack that took shows a rise.' };
  const overall = average(
    found.map((f) => f.difference.mean),
    found.map((f) => f.difference.standardError),
  );
  const head = average(found.map((f) => f.headStart.mean));
  const censored = found.reduce((s, f) => s + f.censored, 0);
  const runs = found.reduce((s, f) => s + f.difference.n, 0);
  const verdict: Verdict =
    overall.n < 2
      ? 'not resolved'
      : overall.interval[1] < 0
        ? 'reproduced'
        : overall.interval[0] > 0
          ? 'contradicted'
          : 'not resolved';
  return {
    claim,
    verdict,
    evidence: `Half of the maximum is reached ${withInterval(overall)} epochs later than by the clean classes, over attacks; at the first checkpoint the share of the maximum is higher by ${withInterval(head)}. In ${censored} of ${runs} runs a curve is past half at its first checkpoint, which understates the difference.`,
  };
}
