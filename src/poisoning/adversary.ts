/**
 * Adversarial images for attacks that need them (`label-consistent`): the attacker trains a clean surrogate model, and PGD raises its
 * loss on the images that will be poisoned. Model and images are cached, so that `poison`, `run` and `compare` compute them once.
 */

import {
  type AdversarialImages,
  type Adversary,
  type Attack,
  type AttackSettings,
  floats,
  victims,
} from '../attacks/index.js';
import { pluginOf } from '../base/plugins.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { dataHash } from '../datasets/hash.js';
import type { Dataset } from '../datasets/index.js';
import { asTensors, tensor } from '../formats/safetensors.js';
import { findModel, type Weights } from '../models/index.js';
import { pgd } from '../training/pgd.js';
import { Trainer } from '../training/trainer.js';
import { cached } from './cache.js';

/** Images in one PGD batch. */
const BATCH = 64;

/** The adversarial version of every image that the attack changes, by sample number; undefined for an attack that needs none. */
export async function adversarialImages(
  dataset: Dataset,
  attack: Attack,
  settings: AttackSettings,
  hooks: RunHooks = {},
): Promise<AdversarialImages | undefined> {
  const adversary = attack.adversary(settings.options);
  if (!adversary) return undefined;
  const model = modelKey(adversary);
  const { train } = dataset;
  const { poisoned, cover } = victims(train, attack, settings);
  const rows = [...poisoned, ...cover].sort((a, b) => a - b);
  const data = dataHash(train);
  const { seed } = settings;
  const { images } = await cached(
    'adversarial',
    { data, seed, adversary, rows, ...model },
    async () => ({ images: await raiseLoss(dataset, rows, adversary, seed, hooks) }),
    hooks,
  );
  const size = train.height * train.width * train.channels;
  const values = images.data as Float32Array;
  return new Map(rows.map((i, r) => [i, values.slice(r * size, (r + 1) * size)]));
}

/** What the name of a surrogate model leaves open: the content of the plugin that registered it. Throws `UserError` for an unknown model. */
function modelKey({ surrogate }: Adversary): { plugin?: string } {
  const plugin = pluginOf(findModel(surrogate.model));
  return plugin ? { plugin: plugin.sha256 } : {};
}

/** PGD against the surrogate model on the given rows: [rows, h, w, c] float32 in [0, 1]. Trains the surrogate if it is not cached. */
async function raiseLoss(
  dataset: Dataset,
  rows: readonly number[],
  adversary: Adversary,
  seed: number,
  hooks: RunHooks,
) {
  const { train } = dataset;
  const data = dataHash(train);
  const { trainer, train: learn } = surrogate(dataset, adversary, seed, hooks);
  try {
    const weights = await cached(
      'models',
      { data, seed, surrogate: adversary.surrogate, ...modelKey(adversary) },
      learn,
      hooks,
    );
    trainer.load(weights as Record<string, Weights>);
    const size = train.height * train.width * train.channels;
    const all = new Float32Array(rows.length * size);
    for (let from = 0; from < rows.length; from += BATCH) {
      const some = rows.slice(from, from + BATCH);
      const images = new Float32Array(some.length * size);
      some.forEach((i, r) => {
        images.set(floats(train, i), r * size);
      });
      const labels = Int32Array.from(some, (i) => train.labels[i]);
      const climbed = await pgd(
        images,
        labels,
        async (x, y) => (await trainer.imageGradient(x, y)).gradient,
        adversary,
        (step) => {
          const [done, total] = [from * adversary.steps + some.length * step, rows.length * adversary.steps];
          hooks.progress?.({ phase: 'surrogate', stage: 'adversarial images', done, total, unit: 'image steps' });
          if (hooks.shouldStop?.()) throw stopped('computing adversarial images');
        },
      );
      all.set(climbed, from * size);
    }
    return tensor(all, [rows.length, train.height, train.width, train.channels]);
  } finally {
    await trainer.release();
  }
}

const stopped = (where: string) => new Stopped(`stopped while ${where}; finished parts are kept, this one is repeated`);

/** The surrogate and its training on the clean set: ResNet settings usual for CIFAR (SGD, cosine schedule), and no noise. */
function surrogate(dataset: Dataset, { surrogate: of }: Adversary, seed: number, hooks: RunHooks) {
  const { train, test, classes } = dataset;
  const config = {
    model: findModel(of.model),
    width: of.width,
    epochs: of.epochs,
    batchSize: Math.min(128, train.n),
    learningRate: 0.05,
    momentum: 0.9,
    weightDecay: 5e-4,
    schedule: 'cosine' as const,
    noiseStd: 0,
    seed,
  };
  const clean = { ...train, poisoned: new Uint8Array(train.n) };
  const trainer = new Trainer(config, { classes: classes.length, train: clean, test, triggered: null });
  const learn = async () => {
    for (let epoch = 0; epoch < of.epochs; epoch++) {
      for (let last = false; !last; ) {
        last = await trainer.step();
        const done = Math.min((epoch + 1) * train.n, epoch * train.n + trainer.position.step * config.batchSize);
        hooks.progress?.({
          phase: 'surrogate',
          stage: 'attacker’s clean model',
          done,
          total: of.epochs * train.n,
          unit: 'images',
        });
        if (hooks.shouldStop?.()) throw stopped('training the attacker’s clean model');
      }
      const row = await trainer.finishEpoch();
      if (epoch + 1 === of.epochs)
        hooks.line?.(`the attacker’s clean model: clean accuracy ${row.testAccuracy.toFixed(3)}`);
    }
    return asTensors(trainer.weights());
  };
  return { trainer, train: learn };
}
