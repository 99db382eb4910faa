/** Attacks, data sets and models of the caller, registered by name for this process. */
import { type Attack, attacks, GIVEN } from '../attacks/index.js';
import { UserError } from '../base/errors.js';
import { noteRegistered } from '../base/plugins.js';
import { type DatasetSource, datasets } from '../datasets/index.js';
import { textDatasets } from '../datasets/texts/index.js';
import { type Forward, type Model, models } from '../models/index.js';
import { checkDataset } from './check.js';

/** Allowed names: they become names of folders, and parts of comma-separated lists. */
const NAME = /^[a-z0-9][a-z0-9._-]*$/i;

/** Throws `UserError` for an item with an invalid name, a name that exists already, or a missing function. */
function check<T extends { name: string }>(what: string, list: readonly T[], item: T, parts: readonly (keyof T)[]) {
  const name = item?.name;
  if (typeof name !== 'string' || !NAME.test(name))
    throw new UserError(`${what} ${JSON.stringify(name)}: a name of letters, digits, ".", "_" and "-" is expected`);
  const lacking = parts.find((part) => typeof item[part] !== 'function');
  if (lacking !== undefined) throw new UserError(`${what} "${name}": it has no function "${String(lacking)}"`);
  if (name === GIVEN || list.some((known) => known.name === name))
    throw new UserError(`${what} "${name}": this name exists already`);
}

/** The lists of attacks, data sets and models are read-only everywhere else. Names are looked up at use, so that new items are found. */
function add<T extends object>(list: readonly T[], item: T): void {
  (list as T[]).push(item);
  noteRegistered(item);
}

/**
 * Registers an attack, made by `attacks.defineAttack`, for `run`, `compare` and `attacks.findAttack`, and returns it. Throws `UserError`
 * for an invalid or existing name, and for an object that is not an attack.
 */
export function registerAttack(attack: Attack): Attack {
  check('attack', attacks, attack, ['labelling', 'adversary', 'trigger']);
  add(attacks, attack);
  return attack;
}

/**
 * Registers a data set for `run`, `compare` and `datasets.loadDataset`, and returns it. `datasets.fromArrays` makes one from arrays. The
 * images of any other source are checked at every load. Throws `UserError` for an invalid or existing name.
 */
export function registerDataset(source: DatasetSource): DatasetSource {
  check('data set', [...datasets, ...textDatasets], source, ['load']);
  add(datasets, {
    ...source,
    async load(request) {
      const dataset = await source.load(request);
      checkDataset(dataset);
      return dataset;
    },
  });
  return source;
}

/**
 * Registers a model for `run` and `compare`, and returns it. A model is written with `engine` expressions and `models.Layers`
 * (docs/engine.md); its shapes are checked when it is built. Throws `UserError` for an invalid or existing name, and for a model without
 * layers.
 */
export function registerModel(model: Model): Model {
  check('model', models, model, ['forward']);
  if (!Array.isArray(model.layers) || model.layers.length === 0)
    throw new UserError(`model "${model.name}": "layers" must be a list of the layers at which T can be read`);
  add(models, {
    ...model,
    forward(layers, x, options) {
      let out: Forward;
      try {
        out = model.forward(layers, x, options);
      } catch (error) {
        throw new UserError(`model "${model.name}": ${(error as Error).message}`, { cause: error });
      }
      checkForward(model, out, x.shape[2], options.classes);
      return out;
    },
  });
  return model;
}

function checkForward({ name, layers }: Model, out: Forward, n: number, classes: number): void {
  const say = (what: string) => new UserError(`model "${name}": ${what}`);
  if (String(out?.logits?.shape) !== String([n, classes]))
    throw say(`its logits are [${out?.logits?.shape}] for a batch of ${n} and ${classes} classes`);
  for (const layer of layers) {
    const read = out.layers?.[layer];
    if (!read) throw say(`its forward pass gives no layer "${layer}"`);
    for (const part of ['representation', 'representationMean'] as const)
      if (read[part]?.shape.length !== 2 || read[part].shape[0] !== n)
        throw say(`${part} of "${layer}" is [${read[part]?.shape}]; [${n}, columns] is expected`);
    if (!(read.representationNoise >= 0)) throw say(`representationNoise of "${layer}" is ${read.representationNoise}`);
  }
}
