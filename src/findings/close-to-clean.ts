/** Under Adaptive Blend, I(T;Ŷ) of poisoned samples is close to that of clean ones. */
import { isClassGroup, nullHalf, nullHalfOf, partOf } from '../dynamics/group-id.js';
import { at, commonEpochs, epochAverage, mean, type Trajectory } from '../dynamics/index.js';
import { type Claim, ran, unresolved } from './claim.js';
import { curvesOf } from './levels.js';
import type { Repeated } from './settings.js';
import { bySeed } from './spread.js';
import { failures, succeeds } from './success.js';
import { allOf, judge } from './verdict.js';
import { sentences } from './words.js';

/**
 * Smallest effect of interest: a gap beyond what noise makes of a tenth of the clean classes' level. Less than that is close. The paper says
 * "close" and gives no size, so it is the size of every finding without one.
 */
const INTEREST = 0.1;

/** Average |a − b| / mean level of two groups, as the score's integration gap has it. */
function gapOf(curves: readonly Trajectory[], one: string, other: string): number | null {
  const [a, b] = [one, other].map((g) => curves.find((c) => c.group === g));
  const others = curves.filter((c) => isClassGroup(c.group));
  if (!a || !b || others.length === 0) return null;
  const epochs = commonEpochs([a, b, ...others]);
  const [x, y, ...rest] = [a, b, ...others].map((c) => at(c, epochs));
  const level = epochAverage(
    epochs,
    epochs.map((_, i) => mean(rest.map((c) => c.values[i]))),
  );
  const gap = epochAverage(
    epochs,
    epochs.map((_, i) => Math.abs(x.values[i] - y.values[i])),
  );
  return level > 0 ? gap / level : null;
}

/** Gap in I(T;Ŷ) of `backdoor` against `clean` beyond the mean of random halves of clean classes of the same run; one value a run that has both. */
function excesses({ runs, config }: Repeated, backdoor: string): number[] {
  return runs.flatMap((run) => {
    const curves = curvesOf(run, 'I(T;Ŷ)');
    const gap = gapOf(curves, `${config.target}/${backdoor}`, partOf(config.target, 'clean'));
    const halves = curves.flatMap((c) => nullHalfOf(c.group) ?? []).filter((h) => h.half === 'a');
    const nulls = halves.flatMap(
      (h) => gapOf(curves, nullHalf(h.class, 'a', h.split), nullHalf(h.class, 'b', h.split)) ?? [],
    );
    return gap === null || nulls.length === 0 ? [] : [gap - mean(nulls)];
  });
}

/** The claim with the true groups, or with the authors' grouping, in which clean samples fill the group up. */
export const adaptiveBlendCloseToClean = (backdoor: 'backdoor' | 'authors'): Claim => ({
  claim: `Adaptive Blend: I(T;Ŷ) of poisoned samples is close to clean ones (${backdoor === 'backdoor' ? 'true groups' : 'the authors’ grouping'})`,
  missing: (setting) => (ran(setting, 'adaptive-blend') ? null : 'adaptive-blend'),
  /** The rule: the excess of the gap is nearer to 0 than the effect of interest, under every Adaptive Blend that succeeds. */
  judge(setting) {
    const own = setting.attacks.filter((a) => a.config.attack === 'adaptive-blend');
    const failed = failures(own);
    const attacks = own.filter(succeeds);
    if (attacks.length === 0) return unresolved(failed);
    const effects = attacks.flatMap((a) => {
      const found = excesses(a, backdoor);
      const what = `${a.label}: gap beyond that of random halves of clean classes, of the classes’ level`;
      return found.length > 0
        ? judge(bySeed(found), { what, unit: 'share', direction: 'close', interest: INTEREST })
        : [];
    });
    if (effects.length === 0) return unresolved('There are no halves of clean classes to compare with.');
    const evidence = [sentences(effects), failed].filter(Boolean).join(' ');
    return { verdict: allOf(effects.map((e) => e.verdict)), evidence, effects };
  },
});
