/** The form of a new run, from the same schema as the command line. */

import { attacks } from '../attacks/index.js';
import { type Parameter, parametersOf } from '../attacks/parameters.js';
import { textAttacks } from '../attacks/texts/index.js';
import { loadedPlugins } from '../base/plugins.js';
import { flagOf, nameOf } from '../config/flags.js';
import { namesOf, runOptions } from '../config/options.js';
import { presetLimits, presets } from '../config/presets.js';
import { datasets } from '../datasets/index.js';
import { textDatasets } from '../datasets/texts/index.js';

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

/** What the form is made of. */
export interface Form {
  fields: FormField[];
  /** The parameters of each attack, by its name. */
  parameters: Record<string, Parameter[]>;
  /** Data sets that need `--data-dir`. */
  needsDir: string[];
  /** Paths of the plugins that the server has loaded. */
  plugins: string[];
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
  'testLimit',
  'noise',
  'seed',
  'preset',
];

/** One field per option of a run, and what the chosen attack and data set need. */
export function form(): Form {
  return {
    fields: formFields(),
    parameters: Object.fromEntries([...textAttacks, ...attacks].map((a) => [a.name, parametersOf(a)])),
    needsDir: [...datasets, ...textDatasets].filter((d) => d.needsDir).map((d) => d.name),
    plugins: loadedPlugins().files.map(({ given }) => given),
  };
}

/** Limits that a preset has for shapes10 alone; other data sets are read whole. */
const { trainLimit, testLimit } = presetLimits.quick;
const limits = {
  quick: {
    trainLimit: `${trainLimit} of shapes10, all of others`,
    testLimit: `${testLimit} of shapes10, all of others`,
  },
  paper: {},
};

function formFields(): FormField[] {
  // The parameters of an attack have fields of their own.
  const options = Object.entries(runOptions.shape).filter(([key]) => key !== 'attackOption');
  return options.map(([key, schema]) => {
    const inner = 'unwrap' in schema && typeof schema.unwrap === 'function' ? schema.unwrap() : schema;
    const words = (inner as { options?: readonly string[] }).options;
    const of = (preset: 'quick' | 'paper') => {
      const value = ({ ...presets[preset], ...limits[preset] } as Record<string, unknown>)[key];
      return value === undefined || (Array.isArray(value) && value.length === 0) ? '' : String(value);
    };
    return {
      key: nameOf(key),
      flag: flagOf(key),
      // Without the names, which a list shows.
      description: schema.description ?? '',
      choices: namesOf(key) ?? (words ? [...words] : undefined),
      defaults: { quick: of('quick'), paper: of('paper') },
      first: FIRST.includes(key),
    };
  });
}
