/** The report of the study `attacks`: the paper’s findings judged, with figures and tables. */

import { SUCCESS } from '../dynamics/types.js';
import { pairBlocks } from '../findings/pair-tables.js';
import { findings } from '../findings/paper.js';
import { settings } from '../findings/settings.js';
import { type Judged, sideBySide } from '../findings/side-by-side.js';
import type { StudyReport, StudySection, Verdict } from '../report/index.js';
import { readingBlocks } from './readings.js';
import {
  failedSection,
  fileWord,
  footer,
  perceptionFigures,
  scoresBlock,
  settingWords,
  summaryTable,
  trajectoryBlocks,
} from './sections.js';
import { separationFigures } from './separation.js';
import { accelerationBlocks, phaseBlocks } from './timing.js';
import type { StudyOutcome } from './types.js';

export function attacksReport(outcome: StudyOutcome): StudyReport {
  const all = settings(outcome.runs).map((setting) => ({ setting, found: findings(setting) }));
  return {
    title: 'What backdoors do to the flow of information',
    lede: lede(all),
    sections: [...together(all), ...all.map(section), ...failedSection(outcome)],
    footer: footer(outcome),
  };
}

/** Several settings in one table, before each of them by itself. */
const together = (all: readonly Judged[]): StudySection[] =>
  all.length < 2
    ? []
    : [
        {
          id: 'side-by-side',
          title: 'The findings side by side',
          intro:
            'The verdicts, and every effect that they rest on with the smallest that the runs could have seen (80 % power).',
          blocks: sideBySide(all),
        },
      ];

function lede(all: readonly Judged[]): string {
  const words = all.map(({ setting, found }) => {
    const count = (verdict: Verdict) => found.filter((f) => f.verdict === verdict).length;
    return `Of ${found.length} findings on ${setting.dataset}, ${count('reproduced')} are reproduced, ${count('not resolved')} not resolved at this scale, ${count('contradicted')} contradicted and ${count('not run')} not run.`;
  });
  return `The paper’s findings, judged by rules and smallest effects of interest that were fixed beforehand. ${words.join(' ')} An attack succeeds from an ASR of ${SUCCESS} on; the others are left out.`;
}

function section({ setting, found }: Judged): StudySection {
  const name = fileWord(setting.dataset);
  const perception = perceptionFigures(setting, name);
  const apart = separationFigures(setting, name);
  return {
    id: name,
    title: setting.dataset,
    intro: settingWords(setting),
    blocks: [
      { kind: 'findings', findings: found },
      { kind: 'heading', text: 'Success, and stealth inside the model and in input space' },
      summaryTable(setting.attacks),
      scoresBlock(setting, name),
      ...pairBlocks(setting.attacks),
      ...(perception.length > 0 ? [{ kind: 'figures' as const, figures: perception }] : []),
      ...readingBlocks(setting),
      ...trajectoryBlocks(setting, name),
      ...accelerationBlocks(setting),
      ...phaseBlocks(setting),
      // Rows of earlier versions do not say where single samples lie.
      ...(apart.length > 0
        ? [
            { kind: 'heading' as const, text: 'Single samples, and where they lie in T' },
            { kind: 'figures' as const, figures: apart },
          ]
        : []),
    ],
  };
}
