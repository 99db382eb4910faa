/** BadNets, whose trigger is easy to see, scores higher than attacks whose trigger is not. */
import { average } from '../dynamics/index.js';
import { type Claim, ran } from './claim.js';
import type { Repeated } from './settings.js';
import { succeeds } from './success.js';
import { mostOf, verdictOf } from './verdict.js';
import { withInterval } from './words.js';

/**
 * Smallest effect of interest: a difference in S of a tenth of 1, the S of samples that flow as clean ones do. The paper gives an order and no
 * size, so it is the size of every finding without one.
 */
export const INTEREST = 0.1;

/** The attacks that the paper calls visually imperceptible, of its five. */
const IMPERCEPTIBLE = ['blend', 'wanet', 'label-consistent', 'adaptive-blend'];

const scores = (a: Repeated) => new Map(a.runs.map((r) => [r.config.seed, r.report.stealth?.score ?? null]));

export const badnetsIsStealthier: Claim = {
  claim: 'BadNets is stealthier inside the model than most imperceptible attacks',
  missing: (setting) =>
    ran(setting, 'badnets') ? (ran(setting, ...IMPERCEPTIBLE) ? null : 'an imperceptible attack') : 'badnets',
  /** The rule: S of BadNets is higher than that of more than half of the others, by seed, at their rate where BadNets was run at it. */
  judge(setting) {
    const badnets = setting.attacks.filter((a) => a.config.attack === 'badnets' && succeeds(a));
    const rivals = setting.attacks.filter((a) => IMPERCEPTIBLE.includes(a.config.attack) && succeeds(a));
    if (badnets.length === 0) return { verdict: 'not resolved', evidence: 'BadNets does not succeed.' };
    if (rivals.length === 0) return { verdict: 'not resolved', evidence: 'No imperceptible attack succeeds.' };
    const pairs = rivals.flatMap((rival) => {
      const equal = badnets.find((b) => b.config.poisonRate === rival.config.poisonRate) ?? badnets[0];
      const theirs = scores(rival);
      const differences = [...scores(equal)].flatMap(([seed, s]) => {
        const t = theirs.get(seed);
        return s !== null && t != null ? [s - t] : [];
      });
      return differences.length > 0 ? [{ label: rival.label, d: average(differences) }] : [];
    });
    if (pairs.length === 0) return { verdict: 'not resolved', evidence: 'No two runs of one seed have a score.' };
    return {
      verdict: mostOf(pairs.map((p) => verdictOf(p.d, [{ above: 0 }], [{ below: 0 }]))),
      evidence: `S of BadNets minus S of the other, by seed: ${pairs.map((p) => `${p.label} ${withInterval(p.d)}`).join('; ')}.`,
    };
  },
};
