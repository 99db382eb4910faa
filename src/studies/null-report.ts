/** The report of the study `null`: whether clean models lie inside their own null, and whether p is uniform. */

import { calibration, everyClassAsTarget, median } from '../dynamics/index.js';
import { calibrationFinding, calibrationOf } from '../findings/calibration.js';
import { controlFindings } from '../findings/control.js';
import { type Repeated, type Setting, settings } from '../findings/settings.js';
import { chanceText } from '../report/headline.js';
import { type Block, type Cell, decimal, type StudyReport, type StudySection } from '../report/index.js';
import { failedSection, fileWord, footer, scoresBlock, settingWords, summaryTable } from './sections.js';
import type { StudyOutcome } from './types.js';

export function nullReport(outcome: StudyOutcome): StudyReport {
  const all = settings(outcome.runs);
  return {
    title: 'What a clean model scores',
    lede: all.map((s) => calibrationOf(s).words).join(' '),
    sections: [...all.map(section), ...failedSection(outcome)],
    footer: footer(outcome),
  };
}

function section(setting: Setting): StudySection {
  const name = fileWord(setting.dataset);
  const clean = setting.attacks.find((a) => a.config.attack === 'none');
  return {
    id: name,
    title: setting.dataset,
    intro: settingWords(setting),
    blocks: [
      { kind: 'findings', findings: [calibrationFinding(setting), ...controlFindings(setting)] },
      summaryTable(setting.attacks),
      scoresBlock(setting, name),
      ...(clean ? [seedTable(clean), ...everyClass(clean)] : []),
    ],
  };
}

/** p of every class in the role of the target, in every clean run; nothing where there are no such p. */
function everyClass({ runs, config: { target } }: Repeated): Block[] {
  const found = runs.map(({ config, report }) => {
    const estimator = report.basis === 'resolved' ? 'resolved' : undefined;
    const { beta, window } = config;
    return everyClassAsTarget(report.information, { target, beta, window, estimator });
  });
  const whole = found.flatMap((run) => (run.every((c) => c.p !== null) ? [run.map((c) => c.p as number)] : []));
  if (whole.length === 0) return [];
  const c = calibration(whole);
  const counts = c.below.map(({ level, count }) => `${count} at most ${level} (${decimal(level * c.n, 1)} expected)`);
  const worst = `no class has more than ${c.worstClass.count} of its ${whole.length} p at most 0.05`;
  const rows = found[0].map(({ class: k }, place): Cell[] => {
    const own = whole.map((run) => run[place]);
    return [k, own.filter((p) => p <= 0.05).length, chanceText(Math.min(...own)), decimal(median(own), 2)];
  });
  return [
    { kind: 'heading', text: 'Every class as target' },
    {
      kind: 'text',
      text: `Nothing is poisoned, so two random halves of any class may stand for poisoned and clean samples, and p should be uniform. Of ${c.n} p, ${counts.join(', ')}; ${worst}. Kolmogorov–Smirnov statistic ${decimal(c.statistic, 3)}, p = ${decimal(c.p, 3)} by resampling whole runs and whole classes.`,
    },
    { kind: 'table', head: ['class', 'p ≤ 0.05', 'smallest p', 'median p'], rows },
  ];
}

function seedTable(clean: Repeated): Block {
  const rows = clean.runs.map(({ config, report, result }): Cell[] => {
    const s = report.stealth;
    const inside = s?.score != null && s.null && s.score >= s.null.low && s.score <= s.null.high;
    return [
      config.seed,
      decimal(result.accuracy),
      decimal(s?.score),
      s?.null ? `${decimal(s.null.low, 2)} to ${decimal(s.null.high, 2)}` : '–',
      decimal(s?.p, 2),
      inside ? 'inside' : 'outside',
    ];
  });
  return { kind: 'table', head: ['seed', 'accuracy', 'S', 'clean classes', 'p', 'S lies'], rows };
}
