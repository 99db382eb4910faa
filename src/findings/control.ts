/** An attack scores other than the same relabelling without a trigger, attack `relabel`. */
import { findAttack } from '../attacks/index.js';
import { attackOptions } from '../config/resolve.js';
import { average } from '../dynamics/index.js';
import type { Finding } from '../report/index.js';
import type { Repeated, Setting } from './settings.js';
import { verdictOf } from './verdict.js';
import { withInterval } from './words.js';

/**
 * Smallest effect of interest: a difference in S of a tenth of 1, the S of samples that flow as clean ones do. The paper has no such control, so
 * it is the size of every finding without one.
 */
export const INTEREST = 0.1;

/**
 * Of each attack, by seed. The rule: the difference from the control is not 0. Where it may be 0, the score may have seen the wrong labels
 * alone; no interval shows that it did, so nothing is contradicted.
 */
export function controlFindings(setting: Setting): Finding[] {
  const controls = setting.attacks.filter((a) => a.config.attack === 'relabel');
  const scores = (a: Repeated) => new Map(a.runs.map((r) => [r.config.seed, r.report.stealth?.score ?? null]));
  return setting.attacks
    .filter((a) => !['none', 'relabel'].includes(a.config.attack))
    .flatMap((a) => {
      // The same samples, relabelled alike: another rate or rule would be another question.
      const alike = (c: Repeated) => c.config.poisonRate === a.config.poisonRate && ruleOf(c) === ruleOf(a);
      const control = controls.find(alike);
      if (!control) return [];
      const noise = scores(control);
      const differences = [...scores(a)].flatMap(([seed, s]) => {
        const n = noise.get(seed);
        return s !== null && n != null ? [s - n] : [];
      });
      if (differences.length === 0) return [];
      const d = average(differences);
      return {
        claim: `The score tells ${a.label} from label noise`,
        verdict: verdictOf(d, [{ above: 0 }, { below: 0 }], []),
        evidence: `S of ${a.label} minus S of the same relabelling without a trigger, by seed: ${withInterval(d)}.`,
      };
    });
}

const ruleOf = ({ config }: Repeated) => config.rule ?? findAttack(config.attack).labelling(attackOptions(config)).rule;
