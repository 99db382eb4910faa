/** Stealth in input space, by PSNR and SSIM or their like for texts, does not tell the stealth score. */
import { groupBy } from '../base/group-by.js';
import { mean, rankCorrelation } from '../dynamics/index.js';
import { type Claim, noAttack, unresolved } from './claim.js';
import { inputMeasures, measured } from './input-measures.js';
import { scoreOf } from './levels.js';
import { triggerOf } from './settings.js';
import { failures, succeeds } from './success.js';
import { allOf, judgeRank } from './verdict.js';
import { sentences } from './words.js';

/**
 * Smallest effect of interest: a τ of 0.5. Below it two attacks at random are in the same order with less than three chances in four. A rank
 * correlation has no clean value to take a tenth of; a tenth of its range would need hundreds of attacks.
 */
const INTEREST = 0.5;

export const inputSpaceSaysNothing: Claim = {
  claim: 'Stealth inside the model does not follow stealth in input space',
  missing: noAttack,
  /** The rule: both correlations are nearer to 0 than the effect of interest. The repetitions are attacks, each with its mean S over seeds and rates. */
  judge(setting) {
    const failed = failures(setting.attacks);
    const items = groupBy(setting.attacks.filter(succeeds), (a) => triggerOf(a.config)).flatMap((rates) => {
      const score = mean(rates.map((a) => mean(a.runs.map(scoreOf))));
      return Number.isFinite(score) ? [{ score, report: rates[0].runs[0].report }] : [];
    });
    const effects = inputMeasures(setting.attacks).flatMap((measure) => {
      const both = items.flatMap(({ score, report }) => {
        const value = measured(report, measure);
        return value !== undefined && Number.isFinite(value) ? [{ score, value }] : [];
      });
      const c = rankCorrelation(
        both.map((i) => i.score),
        both.map((i) => i.value),
      );
      if (!Number.isFinite(c.tau)) return [];
      const what = `Kendall’s rank correlation of S with ${measure.word} over attacks`;
      return judgeRank(c, { what, direction: 'close', interest: INTEREST });
    });
    if (effects.length === 0)
      return unresolved(
        [`A rank correlation needs two attacks; ${items.length} have a score.`, failed].join(' ').trim(),
      );
    const evidence = [sentences(effects), failed].filter(Boolean).join(' ');
    return { verdict: allOf(effects.map((e) => e.verdict)), evidence, effects };
  },
};
