import { mean, rankCorrelation } from '../dynamics/index.js';
import { decimal, type Finding } from '../report/index.js';
import { scoreOf } from './levels.js';
import type { VariedSetting } from './varied.js';

/** Does S fall as the rate grows? By attack, over all its runs. */
export function falling(setting: VariedSetting): Finding[] {
  return setting.attacks
    .filter((a) => a.levels[0]?.runs[0].config.attack !== 'none')
    .map(({ label, levels }) => {
      const runs = levels.flatMap((l) => l.runs).filter((r) => Number.isFinite(scoreOf(r)));
      const c = rankCorrelation(
        runs.map((r) => r.config.poisonRate),
        runs.map(scoreOf),
      );
      const verdict = c.interval[1] < 0 ? 'reproduced' : c.interval[0] > 0 ? 'contradicted' : 'not resolved';
      const ends = [levels[0], levels[levels.length - 1]].map((l) => decimal(mean(l.runs.map(scoreOf)), 2));
      return {
        claim: `${label} is less stealthy the more of the set it poisons`,
        verdict,
        evidence: `${label}: S ${ends[0]} at ${levels[0].value} and ${ends[1]} at ${levels[levels.length - 1].value}; τ of S with the rate ${decimal(c.tau, 2)} (95 % ${decimal(c.interval[0], 2)} to ${decimal(c.interval[1], 2)}, ${c.n} runs).`,
      };
    });
}
