/** Under Blend, poisoned samples stay below the clean samples of the target class. */

import { partOf } from '../dynamics/group-id.js';
import { type Average, at, average, commonEpochs, epochAverage, type StealthQuantity } from '../dynamics/index.js';
import { type Claim, ran } from './claim.js';
import { curvesOf } from './levels.js';
import type { Repeated } from './settings.js';
import { succeeds } from './success.js';
import { allOf, verdictOf } from './verdict.js';
import { withInterval } from './words.js';

/**
 * Smallest effect of interest: poisoned samples lie below the clean samples of the target class by a tenth of their level. The paper draws
 * the gap and gives no size for it, so it is the size of every finding without one.
 */
export const INTEREST = 0.1;

/** Average over epochs of poisoned minus clean samples, nats, over seeds; null where a run has not both groups. */
function difference({ runs, config }: Repeated, quantity: StealthQuantity): Average | null {
  const found = runs.flatMap((run) => {
    const curves = curvesOf(run.report.information, quantity);
    const [b, c] = (['backdoor', 'clean'] as const).map((part) =>
      curves.find((x) => x.group === partOf(config.target, part)),
    );
    if (!b || !c) return [];
    const epochs = commonEpochs([b, c]);
    const [x, y] = [at(b, epochs), at(c, epochs)];
    const averaged = (of: (i: number) => number) =>
      epochAverage(
        epochs,
        epochs.map((_, i) => of(i)),
      );
    return [
      {
        value: averaged((i) => x.values[i] - y.values[i]),
        // A bound: the errors of neighbouring checkpoints are taken as fully correlated.
        error: averaged((i) => Math.hypot(x.standardErrors[i], y.standardErrors[i])),
      },
    ];
  });
  if (found.length === 0) return null;
  return average(
    found.map((f) => f.value),
    found.map((f) => f.error),
  );
}

export const blendBelowClean: Claim = {
  claim: 'Blend: I(X;T) and I(T;Ŷ) of poisoned samples stay below the clean ones',
  missing: (setting) => (ran(setting, 'blend') ? null : 'blend'),
  /** The rule: both quantities are lower, under every Blend that succeeds. */
  judge(setting) {
    const blends = setting.attacks.filter((a) => a.config.attack === 'blend' && succeeds(a));
    if (blends.length === 0) return { verdict: 'not resolved', evidence: 'Blend does not succeed.' };
    const parts = blends.flatMap((b) =>
      (['I(X;T)', 'I(T;Ŷ)'] as const).flatMap((q) => {
        const d = difference(b, q);
        return d ? [{ q, d, label: b.label }] : [];
      }),
    );
    if (parts.length === 0) return { verdict: 'not resolved', evidence: 'No run has both groups.' };
    const words = parts.map((p) => `${p.label}, ${p.q}: ${withInterval(p.d)} nats`).join('; ');
    return {
      verdict: allOf(parts.map((p) => verdictOf(p.d, [{ below: 0 }], [{ above: 0 }]))),
      evidence: `Poisoned minus clean, averaged over epochs: ${words}.`,
    };
  },
};
