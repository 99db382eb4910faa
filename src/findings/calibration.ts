/** Clean models score inside the 95 % range of their own clean classes: the null holds. */

import { binomialCdf, binomialInterval, shareAt } from '../dynamics/binomial.js';
import type { Finding } from '../report/index.js';
import type { Setting } from './settings.js';
import { decide } from './verdict.js';
import { sentence } from './words.js';

/**
 * Smallest effect of interest: a tenth of the clean models more than the 5 % that lie outside a 95 % range by chance. The paper has no null, so it
 * is the size of every finding without one.
 */
const INTEREST = 0.1;

/** Share of clean models that lie outside a 95 % range by chance. */
const CHANCE = 0.05;

interface Calibration {
  inside: number;
  of: number;
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
    words: `On ${setting.dataset} ${inside} of ${judged.length} clean models score inside the 95 % range of their own clean classes, ${below} below it.`,
  };
}

/**
 * The rule: the share of clean models outside is nearer to 5 % than the effect of interest, by exact binomial intervals of independent seeds.
 * Models share their target class, so that the intervals are if anything too narrow.
 */
export function calibrationFinding(setting: Setting): Finding {
  const { inside, of, words } = calibrationOf(setting);
  const claim = 'The null holds: clean models score inside the range of their own clean classes';
  if (of === 0) return { claim, verdict: 'not run', evidence: 'No clean model with a null was run.', effects: [] };
  const outside = of - inside;
  const excess = (p: number) => p - CHANCE;
  const [wide, narrow] = [0.05, 0.1].map((alpha) => binomialInterval(outside, of, alpha));
  const interval: [number, number] = [excess(wide[0]), excess(wide[1])];
  const verdict = decide('close', interval, [excess(narrow[0]), excess(narrow[1])], [-INTEREST, INTEREST]);
  const effect = {
    what: 'Share of clean models outside the 95 % range, minus 5 %',
    unit: 'share' as const,
    effect: excess(outside / of),
    interval,
    n: of,
    repeats: 'seeds',
    seen: excess(visibleShare(of)),
    interest: INTEREST,
    runsNeeded: verdict === 'not resolved' ? modelsNeeded(of) : null,
    verdict,
  };
  return { claim, verdict, evidence: `${words} ${sentence(effect)}`, effects: [effect] };
}

/** Smallest share outside that n models tell from 5 % with 80 % power, two-sided at 5 %. */
function visibleShare(n: number): number {
  let fewest = 0;
  while (fewest <= n && binomialInterval(fewest, n, 0.05)[0] <= CHANCE) fewest++;
  return fewest > n ? 1 : shareAt(fewest - 1, n, 0.2);
}

/** Smallest number of models, above n, that show a share outside below the bound with 80 % power where the truth is 5 %; null above 1 000. */
function modelsNeeded(n: number): number | null {
  for (let m = n + 1; m <= 1000; m++) {
    let most = -1;
    while (binomialInterval(most + 1, m, 0.1)[1] < CHANCE + INTEREST) most++;
    if (most >= 0 && binomialCdf(most, m, CHANCE) >= 0.8) return m;
  }
  return null;
}
