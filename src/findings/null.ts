import { findAttack } from '../attacks/index.js';
import { attackOptions } from '../config/resolve.js';
import { average } from '../dynamics/index.js';
import type { Finding } from '../report/index.js';
import type { Repeated, Setting } from './settings.js';
import { withInterval } from './words.js';

interface Calibration {
  inside: number;
  of: number;
  below: number;
  words: string;
}

/** How many clean models score inside the 95 % range that their own clean classes give. */
export function calibrationOf(setting: Setting): Calibration {
  const clean = setting.attacks.find((a) => a.config.attack === 'none');
  const judged = (clean?.runs ?? []).flatMap(({ report }) => {
    const s = report.stealth;
    return s?.score != null && s.null ? [{ score: s.score, ...s.null }] : [];
  });
  const below = judged.filter((j) => j.score < j.low).length;
  const inside = judged.filter((j) => j.score >= j.low && j.score <= j.high).length;
  return {
    inside,
    of: judged.length,
    below,
    words: `On ${setting.dataset} ${inside} of ${judged.length} clean models score inside the 95 % range of their own clean classes, ${below} below it.`,
  };
}

/**
 * Fewer clean models inside than asked would be seen with a chance under 2.5 % if the range held 95 % and seeds were independent. They
 * share their target class, so that the bar is if anything too high.
 */
export function calibrationFinding(setting: Setting): Finding {
  const { inside, of, words } = calibrationOf(setting);
  const needed = of - allowedOutside(of);
  return {
    claim: 'The null holds: clean models score inside the range of their own clean classes',
    verdict: of < 5 ? 'not resolved' : inside >= needed ? 'reproduced' : 'contradicted',
    evidence: `${words} With 95 % inside, at least ${needed} of ${of} are expected.`,
  };
}

/** The most that may lie outside a 95 % range in n draws with a chance above 2.5 %. */
function allowedOutside(n: number): number {
  let term = 0.95 ** n;
  let sum = term;
  let k = 0;
  while (sum < 0.975 && k < n) {
    term *= ((n - k) / (k + 1)) * (0.05 / 0.95);
    sum += term;
    k++;
  }
  return k;
}

/** The control against each attack, by seed: where they score alike, what the score saw was the wrong labels. */
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
      const apart = d.n > 1 && (d.interval[0] > 0 || d.interval[1] < 0);
      return {
        claim: `The score tells ${a.label} from label noise`,
        verdict: apart ? ('reproduced' as const) : ('not resolved' as const),
        evidence: `S of ${a.label} minus S of the same relabelling without a trigger, by seed: ${withInterval(d)}.`,
      };
    });
}

const ruleOf = ({ config }: Repeated) => config.rule ?? findAttack(config.attack).labelling(attackOptions(config)).rule;
