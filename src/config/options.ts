import { z } from 'zod';
import { attacks, rules } from '../attacks/index.js';
import { datasets } from '../datasets/index.js';
import { deviceChoices, optimizers } from '../engine/index.js';
import { models } from '../models/index.js';
import { augmentations } from '../training/augment.js';
import { schedules } from '../training/schedule.js';

const whole = (low: number, what: string) =>
  z.coerce.number({ error: what }).int(what).min(low, what).max(Number.MAX_SAFE_INTEGER, what);
const real = (test: (x: number) => boolean, what: string) => z.coerce.number({ error: what }).refine(test, what);

/** Every option of a run. Key → flag `--kebab-case`. The description is shown by `--help`. */
export const runOptions = z.object({
  dataset: z.string().describe(`data set: ${datasets.map((d) => d.name).join(', ')}`),
  dataDir: z.string().optional().describe('folder the data set is read from'),
  attack: z.string().describe(`attack: ${attacks.map((a) => a.name).join(', ')}`),
  attackOption: z.array(z.string()).describe('name=value, a parameter of the attack; may be repeated'),
  manifest: z
    .string()
    .optional()
    .describe(
      'the data set is poisoned already: the file that says which of its samples are, or a BackdoorBench record',
    ),
  poisonRate: real((x) => x > 0 && x <= 1, 'more than 0 and at most 1').describe(
    'share of the training set that is poisoned',
  ),
  target: whole(0, 'a class number from 0').describe('target class number'),
  rule: z
    .enum(rules, { error: `one of ${rules.join(', ')}` })
    .optional()
    .describe(`labelling rule in place of the attack’s own: ${rules.join(', ')}`),
  source: z.array(z.number()).optional().describe('source classes of the rule source-specific, such as 3,5'),
  model: z.string().describe(`model: ${models.map((m) => m.name).join(', ')}`),
  layer: z
    .array(z.string())
    .optional()
    .describe(
      'layers from which T is read, such as layer2,layer4; the first one is scored in the headline (default the last)',
    ),
  width: whole(1, 'a whole number from 1').describe('channels of the first stage'),
  epochs: whole(1, 'a whole number from 1').describe('training epochs'),
  batchSize: whole(2, 'a whole number from 2').describe('images per step'),
  lr: real((x) => x > 0 && Number.isFinite(x), 'more than 0').describe('learning rate'),
  schedule: z
    .enum(schedules, { error: `one of ${schedules.join(', ')}` })
    .describe(`learning-rate schedule: ${schedules.join(', ')}; plateau is the protocol’s`),
  warmup: whole(0, 'a whole number from 0').optional().describe('epochs over which the learning rate first rises'),
  augmentation: z
    .enum(augmentations, { error: `one of ${augmentations.join(', ')}` })
    .optional()
    .describe(`what is done to training images anew in every epoch: ${augmentations.join(', ')} (default none)`),
  optimizer: z
    .enum(optimizers, { error: `one of ${optimizers.join(', ')}` })
    .describe(`optimizer: ${optimizers.join(', ')}; sgd is the protocol’s, adamw what transformers want`),
  momentum: real((x) => x >= 0 && x < 1, 'from 0 to below 1').describe('momentum of SGD'),
  weightDecay: real((x) => x >= 0 && Number.isFinite(x), '0 or more').describe('weight decay of SGD'),
  noise: real((x) => x >= 0 && Number.isFinite(x), '0 or more').describe(
    'γ, standard deviation of the noise in the network',
  ),
  trainLimit: whole(1, 'a whole number from 1').optional().describe('use this many training images, class-balanced'),
  testLimit: whole(1, 'a whole number from 1').optional().describe('use this many test images, class-balanced'),
  checkpoints: z.array(z.number()).optional().describe('epochs at which information is estimated, such as 1,5,10'),
  probeSize: whole(10, 'a whole number from 10').describe('largest size of a group that is probed'),
  draws: whole(1, 'a whole number from 1').describe('noise draws per probed sample'),
  nullSplits: whole(0, 'a whole number from 0').describe('pairs of halves per clean class for the null of the score'),
  critic: z
    .enum(['quick', 'paper'], { error: 'quick or paper' })
    .describe('how information is estimated: quick, held out; or paper, its critics and training objective'),
  view: z
    .enum(['network', 'pixels'], { error: 'network or pixels' })
    .describe('what critics read of X: network, its own noise-free features of it; or pixels'),
  beta: real((x) => x >= 0 && Number.isFinite(x), '0 or more').describe('weight of I(T;Ŷ) in the stealth score'),
  window: whole(1, 'a whole number from 1').describe('smoothing window of the trajectories, in checkpoints'),
  score: z
    .enum(['ibscope', 'authors-draft'], { error: 'ibscope or authors-draft' })
    .describe('stealth score in the headline: ibscope or authors-draft'),
  device: z
    .enum(deviceChoices, { error: `one of ${deviceChoices.join(', ')}` })
    .optional()
    .describe(
      `what trains: ${deviceChoices.join(', ')}; auto is the first of cuda, webgpu, cpu that works (default cpu)`,
    ),
  preset: z.enum(['quick', 'paper'], { error: 'quick or paper' }).describe('defaults: quick, or the paper’s protocol'),
  seed: z.coerce
    .number({ error: 'a whole number' })
    .int('a whole number')
    .min(0, 'a whole number from 0')
    .describe('seed of everything random'),
});

/** The whole configuration of a run, as `resolveConfig` gives it and `run.json` keeps it. */
export type RunConfig = z.infer<typeof runOptions>;
/** What a user gives: any part of it, values as text or as themselves. */
export type RunRequest = { [K in keyof RunConfig]?: unknown };
