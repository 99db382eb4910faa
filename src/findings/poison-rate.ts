/** An attack is less stealthy at a higher poison rate. */
import { mean } from '../dynamics/index.js';
import { decimal, type Finding } from '../report/index.js';
import { unresolved } from './claim.js';
import { scoreDifferences, scoreOf } from './levels.js';
import { bySeed } from './spread.js';
import type { VariedSetting } from './varied.js';
import { judge } from './verdict.js';
import { sentence } from './words.js';

/**
 * Smallest effect of interest: S is lower at the highest rate than at the lowest by a tenth of 1, the S of samples that flow as clean ones do.
 * The paper has one rate and gives no size, so it is the size of every finding without one.
 */
const INTEREST = 0.1;

/** Of each attack. The rule: S at the highest rate minus S at the lowest, by seed, is below 0. */
export function falling(setting: VariedSetting): Finding[] {
  return setting.attacks
    .filter((a) => a.levels[0]?.runs[0].config.attack !== 'none')
    .map(({ label, levels }) => {
      const claim = `${label} is less stealthy the more of the set it poisons`;
      const [first, last] = [levels[0], levels[levels.length - 1]];
      const differences = scoreDifferences(last.runs, first.runs);
      if (levels.length < 2) return { claim, ...unresolved(`${label} was run at one rate.`) };
      if (differences.length === 0) return { claim, ...unresolved('No two runs of one seed have a score.') };
      const what = `S of ${label} at a rate of ${last.value} minus S at ${first.value}, by seed`;
      const effect = judge(bySeed(differences), { what, unit: 'S', direction: 'below', interest: INTEREST });
      const all = levels.map((l) => `${decimal(mean(l.runs.map(scoreOf)), 2)} at ${l.value}`).join(', ');
      return { claim, verdict: effect.verdict, evidence: `Mean S: ${all}. ${sentence(effect)}`, effects: [effect] };
    });
}
