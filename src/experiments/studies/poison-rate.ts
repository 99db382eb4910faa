/** The poison rate: from where on an attack takes, and what it costs in stealth. */
import { mean, rankCorrelation } from '../../dynamics/index.js';
import { decimal, type Finding, type StudyReport } from '../../report/index.js';
import { grid } from './grid.js';
import { failedSection, footer } from './sections.js';
import type { Study } from './types.js';
import { asrOf, scoreOf, type VariedSetting, varied, variedSection } from './vary.js';

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
            { name: 'accuracy', label: 'test accuracy', value: (r) => r.result.accuracy },
          ]),
        ),
        ...failedSection(outcome),
      ],
      footer: footer(outcome),
    };
  },
};

/** Does S fall as the rate grows? By attack, over all its runs. */
function falling(setting: VariedSetting): Finding[] {
  return setting.attacks
    .filter((a) => a.levels[0]?.runs[0].config.attack !== 'none')
    .map(({ label, levels }) => {
      const runs = levels.flatMap((l) => l.runs).filter((r) => Number.isFinite(scoreOf(r)));
      const c = rankCorrelation(
        runs.map((r) => r.config.poisonRate),
        runs.map(scoreOf),
      );
      const verdict = c.interval[1] < 0 ? 'reproduced' : c.interval[0] > 0 ? 'contradicted' : 'not resolved';
      const ends = [levels[0], levels[levels.length - 1]].map((l) => decimal(mean(l.runs.map(scoreOf)), 2));
      return {
        claim: `${label} is less stealthy the more of the set it poisons`,
        verdict,
        evidence: `${label}: S ${ends[0]} at ${levels[0].value} and ${ends[1]} at ${levels[levels.length - 1].value}; τ of S with the rate ${decimal(c.tau, 2)} (95 % ${decimal(c.interval[0], 2)} to ${decimal(c.interval[1], 2)}, ${c.n} runs).`,
      };
    });
}
