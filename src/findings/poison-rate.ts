/** An attack is less stealthy at a higher poison rate. */
import { mean, rankCorrelation } from '../dynamics/index.js';
import { decimal, type Finding } from '../report/index.js';
import { scoreOf } from './levels.js';
import type { VariedSetting } from './varied.js';
import { verdictOf } from './verdict.js';

/**
 * Smallest effect of interest: S is lower at the highest rate than at the lowest by a tenth of 1, the S of samples that flow as clean ones do.
 * The paper has one rate and gives no size, so it is the size of every finding without one.
 */
export const INTEREST = 0.1;

/** Of each attack. The rule: the rank correlation of S with the rate over all its runs is below 0. */
export function falling(setting: VariedSetting): Finding[] {
  return setting.attacks
    .filter((a) => a.levels[0]?.runs[0].config.attack !== 'none')
    .map(({ label, levels }) => {
      const runs = levels.flatMap((l) => l.runs).filter((r) => Number.isFinite(scoreOf(r)));
      const c = rankCorrelation(
        runs.map((r) => r.config.poisonRate),
        runs.map(scoreOf),
      );
      const ends = [levels[0], levels[levels.length - 1]].map((l) => decimal(mean(l.runs.map(scoreOf)), 2));
      return {
        claim: `${label} is less stealthy the more of the set it poisons`,
        verdict: verdictOf(c, [{ below: 0 }], [{ above: 0 }]),
        evidence: `${label}: S ${ends[0]} at ${levels[0].value} and ${ends[1]} at ${levels[levels.length - 1].value}; τ of S with the rate ${decimal(c.tau, 2)} (95 % ${decimal(c.interval[0], 2)} to ${decimal(c.interval[1], 2)}, ${c.n} runs).`,
      };
    });
}
