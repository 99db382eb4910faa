/** The report of the study `poison-rate`: success and stealth against the rate. */

import { asrOf, scoreOf } from '../findings/levels.js';
import { falling } from '../findings/poison-rate.js';
import { varied } from '../findings/varied.js';
import type { StudyReport } from '../report/index.js';
import { failedSection, footer } from './sections.js';
import type { StudyOutcome } from './types.js';
import { variedSection } from './varied-section.js';

export function poisonRateReport(outcome: StudyOutcome): StudyReport {
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
}
