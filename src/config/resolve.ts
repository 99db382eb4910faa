/**
 * The configuration of a run, resolved from what a user gives: the preset fills in what is not given, and every value is checked.
 * Code that receives a `RunConfig` checks nothing again.
 */

import { findAttack, GIVEN } from '../attacks/index.js';
import { findTextAttack } from '../attacks/texts/index.js';
import { nearest, UserError, unknownWord } from '../base/errors.js';
import { findSource, isTextDataset } from '../datasets/texts/index.js';
import { findModel, type Model, models } from '../models/index.js';
import { type MomentRequest, parseMoment } from '../training/moments.js';
import { flagOf } from './flags.js';
import { type RunConfig, type RunRequest, runOptions } from './options.js';
import { instrumentSizes, ladder, PAPER_EPOCHS, presetLimits, presets, textDefaults } from './presets.js';

/**
 * Fills in the preset and checks everything that can be checked without reading the data set.
 * Throws `UserError` that names the option, the value and what is allowed.
 */
export function resolveConfig(request: RunRequest): RunConfig {
  const given = Object.fromEntries(Object.entries(request).filter(([, v]) => v !== undefined));
  const presetName = runOptions.shape.preset.safeParse(given.preset ?? 'quick');
  if (!presetName.success) throw refusal('preset', given.preset, 'quick or paper');
  const preset = presetName.data;
  const limits = given.dataset === undefined || given.dataset === 'shapes10' ? presetLimits[preset] : {};
  const forTexts = typeof given.dataset === 'string' && isTextDataset(given.dataset) ? textDefaults : {};
  // The presets' rates are for SGD and far too high for AdamW; 0.001 is PyTorch's default for it.
  const rate = given.optimizer === 'adamw' ? { lr: 1e-3 } : {};
  // Without noise, or with one draw of it, resolved information is not defined: critics measure unless the user insists.
  const undefinedThere = Number(given.noise ?? 1) === 0 || Number(given.draws ?? 8) === 1;
  const instrument = given.instrument ?? (undefinedThere ? ['critics'] : presets[preset].instrument);
  const resolved = Array.isArray(instrument) && instrument.includes('resolved');
  const sizes = resolved ? instrumentSizes.resolved : instrumentSizes.critics[preset];
  const filled: Record<string, unknown> = {
    ...presets[preset],
    ...limits,
    ...forTexts,
    ...rate,
    ...sizes,
    preset,
    instrument,
    ...given,
  };
  for (const [key, value] of Object.entries(filled)) if (value === '') throw refusal(key, value, 'a value');
  const parsed = runOptions.safeParse(filled);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const key = String(issue.path[0]);
    throw refusal(key, filled[key], issue.message, issue.code === 'invalid_value' ? issue.values.map(String) : []);
  }
  const config = parsed.data;
  const source = findSource(config.dataset);
  const texts = isTextDataset(config.dataset);
  if (source.needsDir && !config.dataDir) throw new UserError(`--data-dir is needed for the data set "${source.name}"`);
  config.layer = layersOf(config);
  if (texts && config.manifest !== undefined)
    throw new UserError(`--manifest: ${source.name} holds texts; manifests are of images`);
  if (config.manifest !== undefined) {
    if (given.attack !== undefined && given.attack !== GIVEN)
      throw new UserError(`--attack ${config.attack}: with --manifest the data set is poisoned already`);
    config.attack = GIVEN;
    // The manifest says the target, and the run records it once the data are read.
    if (given.target === undefined) delete (config as Partial<RunConfig>).target;
  } else if (config.attack === GIVEN)
    throw new UserError(`--attack ${GIVEN}: --manifest has to say which samples are poisoned`);
  else (texts ? findTextAttack(config.attack) : findAttack(config.attack)).labelling(attackOptions(config));
  checkReads(config, texts);
  config.checkpoints = checkpoints(config);
  if (resolved && config.noise === 0)
    throw new UserError('--noise 0: --instrument resolved needs noise in the network, such as 0.4');
  if (resolved && config.draws < 2)
    throw new UserError(`--draws ${config.draws}: --instrument resolved needs at least 2, better 8`);
  return config;
}

