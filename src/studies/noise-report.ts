/** The report of the study `noise`: levels, scores and orders against γ. */

import { partOf } from '../dynamics/group-id.js';
import { asrOf, levelOf, scoreOf } from '../findings/levels.js';
import { lifted } from '../findings/noise.js';
import { orderFinding } from '../findings/order.js';
import { type VariedSetting, varied } from '../findings/varied.js';
import type { StudyReport } from '../report/index.js';
import { failedSection, footer } from './sections.js';
import type { StudyOutcome } from './types.js';
import { variedSection } from './varied-section.js';

export function noiseReport(outcome: StudyOutcome): StudyReport {
  const all = varied(outcome.runs, 'noise');
  return {
    title: 'What the noise inside the network does',
    lede: `The paper reports that γ = 0.1 lifts all values and keeps their order. ${all.map((s) => `On ${s.dataset}: ${lifted(s).verdict} for the values, ${order(s).verdict} for the order.`).join(' ')}`,
    sections: [
      ...all.map((s) =>
        variedSection(
          s,
          'γ',
          [lifted(s), order(s)],
          [
            { name: 'S', label: 'stealth score S', value: scoreOf },
            { name: 'asr', label: 'attack success rate', value: asrOf },
            {
              name: 'xt',
              label: 'I(X;T) of poisoned samples, nats',
              value: (r) => levelOf(r, 'I(X;T)', partOf(r.config.target, 'backdoor')),
            },
            {
              name: 'ty',
              label: 'I(T;Ŷ) of poisoned samples, nats',
              value: (r) => levelOf(r, 'I(T;Ŷ)', partOf(r.config.target, 'backdoor')),
            },
          ],
        ),
      ),
      ...failedSection(outcome),
    ],
    footer: footer(outcome),
  };
}

const order = (s: VariedSetting) => orderFinding(s, 'The order of attacks by stealth does not depend on γ');
