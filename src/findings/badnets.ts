/** BadNets, whose trigger is easy to see, scores higher than attacks whose trigger is not. */
import { type Claim, ran, unresolved } from './claim.js';
import { scoreDifferences } from './levels.js';
import { bySeed } from './spread.js';
import { failures, succeeds } from './success.js';
import { judge, mostOf } from './verdict.js';
import { sentences } from './words.js';

/**
 * Smallest effect of interest: a difference in S of a tenth of 1, the S of samples that flow as clean ones do. The paper gives an order and no
 * size, so it is the size of every finding without one.
 */
const INTEREST = 0.1;

/** The attacks that the paper calls visually imperceptible, of its five. */
const IMPERCEPTIBLE = ['blend', 'wanet', 'label-consistent', 'adaptive-blend'];

export const badnetsIsStealthier: Claim = {
  claim: 'BadNets is stealthier inside the model than most imperceptible attacks',
  missing: (setting) =>
    ran(setting, 'badnets') ? (ran(setting, ...IMPERCEPTIBLE) ? null : 'an imperceptible attack') : 'badnets',
  /** The rule: S of BadNets is higher than that of more than half of the others, by seed, at their rate where BadNets was run at it. */
  judge(setting) {
    const own = setting.attacks.filter((a) => a.config.attack === 'badnets');
    const others = setting.attacks.filter((a) => IMPERCEPTIBLE.includes(a.config.attack));
    const failed = failures([...own, ...others]);
    const badnets = own.filter(succeeds);
    const rivals = others.filter(succeeds);
    if (badnets.length === 0 || rivals.length === 0) return unresolved(failed);
    const effects = rivals.flatMap((rival) => {
      const equal = badnets.find((b) => b.config.poisonRate === rival.config.poisonRate) ?? badnets[0];
      const differences = scoreDifferences(equal.runs, rival.runs);
      const what = `S of ${equal.label} minus S of ${rival.label}, by seed`;
      return differences.length > 0
        ? judge(bySeed(differences), { what, unit: 'S', direction: 'above', interest: INTEREST })
        : [];
    });
    if (effects.length === 0) return unresolved('No two runs of one seed have a score.');
    const evidence = [sentences(effects), failed].filter(Boolean).join(' ');
    return { verdict: mostOf(effects.map((e) => e.verdict)), evidence, effects };
  },
};
