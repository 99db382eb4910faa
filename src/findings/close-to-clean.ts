import { isClassGroup, nullHalf, nullHalfOf, partOf } from '../dynamics/group-id.js';
import {
  type Average,
  at,
  average,
  commonEpochs,
  type EstimateRow,
  epochAverage,
  mean,
  type StealthQuantity,
} from '../dynamics/index.js';
import type { Finding, Verdict } from '../report/index.js';
import { curvesOf } from './levels.js';
import type { Repeated, Setting } from './settings.js';
import { ASR, took } from './success.js';
import { number, withInterval } from './words.js';

/** Average |a − b| / mean level of two groups, as the score's integration gap has it. */
function gapOf(rows: readonly EstimateRow[], quantity: StealthQuantity, one: string, other: string): number | null {
  const curves = curvesOf(rows, quantity);
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

/** A gap this much larger than noise makes, in units of the clean classes' level, is still called close. Fixed beforehand. */
const CLOSE = 0.1;

/**
 * Gap in I(T;Ŷ) of `backdoor` against `clean` beyond what random halves of clean classes of the same run show, over seeds; null
 * where there is nothing to compare.
 */
function closeness({ runs, config }: Repeated, backdoor: string): Average | null {
  const found = runs.flatMap(({ report }) => {
    const rows = report.information;
    const gap = gapOf(rows, 'I(T;Ŷ)', `${config.target}/${backdoor}`, partOf(config.target, 'clean'));
    const halves = [...new Set(rows.map((r) => r.group))].map(nullHalfOf).filter((h) => h?.half === 'a');
    const nulls = halves.flatMap(
      (h) => gapOf(rows, 'I(T;Ŷ)', nullHalf(h!.class, 'a', h!.split), nullHalf(h!.class, 'b', h!.split)) ?? [],
    );
    if (gap === null || nulls.length < 2) return [];
    const m = mean(nulls);
    // A single gap scatters as those of the halves do.
    return [{ excess: gap - m, error: Math.sqrt(nulls.reduce((t, g) => t + (g - m) ** 2, 0) / (nulls.length - 1)) }];
  });
  if (found.length === 0) return null;
  return average(
    found.map((f) => f.excess),
    found.map((f) => f.error),
  );
}

export function closeFinding(setting: Setting, backdoor: 'backdoor' | 'authors'): Finding {
  const grouping = backdoor === 'backdoor' ? 'true groups' : 'the authors’ grouping';
  const claim = `Adaptive Blend: I(T;Ŷ) of backdoor samples is close to clean ones (${grouping})`;
  const own = setting.attacks.filter((a) => a.config.attack === 'adaptive-blend');
  const taken = own.filter(took);
  if (taken.length === 0) {
    const success = own.map((a) => number(ASR(a.runs))).join(', ');
    return {
      claim,
      verdict: 'not resolved',
      evidence: own.length > 0 ? `The attack did not take (ASR ${success}).` : 'The attack was not run.',
    };
  }
  const found = taken.flatMap((a) => closeness(a, backdoor) ?? []);
  if (found.length === 0)
    return { claim, verdict: 'not resolved', evidence: 'There are no halves of clean classes to compare with.' };
  const several = found.every((f) => f.n > 1);
  const verdict: Verdict =
    several && found.every((f) => f.interval[1] < CLOSE)
      ? 'reproduced'
      : several && found.some((f) => f.interval[0] > CLOSE)
        ? 'contradicted'
        : 'not resolved';
  const words = found.map((f, i) => `${taken[i].label} ${withInterval(f)}`).join('; ');
  return {
    claim,
    verdict,
    evidence: `The gap beyond that of random halves of clean classes, as a share of their level: ${words}. Up to ${CLOSE} counts as close.`,
  };
}
