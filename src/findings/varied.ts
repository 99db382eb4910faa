import type { RunConfig } from '../config/options.js';
import { mean, rankCorrelation } from '../dynamics/index.js';
import { decimal, type Finding } from '../report/index.js';
import { asrOf, scoreOf } from './levels.js';
import { type Setting, settings } from './settings.js';
import { TAKEN } from './success.js';
import type { StudyRun } from './types.js';

export type Varied = 'noise' | 'poisonRate' | 'model';

/** Runs of one attack at one value of what is varied. */
export interface Level {
  value: string | number;
  runs: StudyRun[];
}

export interface VariedAttack {
  label: string;
  levels: Level[];
}

/** A setting with its runs sorted by attack and by the value of the varied option. */
export interface VariedSetting {
  dataset: string;
  whole: Setting;
  attacks: VariedAttack[];
  values: (string | number)[];
}

/** `apart`: options that change with the varied one, such as a model's optimizer. */
export function varied(
  runs: readonly StudyRun[],
  key: Varied,
  apart: readonly (keyof RunConfig)[] = [],
): VariedSetting[] {
  return settings(runs, [key, ...apart]).map((setting) => {
    const values = [...new Set(setting.attacks.flatMap((a) => a.runs.map((r) => r.config[key])))] as (
      | string
      | number
    )[];
    if (values.every((v) => typeof v === 'number')) (values as number[]).sort((a, b) => a - b);
    const attacks = setting.attacks.map((a) => ({
      label: a.label,
      levels: values.flatMap((value) => {
        const own = a.runs.filter((r) => r.config[key] === value);
        return own.length > 0 ? [{ value, runs: own }] : [];
      }),
    }));
    return { dataset: setting.dataset, whole: setting, attacks, values };
  });
}

/** Does the order of the attacks by S hold from one value to the next? */
export function orderFinding(setting: VariedSetting, claim: string): Finding {
  // An attack that does not take at a value has no say there.
  const poisoned = setting.attacks.filter((a) => a.levels[0]?.runs[0].config.attack !== 'none');
  const scores = setting.values.map((value) =>
    poisoned.map((a) => {
      const level = a.levels.find((l) => l.value === value);
      return level && mean(level.runs.map(asrOf)) >= TAKEN ? mean(level.runs.map(scoreOf)) : Number.NaN;
    }),
  );
  const pairs = setting.values.flatMap((v, i) =>
    setting.values.slice(i + 1).map((w, j) => {
      const [a, b] = [scores[i], scores[i + 1 + j]];
      const both = a.flatMap((x, k) => (Number.isFinite(x) && Number.isFinite(b[k]) ? [k] : []));
      return {
        v,
        w,
        c: rankCorrelation(
          both.map((k) => a[k]),
          both.map((k) => b[k]),
        ),
      };
    }),
  );
  const least = pairs.filter((p) => Number.isFinite(p.c.tau)).sort((a, b) => a.c.tau - b.c.tau)[0];
  if (!least)
    return {
      claim,
      verdict: 'not resolved',
      evidence: `An order needs at least two attacks that take at two values; here are ${poisoned.length} attacks.`,
    };
  const verdict = least.c.interval[0] > 0 ? 'reproduced' : least.c.interval[1] < 0.5 ? 'contradicted' : 'not resolved';
  return {
    claim,
    verdict,
    evidence: `The least agreement is between ${least.v} and ${least.w}: τ = ${decimal(least.c.tau, 2)} over ${least.c.n} attacks (95 % ${decimal(least.c.interval[0], 2)} to ${decimal(least.c.interval[1], 2)}).`,
  };
}