/** Throws `UserError` for a model that reads images on texts or the reverse, and for options that only images have. */
function checkReads(config: RunConfig, texts: boolean): void {
  const { dataset, model, augmentation, view, textColumn, labelColumn, tokenizer } = config;
  const reads = (m: Model) => (m.reads === 'texts') === texts;
  if (!reads(findModel(model)))
    throw new UserError(
      `--model ${model}: it reads ${texts ? 'images' : 'texts'}, and ${dataset} has ${texts ? 'texts' : 'images'}; ${models
        .filter(reads)
        .map((m) => m.name)
        .join(', ')} ${texts ? 'reads them' : 'read them'}`,
    );
  if (!texts) {
    for (const [flag, column] of [
      ['--text-column', textColumn],
      ['--label-column', labelColumn],
      ['--tokenizer', tokenizer],
    ])
      if (column !== undefined) throw new UserError(`${flag} ${column}: ${dataset} has images; it is for texts`);
    return;
  }
  if ((augmentation ?? 'none') !== 'none')
    throw new UserError(`--augmentation ${augmentation}: ${dataset} has texts; none is allowed`);
  if (view !== 'network') throw new UserError(`--view ${view}: ${dataset} has texts; network is allowed`);
}

/** The layers of a configuration without repetitions; by default the model's last. */
function layersOf({ model, layer }: RunConfig): string[] {
  const { layers } = findModel(model);
  if (!layer) return layers.slice(-1);
  if (layer.length === 0) throw new UserError(`--layer: name at least one of ${layers.join(', ')}`);
  for (const name of layer) if (!layers.includes(name)) throw unknownWord(`layer of ${model}`, name, layers);
  return [...new Set(layer)];
}

/** The attack's parameters by name. Throws `UserError` for a text that is not `name=value`. */
export function attackOptions(config: Pick<RunConfig, 'attackOption'>): Record<string, string> {
  return Object.fromEntries(
    config.attackOption.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new UserError(`--attack-option ${text}: name=value is expected, such as alpha=0.2`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/**
 * The checkpoints asked for, or the preset's; the last epoch is always one. Moments in steps are checked where the steps of an epoch
 * are known (`momentsOf`).
 */
function checkpoints({ checkpoints: list, epochs, preset }: RunConfig): MomentRequest[] {
  if (!list)
    return preset === 'paper' ? [...new Set([...PAPER_EPOCHS.filter((e) => e < epochs), epochs])] : ladder(epochs);
  const say = (what: string) => new UserError(`--checkpoints ${list.join(',')}: ${what}`);
  if (list.length === 0 || list.some((moment) => parseMoment(String(moment)) === null))
    throw say('epochs above 0, steps from 1, or log are expected, such as 0.1,0.25,1,5, or 20s, or log,1,5');
  const inEpochs = list.filter((moment) => typeof moment === 'number');
  if (inEpochs.some((e, i) => i > 0 && e <= inEpochs[i - 1])) throw say('ascending epochs are expected');
  if (inEpochs.some((e) => e > epochs)) throw say(`the last epoch is ${epochs} (--epochs)`);
  return inEpochs.at(-1) === epochs ? list : [...list, epochs];
}

/** `--device gpu: one of cpu, webgpu, cuda, auto is allowed. Did you mean "webgpu"?` `words`: the allowed words, if there is a list. */
function refusal(key: string, got: unknown, allowed: string, words: readonly string[] = []): UserError {
  const text = typeof got === 'string' || typeof got === 'number' ? String(got) : JSON.stringify(got);
  const near = nearest(text, words);
  return new UserError(`${flagOf(key)} ${text}: ${allowed} is allowed${near ? `. Did you mean "${near}"?` : ''}`);
}
