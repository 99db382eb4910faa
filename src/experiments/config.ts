/**
 * The configuration of a run: one schema for the command line, `run.json` and the dashboard. Presets fill in what is left
 * open; past `resolveConfig` nothing is checked again.
 */
import { z } from 'zod';
import { attacks, findAttack, GIVEN, rules } from '../attacks/index.js';
import { nearest, UserError, unknownWord } from '../base/errors.js';
import { datasets, findDataset } from '../datasets/index.js';
import { deviceChoices, optimizers } from '../engine/index.js';
import { findModel, models } from '../models/index.js';
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

const common = {
  dataset: 'shapes10',
  attack: 'badnets',
  attackOption: [],
  poisonRate: 0.1,
  target: 0,
  model: 'resnet18',
  beta: 1,
  window: 1,
  score: 'ibscope',
  optimizer: 'sgd',
  momentum: 0.9,
  weightDecay: 5e-4,
  noise: 0.4,
  seed: 0,
} as const;

/** What a preset fills in. `paper` is the protocol of arXiv 2511.21923. */
export const presets = {
  quick: {
    ...common,
    width: 8,
    epochs: 8,
    batchSize: 64,
    lr: 0.05,
    schedule: 'cosine',
    probeSize: 500,
    draws: 2,
    nullSplits: 1,
    critic: 'quick',
    view: 'network',
  },
  paper: {
    ...common,
    width: 64,
    epochs: 120,
    batchSize: 256,
    lr: 0.1,
    schedule: 'plateau',
    probeSize: 5000,
    draws: 4,
    nullSplits: 1,
    critic: 'paper',
    view: 'pixels',
  },
} as const;

/** Sizes a preset uses of a data set that can be had in any size. */
const presetLimits = { quick: { trainLimit: 4000, testLimit: 1000, probeSize: 110 }, paper: {} } as const;

const PAPER_EPOCHS = [1, 5, 10, 20, 40, 60, 80, 100, 120];

/** Options whose flag is not their own name: `--view` opens the dashboard. */
const NAMED: Record<string, string> = { view: 'criticView' };

/** What an option is called where users name it, in camel case: `trainLimit`, `criticView`. */
export const nameOf = (key: string) => NAMED[key] ?? key;

/** `trainLimit` → `--train-limit`. */
export const flagOf = (key: string) => `--${nameOf(key).replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;

/** The part of `values`, by the names of flags, that belongs to a run's configuration; lists given as text are taken apart. */
export function requestOf(values: Record<string, unknown>): RunRequest {
  const request: Record<string, unknown> = {};
  for (const key of Object.keys(runOptions.shape))
    if (values[nameOf(key)] !== undefined) request[key] = values[nameOf(key)];
  if (typeof request.checkpoints === 'string')
    request.checkpoints = numbers('--checkpoints', request.checkpoints, 'epochs');
  if (typeof request.source === 'string') request.source = numbers('--source', request.source, 'class numbers');
  if (typeof request.layer === 'string') request.layer = request.layer.split(',').map((name) => name.trim());
  if (typeof request.attackOption === 'string') request.attackOption = [request.attackOption];
  return request as RunRequest;
}

function numbers(flag: string, text: string, what: string): number[] {
  return text.split(',').map((part) => {
    const n = Number(part);
    if (part.trim() === '' || !Number.isFinite(n))
      throw new UserError(`${flag} ${text}: ${what} are expected, such as 1,5`);
    return n;
  });
}

/** A sensible ladder: dense early, where most happens; the last epoch is always one. */
export function ladder(epochs: number): number[] {
  const steps = [1, 2, 4, 8, 12, 16, 20, 30, 40, 60, 80, 100];
  return [...steps.filter((e) => e < epochs), epochs];
}

/**
 * Fills in the preset and checks everything that can be checked without the data.
 * Throws `UserError` naming the option, what it got and what is allowed.
 */
export function resolveConfig(request: RunRequest): RunConfig {
  const given = Object.fromEntries(Object.entries(request).filter(([, v]) => v !== undefined));
  const presetName = runOptions.shape.preset.safeParse(given.preset ?? 'quick');
  if (!presetName.success) throw refusal('preset', given.preset, 'quick or paper');
  const preset = presetName.data;
  const limits = given.dataset === undefined || given.dataset === 'shapes10' ? presetLimits[preset] : {};
  // SGD's rates are far too high for AdamW.
  const rate = given.optimizer === 'adamw' ? { lr: 1e-3 } : {};
  const filled: Record<string, unknown> = { ...presets[preset], ...limits, ...rate, preset, ...given };
  for (const [key, value] of Object.entries(filled)) if (value === '') throw refusal(key, value, 'a value');
  const parsed = runOptions.safeParse(filled);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const key = String(issue.path[0]);
    throw refusal(key, filled[key], issue.message, issue.code === 'invalid_value' ? issue.values.map(String) : []);
  }
  const config = parsed.data;
  const source = findDataset(config.dataset);
  if (source.needsDir && !config.dataDir) throw new UserError(`--data-dir is needed for the data set "${source.name}"`);
  config.layer = layersOf(config);
  if (config.manifest !== undefined) {
    if (given.attack !== undefined && given.attack !== GIVEN)
      throw new UserError(`--attack ${config.attack}: with --manifest the data set is poisoned already`);
    config.attack = GIVEN;
  } else if (config.attack === GIVEN)
    throw new UserError(`--attack ${GIVEN}: --manifest has to say which samples are poisoned`);
  else findAttack(config.attack).labelling(attackOptions(config));
  config.checkpoints = checkpoints(config);
  return config;
}

/** The layers asked for, each once; by default the model's last. */
function layersOf({ model, layer }: RunConfig): string[] {
  const { layers } = findModel(model);
  if (!layer) return layers.slice(-1);
  if (layer.length === 0) throw new UserError(`--layer: name at least one of ${layers.join(', ')}`);
  for (const name of layer) if (!layers.includes(name)) throw unknownWord(`layer of ${model}`, name, layers);
  return [...new Set(layer)];
}

/** The attack's parameters, from `name=value` texts. */
export function attackOptions(config: Pick<RunConfig, 'attackOption'>): Record<string, string> {
  return Object.fromEntries(
    config.attackOption.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new UserError(`--attack-option ${text}: name=value is expected, such as alpha=0.2`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

function checkpoints({ checkpoints: list, epochs, preset }: RunConfig): number[] {
  if (!list)
    return preset === 'paper' ? [...new Set([...PAPER_EPOCHS.filter((e) => e < epochs), epochs])] : ladder(epochs);
  const say = (what: string) => new UserError(`--checkpoints ${list.join(',')}: ${what}`);
  if (list.length === 0 || list.some((e) => !Number.isInteger(e) || e < 1))
    throw say('whole numbers from 1 are expected, such as 1,5,10');
  if (list.some((e, i) => i > 0 && e <= list[i - 1])) throw say('they must rise');
  if (list[list.length - 1] > epochs) throw say(`the last epoch is ${epochs} (--epochs)`);
  return list[list.length - 1] === epochs ? list : [...list, epochs];
}

/** `--device gpu: one of cpu, webgpu, cuda, auto is allowed. Did you mean "webgpu"?` `words`: those allowed, if it is words. */
function refusal(key: string, got: unknown, allowed: string, words: readonly string[] = []): UserError {
  const text = typeof got === 'string' || typeof got === 'number' ? String(got) : JSON.stringify(got);
  const near = nearest(text, words);
  return new UserError(`${flagOf(key)} ${text}: ${allowed} is allowed${near ? `. Did you mean "${near}"?` : ''}`);
}
