/** The form of a new run, from the same schema as the command line. */

import { flagOf, nameOf } from '../config/flags.js';
import { descriptionOf, namesOf, type RunConfig, runOptions } from '../config/options.js';
import { presets } from '../config/presets.js';

export interface FormField {
  /** The option by the name of its flag. */
  key: string;
  flag: string;
  description: string;
  /** Words to choose from; absent: free text. */
  choices?: string[];
  /** The default of each preset, as text. */
  defaults: { quick: string; paper: string };
  /** Shown at once; the others are behind "More options". */
  first: boolean;
}

/** Options that a first run chooses: data, attack, size and length of the training. */
const FIRST = [
  'dataset',
  'dataDir',
  'attack',
  'poisonRate',
  'target',
  'model',
  'width',
  'epochs',
  'trainLimit',
  'noise',
  'seed',
  'preset',
];

/** One field per option of a run. */
export function formFields(): FormField[] {
  return Object.entries(runOptions.shape).map(([key, schema]) => {
    const inner = 'unwrap' in schema && typeof schema.unwrap === 'function' ? schema.unwrap() : schema;
    const options = (inner as { options?: readonly string[] }).options;
    const of = (preset: 'quick' | 'paper') => {
      const value = (presets[preset] as Record<string, unknown>)[key];
      return value === undefined || (Array.isArray(value) && value.length === 0) ? '' : String(value);
    };
    return {
      key: nameOf(key),
      flag: flagOf(key),
      description: descriptionOf(key as keyof RunConfig),
      choices: namesOf(key) ?? (options ? [...options] : undefined),
      defaults: { quick: of('quick'), paper: of('paper') },
      first: FIRST.includes(key),
    };
  });
}
