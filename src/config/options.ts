/** The schema of a run's configuration: one key per option, its type, its range and its line in `--help`. */
import { z } from 'zod';
import { attacks, rules } from '../attacks/index.js';
import { textAttacks } from '../attacks/texts/index.js';
import { datasets } from '../datasets/index.js';
import { textDatasets } from '../datasets/texts/index.js';
import { deviceChoices, optimizers } from '../engine/names.js';
import { models } from '../models/index.js';
import { augmentations } from '../training/augment.js';
import { schedules } from '../training/schedule.js';

const whole = (low: number, what: string) =>
  z.coerce.number({ error: what }).int(what).min(low, what).max(Number.MAX_SAFE_INTEGER, what);
const real = (test: (x: number) => boolean, what: string) => z.coerce.number({ error: what }).refine(test, what);

/** How information is measured. Runs without the option, version 0.1.0's among them, are measured by critics. */
export const instruments = ['critics', 'resolved'] as const;
/** One of `instruments`. */
export type Instrument = (typeof instruments)[number];

/**
 * Every option of a run. The key in kebab case is the flag, except where flags.ts names another. `--help` and the dashboard's form
 * show the description and append the defaults of presets.ts; a description states the default only where presets.ts
 * has none.
 */
export const runOptions = z.object({
  dataset: z.string().describe('name of the data set'),
  dataDir: z.string().optional().describe('folder with the files of the data set (default none: shapes10 is drawn)'),
  textColumn: z
    .string()
    .optional()
    .describe('column of the texts in a table of texts (default the one with a usual name, such as text)'),
  labelColumn: z
    .string()
    .optional()
    .describe('column of the labels in a table of texts (default the one with a usual name, such as label)'),
  tokenizer: z
    .string()
    .optional()
    .describe(
      'tokenizer.json of the Hugging Face kind, or its folder, for texts (default the 8000 most frequent words)',
    ),
  attack: z.string().describe('name of the attack'),
  attackOption: z
    .array(z.string())
    .describe('parameter of the attack, as name=value; may be repeated (default the attack’s own)'),
  manifest: z
    .string()
    .optional()
    .describe(
      'manifest of a data set that is already poisoned, or its BackdoorBench record; it names the poisoned samples (default none)',
    ),
  poisonRate: real((x) => x > 0 && x <= 1, 'more than 0 and at most 1').describe(
    'share of the training set that is poisoned',
  ),
  target: whole(0, 'a class number from 0').describe('target class, by its number'),
  rule: z
    .enum(rules, { error: `one of ${rules.join(', ')}` })
    .optional()
    .describe(`labelling rule: ${rules.join(', ')} (default the attack’s own)`),
  source: z
    .array(z.number())
    .optional()
    .describe('source classes by their numbers, such as 3,5; required by the rule source-specific (default none)'),
  model: z.string().describe('name of the model'),
  layer: z
    .array(z.string())
    .optional()
    .describe(
      'layers at which T is read, such as layer2,layer4; the headline score is that of the first (default the last layer)',
    ),
  width: whole(1, 'a whole number from 1').describe('channels of the first stage'),
  epochs: whole(1, 'a whole number from 1').describe('training epochs'),
  batchSize: whole(2, 'a whole number from 2').describe('images per training step'),
  lr: real((x) => x > 0 && Number.isFinite(x), 'more than 0').describe('initial learning rate; 0.001 with adamw'),
  schedule: z
    .enum(schedules, { error: `one of ${schedules.join(', ')}` })
    .describe(`learning-rate schedule: ${schedules.join(', ')}; the paper uses plateau`),
  warmup: whole(0, 'a whole number from 0')
    .optional()
    .describe('epochs over which the learning rate rises linearly from 0 (default 0)'),
  augmentation: z
    .enum(augmentations, { error: `one of ${augmentations.join(', ')}` })
    .optional()
    .describe(
      `augmentation of the training images, drawn anew in every epoch: ${augmentations.join(', ')} (default none)`,
    ),
  optimizer: z
    .enum(optimizers, { error: `one of ${optimizers.join(', ')}` })
    .describe(`optimizer: ${optimizers.join(', ')}; the paper uses sgd, transformers train better with adamw`),
  momentum: real((x) => x >= 0 && x < 1, 'from 0 to below 1').describe('momentum of SGD'),
  weightDecay: real((x) => x >= 0 && Number.isFinite(x), '0 or more').describe('weight decay'),
  conceal: real((x) => x >= 0 && Number.isFinite(x), '0 or more')
    .optional()
    .describe(
      'weight λ of a term in the loss by which an adversary who controls training hides poisoned samples among clean ones of their class (default 0: none)',
    ),
  noise: real((x) => x >= 0 && Number.isFinite(x), '0 or more').describe(
    'standard deviation γ of the Gaussian noise in the network',
  ),
  trainLimit: whole(1, 'a whole number from 1')
    .optional()
    .describe('number of training images, balanced over the classes (default all; shapes10: quick 4000, paper 5000)'),
  testLimit: whole(1, 'a whole number from 1')
    .optional()
    .describe('number of test images, balanced over the classes (default all; shapes10: 1000)'),
  checkpoints: z
    .array(z.union([z.number(), z.string()], { error: 'epochs such as 0.25, steps such as 20s, or log' }))
    .optional()
    .describe(
      'moments at which information is estimated: epochs such as 0.1,1,5, steps such as 20s, log for a logarithmic ladder inside the first epoch (default log,1,2,4,8, … and the last epoch)',
    ),
  probeSize: whole(10, 'a whole number from 10').describe('largest number of samples in a group; shapes10: quick 110'),
  minimumGroup: whole(30, 'a whole number from 30')
    .optional()
    .describe('fewest samples of a group that is compared; under 100 for resolved information alone (default 100)'),
  draws: whole(1, 'a whole number from 1').describe(
    'noise draws of each probed sample (default 8; with critics alone: quick 2, paper 4)',
  ),
  nullSplits: whole(0, 'a whole number from 0').describe(
    'random divisions of each clean class into two halves, for the null of the score; 0: no null (default 4; with critics alone 1)',
  ),
  control: z
    .enum(['none', 'paired'], { error: 'none or paired' })
    .optional()
    .describe(
      'paired: also probes the poisoned samples’ own images without their trigger, and test images of the target class; both are not trained on (default none)',
    ),
  instrument: z
    .array(z.enum(instruments, { error: `one of ${instruments.join(', ')}` }))
    .min(1, `one of ${instruments.join(', ')}`)
    .optional()
    .describe(
      'how I(X;T) and I(T;Ŷ) are measured: resolved (resolved information) or critics; the first of several is scored; without noise critics take the place of resolved',
    ),
  critic: z
    .enum(['quick', 'paper'], { error: 'quick or paper' })
    .describe('critic: quick (values on held-out samples) or paper (its critics, values of the training objective)'),
  view: z
    .enum(['network', 'pixels'], { error: 'network or pixels' })
    .describe('form of X that critics read: network (the network’s own noise-free features) or pixels'),
  beta: real((x) => x >= 0 && Number.isFinite(x), '0 or more').describe('weight of I(T;Ŷ) in the stealth score'),
  window: whole(1, 'a whole number from 1').describe(
    'window of the moving average over trajectories, in checkpoints; 1 smooths nothing',
  ),
  score: z
    .enum(['ibscope', 'authors-draft'], { error: 'ibscope or authors-draft' })
    .describe('stealth score in the headline: ibscope or authors-draft'),
  device: z
    .enum(deviceChoices, { error: `one of ${deviceChoices.join(', ')}` })
    .optional()
    .describe(
      `device that trains: ${deviceChoices.join(', ')}; auto takes the first of cuda, webgpu, cpu that works (default cpu)`,
    ),
  preset: z
    .enum(['quick', 'paper'], { error: 'quick or paper' })
    .describe('set of defaults: quick, or paper for the paper’s protocol (default quick)'),
  seed: z.coerce
    .number({ error: 'a whole number' })
    .int('a whole number')
    .min(0, 'a whole number from 0')
    .describe('seed of all random draws'),
});

