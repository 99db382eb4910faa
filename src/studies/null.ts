/** Whether clean models score inside their own null, and whether the score tells a backdoor from wrong labels. */

import { calibrationFinding, calibrationOf } from '../findings/calibration.js';
import { controlFindings } from '../findings/control.js';
import { type Repeated, type Setting, settings } from '../findings/settings.js';
import { type Block, type Cell, decimal, type StudyReport, type StudySection } from '../report/index.js';
import { grid } from './grid.js';
import { failedSection, fileWord, footer, scoresBlock, settingWords, summaryTable } from './sections.js';
import type { Study } from './types.js';

/** Seeds of the attack and of its control: as many pairs as give an interval, beside twenty clean models. */
const CONTROLS = 5;
/** None in twenty outside the range shows that fewer than 15 % lie outside; otherwise the report says how many models it takes. */
const TWENTY = Array.from({ length: 20 }, (_, i) => i);

export const nullStudy: Study = {
  name: 'null',
  summary: 'clean models against their own null, and the same relabelling with and without a trigger',
  defaults: { attacks: [{ attack: 'badnets' }, { attack: 'relabel' }], rates: [0.1], seeds: TWENTY },
  /** Clean models at every seed; the attacks and their control at the first few. */
  plan: (o) => [
    ...grid({ ...o, attacks: [{ attack: 'none' }], data: o.data.map((d) => ({ ...d, attacks: undefined })) }),
    ...grid({
      ...o,
      attacks: o.attacks.filter((a) => a.attack !== 'none'),
      data: o.data.map((d) => ({ ...d, seeds: (d.seeds ?? o.seeds).slice(0, CONTROLS) })),
    }),
  ],
  report(outcome): StudyReport {
    const all = settings(outcome.runs);
    return {
      title: 'What a clean model scores',
      lede: all.map((s) => calibrationOf(s).words).join(' '),
      sections: [...all.map(section), ...failedSection(outcome)],
      footer: footer(outcome),
    };
  },
};

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
      ...(clean ? [seedTable(clean)] : []),
    ],
  };
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
