/** The order of attacks by S is the same at every value of what a study varies. */
import { mean, rankCorrelation } from '../dynamics/index.js';
import { SUCCESS } from '../dynamics/types.js';
import { decimal, type Finding } from '../report/index.js';
import { asrOf, scoreOf } from './levels.js';
import type { VariedSetting } from './varied.js';
import { verdictOf } from './verdict.js';

/**
 * Smallest effect of interest: a τ of 0.5. Below it no order holds: two attacks at random keep theirs with less than three chances in four. A
 * rank correlation has no clean value to take a tenth of.
 */
export const INTEREST = 0.5;

/**
 * `claim`: the same in the words of a study. The rule: of all pairs of values, the one whose orders agree least has a τ above 0; a τ below
 * `INTEREST` contradicts.
 */
export function orderFinding(setting: VariedSetting, claim: string): Finding {
  // An attack that does not succeed at a value is left out there.
  const poisoned = setting.attacks.filter((a) => a.levels[0]?.runs[0].config.attack !== 'none');
  const scores = setting.values.map((value) =>
    poisoned.map((a) => {
      const level = a.levels.find((l) => l.value === value);
      return level && mean(level.runs.map(asrOf)) >= SUCCESS ? mean(level.runs.map(scoreOf)) : Number.NaN;
    }),
  );
  const pairs = setting.values.flatMap((v, i) =>
    setting.values.slice(i + 1).map((w, j) => {
      const [a, b] = [scores[i], scores[i + 1 + j]];
      const both = a.flatMap((x, k) => (Number.isFinite(x) && Number.isFinite(b[k]) ? [k] : []));
      return {
        v,
        w,
        c: rankCorrelation(
          both.map((k) => a[k]),
          both.map((k) => b[k]),
        ),
      };
    }),
  );
  const least = pairs.filter((p) => Number.isFinite(p.c.tau)).sort((a, b) => a.c.tau - b.c.tau)[0];
  if (!least)
    return {
      claim,
      verdict: 'not resolved',
      evidence: `An order needs at least two attacks that succeed at two values; ${poisoned.length} were run.`,
    };
  return {
    claim,
    verdict: verdictOf(least.c, [{ above: 0 }], [{ below: INTEREST }]),
    evidence: `The least agreement is between ${least.v} and ${least.w}: τ = ${decimal(least.c.tau, 2)} over ${least.c.n} attacks (95 % ${decimal(least.c.interval[0], 2)} to ${decimal(least.c.interval[1], 2)}).`,
  };
}