/** The complete configuration of a run, as `resolveConfig` returns it and `run.json` stores it. */
export type RunConfig = z.infer<typeof runOptions>;
/** Any part of a configuration, as a user gives it. Values may be text. */
export type RunRequest = { [K in keyof RunConfig]?: unknown };

type Named = readonly { name: string }[];

/** Options whose words can be registered, for images and for texts: their lists are read at use, never when this file is loaded. */
const REGISTERED: Partial<Record<string, { images: Named; texts: Named }>> = {
  dataset: { images: datasets, texts: textDatasets },
  attack: { images: attacks, texts: textAttacks },
  model: { images: models, texts: [] },
};

/** The names that `dataset`, `attack` or `model` takes now; undefined for other options. */
export function namesOf(key: string): string[] | undefined {
  const registered = REGISTERED[key];
  return registered && [...new Set([...registered.images, ...registered.texts].map(({ name }) => name))];
}

/** The line of an option for readers, with the names that it takes now. */
export function descriptionOf(key: keyof RunConfig): string {
  const { description } = runOptions.shape[key];
  const registered = REGISTERED[key];
  if (!registered) return description!;
  const [images, texts] = [registered.images, registered.texts].map((all) => all.map(({ name }) => name).join(', '));
  return `${description}: ${images}${texts ? `; of texts ${texts}` : ''}`;
}

/** The instruments of a run, the scored one first. */
export const instrumentsOf = ({ instrument }: Pick<RunConfig, 'instrument'>): readonly Instrument[] =>
  instrument ?? ['critics'];
