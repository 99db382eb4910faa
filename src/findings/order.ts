/** The order of attacks by S is the same at every value of what a study varies. */
import { mean, rankCorrelation } from '../dynamics/index.js';
import { SUCCESS } from '../dynamics/types.js';
import type { Finding } from '../report/index.js';
import { unresolved } from './claim.js';
import { asrOf, scoreOf } from './levels.js';
import type { VariedSetting } from './varied.js';
import { judgeRank } from './verdict.js';
import { sentence } from './words.js';

/**
 * Smallest effect of interest: a τ of 0.5. Below it no order holds: two attacks at random keep theirs with less than three chances in four. A
 * rank correlation has no clean value to take a tenth of.
 */
const INTEREST = 0.5;

/**
 * `claim`: the same in the words of a study. The rule: of all pairs of values, the one whose orders agree least has a τ above 0. The
 * repetitions are attacks, each with its mean S over seeds.
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
  if (!least) {
    const why = `An order needs at least two attacks that succeed at two values; ${poisoned.length} were run.`;
    return { claim, ...unresolved(why) };
  }
  const what = `Kendall’s rank correlation of S at ${least.v} with S at ${least.w} over attacks, the least of all pairs`;
  const effect = judgeRank(least.c, { what, direction: 'above', interest: INTEREST });
  return { claim, verdict: effect.verdict, evidence: sentence(effect), effects: [effect] };
}
