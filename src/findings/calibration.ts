/** Clean models score inside the 95 % range of their own clean classes: the null holds. */
import type { Finding } from '../report/index.js';
import type { Setting } from './settings.js';
import { verdictOf } from './verdict.js';

/**
 * Smallest effect of interest: a tenth of the clean models more than the 5 % that lie outside a 95 % range by chance. The paper has no null, so it
 * is the size of every finding without one.
 */
export const INTEREST = 0.1;

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

/** Fewer clean models than this are not judged: one of them may be outside in any case, which is a quarter of four. */
const FEWEST = 5;

/**
 * The rule: no more clean models are outside than would be with a chance of 97.5 %, if the range held 95 % and seeds were independent.
 * They share their target class, so the bar is if anything too high.
 */
export function calibrationFinding(setting: Setting): Finding {
  const { inside, of, words } = calibrationOf(setting);
  const allowed = allowedOutside(of);
  // A count has no spread: both ends of its interval are the count.
  const outside = { interval: [of - inside, of - inside] as [number, number], n: of };
  return {
    claim: 'The null holds: clean models score inside the range of their own clean classes',
    verdict: of < FEWEST ? 'not resolved' : verdictOf(outside, [{ below: allowed + 1 }], [{ above: allowed }]),
    evidence: `${words} With 95 % inside, at least ${of - allowed} of ${of} are expected.`,
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
