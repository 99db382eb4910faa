/** Attacks × rates × data sets: how information flows under each, and whether what the paper found is found here. */

import { acceleration } from '../findings/acceleration.js';
import { findings } from '../findings/paper.js';
import { type Setting, settings } from '../findings/settings.js';
import { TAKEN, took } from '../findings/success.js';
import { withInterval } from '../findings/words.js';
import type { Block, Finding, StudyReport, StudySection } from '../report/index.js';
import { grid } from './grid.js';
import {
  failedSection,
  fileWord,
  footer,
  lookFigures,
  scoresBlock,
  separationFigures,
  settingWords,
  summaryTable,
  trajectoryBlocks,
} from './sections.js';
import type { Study } from './types.js';

/** The paper's five attacks, and none. */
const PAPER_ATTACKS = ['none', 'badnets', 'blend', 'wanet', 'label-consistent', 'adaptive-blend'];

export const attacksStudy: Study = {
  name: 'attacks',
  summary: 'attacks × rates × data sets: trajectories, success, look and stealth, and the paper’s findings judged',
  defaults: { attacks: PAPER_ATTACKS.map((attack) => ({ attack })), rates: [0.1], seeds: [0, 1, 2] },
  plan: (o) => grid(o),
  report(outcome): StudyReport {
    const all = settings(outcome.runs).map((setting) => ({ setting, found: findings(setting) }));
    return {
      title: 'What backdoors do to the flow of information',
      lede: lede(all),
      sections: [...all.map(section), ...failedSection(outcome)],
      footer: footer(outcome),
    };
  },
};

interface Judged {
  setting: Setting;
  found: Finding[];
}

function lede(all: readonly Judged[]): string {
  const words = all.map(({ setting, found }) => {
    const counts = { reproduced: 0, 'not resolved': 0, contradicted: 0 };
    for (const f of found) counts[f.verdict]++;
    return `On ${setting.dataset} ${counts.reproduced} of the paper’s findings are reproduced, ${counts['not resolved']} are not resolved at this scale, and ${counts.contradicted} are contradicted.`;
  });
  return `The paper’s findings, judged by rules that were fixed beforehand. ${words.join(' ')} An attack counts as having taken from an ASR of ${TAKEN} on; the others have no say.`;
}

function section({ setting, found }: Judged): StudySection {
  const name = fileWord(setting.dataset);
  const look = lookFigures(setting, name);
  return {
    id: name,
    title: setting.dataset,
    intro: settingWords(setting),
    blocks: [
      { kind: 'findings', findings: found },
      { kind: 'heading', text: 'Success, stealth and look' },
      summaryTable(setting.attacks),
      scoresBlock(setting, name),
      ...(look.length > 0 ? [{ kind: 'figures' as const, figures: look }] : []),
      ...trajectoryBlocks(setting, name),
      ...accelerationBlocks(setting),
      { kind: 'heading', text: 'Single samples, and where they lie in T' },
      { kind: 'figures', figures: separationFigures(setting, name) },
    ],
  };
}

function accelerationBlocks(setting: Setting): Block[] {
  const rows = setting.attacks.filter(took).map((a) => [
    a.label,
    ...(['I(X;T)', 'I(T;Ŷ)'] as const).flatMap((q) => {
      const found = acceleration(a, q);
      return found ? [withInterval(found.difference), withInterval(found.headStart)] : ['–', '–'];
    }),
  ]);
  const of = (q: string) => [`${q}: epochs to half`, `${q}: head start`];
  if (rows.length === 0) return [];
  return [
    { kind: 'heading', text: 'Early acceleration' },
    {
      kind: 'text',
      text: 'When the backdoor samples reach half of their own maximum, in epochs after the clean classes (negative: before them), and by how much the share of the maximum that they have at the first checkpoint exceeds that of the clean classes.',
    },
    { kind: 'table', head: ['attack', ...of('I(X;T)'), ...of('I(T;Ŷ)')], rows },
  ];
}
