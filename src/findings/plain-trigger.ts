/** An attack whose trigger is easy to see scores higher than attacks whose trigger is not. */
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

const claimOf = (claim: string, plain: string, imperceptible: readonly string[]): Claim => ({
  claim,
  missing: (setting) =>
    ran(setting, plain) ? (ran(setting, ...imperceptible) ? null : 'an imperceptible attack') : plain,
  /** The rule: S of the plain attack is higher than that of more than half of the others, by seed, at their rate where it was run at it. */
  judge(setting) {
    const all = setting.attacks.filter((a) => a.config.attack === plain);
    const others = setting.attacks.filter((a) => imperceptible.includes(a.config.attack));
    const failed = failures([...all, ...others]);
    const own = all.filter(succeeds);
    const rivals = others.filter(succeeds);
    if (own.length === 0 || rivals.length === 0) return unresolved(failed);
    const effects = rivals.flatMap((rival) => {
      const equal = own.find((a) => a.config.poisonRate === rival.config.poisonRate) ?? own[0];
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
});

/** The attacks that the paper calls visually imperceptible, of its five. */
export const badnetsIsStealthier = claimOf(
  'BadNets is stealthier inside the model than most imperceptible attacks',
  'badnets',
  ['blend', 'wanet', 'label-consistent', 'adaptive-blend'],
);

/** The same of texts: a reader sees rare words, and overlooks a sentence that reads naturally, look-alike characters, spelling and synonyms. */
export const rareWordsAreStealthier = claimOf(
  'Rare words are stealthier inside the model than most triggers that a reader overlooks',
  'rare-words',
  ['add-sentence', 'look-alike', 'style', 'word-substitution'],
);
