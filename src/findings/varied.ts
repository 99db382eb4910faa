/** Runs sorted by the value of the option that a study varies. */
import type { RunConfig } from '../config/options.js';
import { type Setting, settings } from './settings.js';
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
