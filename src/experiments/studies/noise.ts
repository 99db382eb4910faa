/** The noise γ inside the network, which makes I(X;T) finite: what follows it, and what does not. */
import { average } from '../../dynamics/index.js';
import type { Finding, StudyReport } from '../../report/index.js';
import { withInterval } from './findings.js';
import { grid } from './grid.js';
import { failedSection, footer } from './sections.js';
import { FIVE, type Study } from './types.js';
import {
  asrOf,
  cleanLevel,
  levelOf,
  orderFinding,
  scoreOf,
  type VariedSetting,
  varied,
  variedSection,
} from './vary.js';

export const noiseStudy: Study = {
  name: 'noise',
  summary: 'γ 0.1, 0.4, 0.6: information, score and the order of attacks',
  varies: 'noise',
  defaults: {
    attacks: FIVE,
    rates: [0.1],
    seeds: [0, 1, 2],
    noises: [0.1, 0.4, 0.6],
  },
  plan: (o) => o.noises.flatMap((noise) => grid(o, { noise })),
  report(outcome): StudyReport {
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
                label: 'I(X;T) of backdoor samples, nats',
                value: (r) => levelOf(r, 'I(X;T)', `${r.config.target}/backdoor`),
              },
              {
                name: 'ty',
                label: 'I(T;Ŷ) of backdoor samples, nats',
                value: (r) => levelOf(r, 'I(T;Ŷ)', `${r.config.target}/backdoor`),
              },
            ],
          ),
        ),
        ...failedSection(outcome),
      ],
      footer: footer(outcome),
    };
  },
};

const order = (s: VariedSetting) => orderFinding(s, 'The order of attacks by stealth does not depend on γ');

/** I(X;T) of the clean classes at the least γ against the greatest, by attack and seed. */
function lifted(setting: VariedSetting): Finding {
  const claim = 'Less noise lifts the information: I(X;T) is higher at the lowest γ than at the highest';
  const [low, high] = [setting.values[0], setting.values[setting.values.length - 1]];
  const differences = setting.attacks.flatMap(({ levels }) => {
    const at = (value: string | number) => levels.find((l) => l.value === value)?.runs ?? [];
    return at(low).flatMap((r) => {
      const twin = at(high).find((t) => t.config.seed === r.config.seed);
      return twin ? [cleanLevel(r, 'I(X;T)') - cleanLevel(twin, 'I(X;T)')] : [];
    });
  });
  if (low === high || differences.length === 0)
    return { claim, verdict: 'not resolved', evidence: 'There is only one value of γ.' };
  const d = average(differences);
  const verdict =
    d.n > 1 && d.interval[0] > 0 ? 'reproduced' : d.n > 1 && d.interval[1] < 0 ? 'contradicted' : 'not resolved';
  return { claim, verdict, evidence: `Clean classes, γ = ${low} minus γ = ${high}: ${withInterval(d)} nats.` };
}
