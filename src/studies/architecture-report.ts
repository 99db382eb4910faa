/** The report of the study `architecture`: the order of attacks from model to model. */

import { partOf } from '../dynamics/group-id.js';
import { asrOf, cleanLevel, levelOf, scoreOf } from '../findings/levels.js';
import { orderFinding } from '../findings/order.js';
import { type VariedSetting, varied } from '../findings/varied.js';
import type { StudyReport, StudySection } from '../report/index.js';
import { failedSection, footer } from './sections.js';
import type { StudyOutcome } from './types.js';
import { variedSection } from './varied-section.js';

export function architectureReport(outcome: StudyOutcome): StudyReport {
  const apart = ['optimizer', 'lr', 'warmup', 'noise', 'epochs', 'trainLimit', 'layer', 'checkpoints'] as const;
  const all = varied(outcome.runs, 'model', apart);
  return {
    title: 'Other architectures',
    lede: all.map((s) => `On ${s.dataset}: ${order(s).evidence}`).join(' '),
    sections: [
      ...all.map((s) =>
        variedSection(
          s,
          'model',
          [order(s)],
          [
            { name: 'S', label: 'stealth score S', value: scoreOf },
            { name: 'asr', label: 'attack success rate', value: asrOf },
            {
              name: 'xt',
              label: 'I(X;T) of poisoned samples over that of clean classes',
              value: (r) => levelOf(r, 'I(X;T)', partOf(r.config.target, 'backdoor')) / cleanLevel(r, 'I(X;T)'),
            },
          ],
        ),
      ),
      ...(outcome.runs.some((r) => r.config.model === 'vit') ? [needs] : []),
      ...failedSection(outcome),
    ],
    footer: footer(outcome),
  };
}

const needs: StudySection = {
  id: 'needs',
  title: 'What differs besides the model',
  blocks: [
    {
      kind: 'text',
      text: 'The vision transformer is trained by AdamW at learning rate 0.001 with two epochs of warm-up, for 20 epochs on 10 000 images, with γ = 0.1: with the other models’ settings it does not learn. Levels of information are not compared between models for that reason; orders of attacks are.',
    },
  ],
};

const order = (s: VariedSetting) =>
  orderFinding(s, 'Attacks keep their order by stealth from one architecture to the next');
