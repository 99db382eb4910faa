/** Attacks × rates × data sets: how information flows under each, and whether what the paper found is found here. */

import { SUCCESS } from '../dynamics/types.js';
import { acceleration } from '../findings/acceleration.js';
import { findings, notJudged } from '../findings/paper.js';
import { type Setting, settings } from '../findings/settings.js';
import { succeeds } from '../findings/success.js';
import { withInterval } from '../findings/words.js';
import type { Block, Finding, StudyReport, StudySection } from '../report/index.js';
import { grid } from './grid.js';
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
import type { Study } from './types.js';

/** The paper's five attacks, and none. */
const PAPER_ATTACKS = ['none', 'badnets', 'blend', 'wanet', 'label-consistent', 'adaptive-blend'];

export const attacksStudy: Study = {
  name: 'attacks',
  summary: 'attacks × rates × data sets: trajectories, success and stealth, and the paper’s findings judged',
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
  return `The paper’s findings, judged by rules that were fixed beforehand. ${words.join(' ')} An attack succeeds from an ASR of ${SUCCESS} on; the others are left out.`;
}

function section({ setting, found }: Judged): StudySection {
  const name = fileWord(setting.dataset);
  const perception = perceptionFigures(setting, name);
  return {
    id: name,
    title: setting.dataset,
    intro: settingWords(setting),
    blocks: [
      { kind: 'findings', findings: found },
      ...notJudgedBlock(setting),
      { kind: 'heading', text: 'Success, and stealth inside the model and in input space' },
      summaryTable(setting.attacks),
      scoresBlock(setting, name),
      ...(perception.length > 0 ? [{ kind: 'figures' as const, figures: perception }] : []),
      ...trajectoryBlocks(setting, name),
      ...accelerationBlocks(setting),
      { kind: 'heading', text: 'Single samples, and where they lie in T' },
      { kind: 'figures', figures: separationFigures(setting, name) },
    ],
  };
}

/** Names the findings that are not judged, because what they are about was not run. */
function notJudgedBlock(setting: Setting): Block[] {
  const open = notJudged(setting);
  if (open.length === 0) return [];
  const words = open.map(({ claim, missing }) => `${claim} (${missing} was not run)`);
  return [{ kind: 'text', text: `Not judged: ${words.join('; ')}.` }];
}

function accelerationBlocks(setting: Setting): Block[] {
  const rows = setting.attacks.filter(succeeds).map((a) => [
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
      text: 'Epochs to half: when the poisoned samples reach half of their own maximum, in epochs after the clean classes (negative: before them). Head start: the share of their maximum that they have at the first checkpoint, minus that of the clean classes.',
    },
    { kind: 'table', head: ['attack', ...of('I(X;T)'), ...of('I(T;Ŷ)')], rows },
  ];
}
