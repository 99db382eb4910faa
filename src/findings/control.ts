/** An attack scores other than the same relabelling without a trigger, attack `relabel`. */
import { findAnyAttack } from '../attacks/any.js';
import { attackOptions } from '../config/resolve.js';
import type { Finding } from '../report/index.js';
import { scoreDifferences } from './levels.js';
import type { Repeated, Setting } from './settings.js';
import { bySeed } from './spread.js';
import { judge } from './verdict.js';
import { sentence } from './words.js';

/**
 * Smallest effect of interest: a difference in S of a tenth of 1, the S of samples that flow as clean ones do. The paper has no such control, so
 * it is the size of every finding without one.
 */
const INTEREST = 0.1;

/** Of each attack, by seed. The rule: the difference from the control is not 0. */
export function controlFindings(setting: Setting): Finding[] {
  const controls = setting.attacks.filter((a) => a.config.attack === 'relabel');
  return setting.attacks
    .filter((a) => !['none', 'relabel'].includes(a.config.attack))
    .flatMap((a) => {
      // The same samples, relabelled alike: another rate or rule would be another question.
      const alike = (c: Repeated) => c.config.poisonRate === a.config.poisonRate && ruleOf(c) === ruleOf(a);
      const control = controls.find(alike);
      const claim = `The score tells ${a.label} from label noise`;
      if (!control)
        return { claim, verdict: 'not run', evidence: 'relabel at the same rate was not run.', effects: [] };
      const differences = scoreDifferences(a.runs, control.runs);
      if (differences.length === 0) return [];
      const what = `S of ${a.label} minus S of the same relabelling without a trigger, by seed`;
      const effect = judge(bySeed(differences), { what, unit: 'S', direction: 'apart', interest: INTEREST });
      return { claim, verdict: effect.verdict, evidence: sentence(effect), effects: [effect] };
    });
}

const ruleOf = ({ config }: Repeated) =>
  config.rule ?? findAnyAttack(config.attack).labelling(attackOptions(config)).rule;
