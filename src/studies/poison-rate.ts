/** At which poison rate an attack succeeds, and how much stealth a higher rate costs. */

import { asrOf, scoreOf } from '../findings/levels.js';
import { falling } from '../findings/poison-rate.js';
import { varied } from '../findings/varied.js';
import type { StudyReport } from '../report/index.js';
import { grid } from './grid.js';
import { failedSection, footer } from './sections.js';
import type { Study } from './types.js';
import { variedSection } from './varied-section.js';

export const poisonRateStudy: Study = {
  name: 'poison-rate',
  summary: 'poison rates: success and stealth of each attack as its rate grows',
  defaults: {
    attacks: ['badnets', 'blend'].map((attack) => ({ attack })),
    rates: [0.04, 0.06, 0.1, 0.15, 0.2],
    seeds: [0, 1, 2],
  },
  plan: (o) => grid(o),
  report(outcome): StudyReport {
    const all = varied(outcome.runs, 'poisonRate');
    return {
      title: 'What the poison rate does',
      lede: all
        .map(
          (s) =>
            `On ${s.dataset}: ${falling(s)
              .map((f) => f.evidence)
              .join(' ')}`,
        )
        .join(' '),
      sections: [
        ...all.map((s) =>
          variedSection(s, 'poison rate', falling(s), [
            { name: 'S', label: 'stealth score S', value: scoreOf },
            { name: 'asr', label: 'attack success rate', value: asrOf },
            { name: 'accuracy', label: 'clean accuracy', value: (r) => r.result.accuracy },
          ]),
        ),
        ...failedSection(outcome),
      ],
      footer: footer(outcome),
    };
  },
};
