/** Under Blend, poisoned samples stay below the clean samples of the target class. */

import { partOf } from '../dynamics/group-id.js';
import { at, commonEpochs, epochAverage, type StealthQuantity } from '../dynamics/index.js';
import { type Claim, ran, unresolved } from './claim.js';
import { curvesOf } from './levels.js';
import type { Repeated } from './settings.js';
import { bySeed } from './spread.js';
import { failures, succeeds } from './success.js';
import { allOf, judge } from './verdict.js';
import { sentences } from './words.js';

/**
 * Smallest effect of interest: poisoned samples lie below the clean samples of the target class by a tenth of their level. The paper draws
 * the gap and gives no size for it, so it is the size of every finding without one.
 */
const INTEREST = 0.1;

/** Average over epochs of poisoned minus clean samples, as a share of the clean ones' average; one value a run that has both groups. */
function differences({ runs, config }: Repeated, quantity: StealthQuantity): number[] {
  return runs.flatMap((run) => {
    const curves = curvesOf(run, quantity);
    const [b, c] = (['backdoor', 'clean'] as const).map((part) =>
      curves.find((x) => x.group === partOf(config.target, part)),
    );
    if (!b || !c) return [];
    const epochs = commonEpochs([b, c]);
    const [poisoned, clean] = [b, c].map((x) => epochAverage(epochs, at(x, epochs).values));
    return clean > 0 ? [poisoned / clean - 1] : [];
  });
}

export const blendBelowClean: Claim = {
  claim: 'Blend: I(X;T) and I(T;Ŷ) of poisoned samples stay below the clean ones',
  missing: (setting) => (ran(setting, 'blend') ? null : 'blend'),
  /** The rule: both quantities are lower, under every Blend that succeeds. */
  judge(setting) {
    const own = setting.attacks.filter((a) => a.config.attack === 'blend');
    const failed = failures(own);
    const blends = own.filter(succeeds);
    if (blends.length === 0) return unresolved(failed);
    const effects = blends.flatMap((b) =>
      (['I(X;T)', 'I(T;Ŷ)'] as const).flatMap((q) => {
        const found = differences(b, q);
        const what = `${b.label}, ${q}: poisoned minus clean samples, of the clean ones’ level`;
        return found.length > 0
          ? judge(bySeed(found), { what, unit: 'share', direction: 'below', interest: INTEREST })
          : [];
      }),
    );
    if (effects.length === 0) return unresolved('No run has both groups.');
    const evidence = ['Averages over epochs.', sentences(effects), failed].filter(Boolean).join(' ');
    return { verdict: allOf(effects.map((e) => e.verdict)), evidence, effects };
  },
};
