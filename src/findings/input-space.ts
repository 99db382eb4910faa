/** Stealth in input space, by PSNR and SSIM, does not tell the stealth score. */
import { mean, rankCorrelation } from '../dynamics/index.js';
import { type Claim, noAttack } from './claim.js';
import { scoreOf } from './levels.js';
import { succeeds } from './success.js';
import { allOf, verdictOf } from './verdict.js';
import { number } from './words.js';

/**
 * Smallest effect of interest: a τ of 0.5. Below it two attacks at random are in the same order with less than three chances in four. A rank
 * correlation has no clean value to take a tenth of; a tenth of its range would need hundreds of attacks.
 */
export const INTEREST = 0.5;

export const inputSpaceSaysNothing: Claim = {
  claim: 'Stealth inside the model does not follow stealth in input space',
  missing: noAttack,
  /** The rule: both correlations are weak; one that is not 0 contradicts. */
  judge(setting) {
    const items = setting.attacks.filter(succeeds).flatMap((a) => {
      const score = mean(a.runs.map(scoreOf));
      const { perception } = a.runs[0].report;
      return Number.isFinite(score) ? [{ score, PSNR: perception['PSNR (dB)'], SSIM: perception.SSIM }] : [];
    });
    const correlations = (['PSNR', 'SSIM'] as const).map((name) => {
      const measured = items.filter((i) => Number.isFinite(i[name] ?? Number.NaN));
      const c = rankCorrelation(
        measured.map((i) => i.score),
        measured.map((i) => i[name]!),
      );
      return { name, c };
    });
    const words = correlations.map(
      ({ name, c }) =>
        `${name} τ = ${Number.isFinite(c.tau) ? number(c.tau) : '–'} (95 % ${number(c.interval[0])} to ${number(c.interval[1])}, p = ${number(c.p)}, ${c.n} attacks)`,
    );
    return {
      verdict: allOf(
        correlations.map(({ c }) =>
          verdictOf(c, [{ above: -INTEREST, below: INTEREST }], [{ above: 0 }, { below: 0 }]),
        ),
      ),
      evidence: `Kendall’s rank correlation of S with ${words.join('; with ')}.`,
    };
  },
};
