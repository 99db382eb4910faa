/** Surrogates: networks that the adversary trains on the set poisoned with its present pattern, kept at several moments of their training. */
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { attackTest, findAttack, type PoisonedSet } from '../attacks/index.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { Rng } from '../base/random.js';
import type { RunConfig } from '../config/options.js';
import { trainingConfig } from '../config/training.js';
import type { Dataset } from '../datasets/index.js';
import { readSafetensors, type Tensor, tensor, writeSafetensors } from '../formats/safetensors.js';
import type { Weights } from '../models/index.js';
import { STATISTICS } from '../pipeline/running-statistics.js';
import { attackSettings, poisonedSet } from '../poisoning/poisoned-set.js';
import { momentsOf } from '../training/moments.js';
import { Trainer } from '../training/trainer.js';

/** A surrogate at one moment of its training. */
export interface Snapshot {
  epoch: number;
  /** Parameters and running statistics. */
  weights: Record<string, Weights>;
}

/** A surrogate after its training. `trainer` is released by whoever asked for it. */
export interface Surrogate {
  trainer: Trainer;
  set: PoisonedSet;
  snapshots: Snapshot[];
  accuracy: number;
  asr: number;
}

/** The seed of a surrogate: large and drawn, so that no victim is likely to have it. */
export const surrogateSeed = (seed: number, round: number, number: number): number =>
  1_000_000 + new Rng(seed, 'adaptive', 'surrogate', round, number).int(1_000_000_000);

/** Path of the files of the surrogates of a round. */
export const surrogateFolder = (folder: string) => join(folder, 'surrogates');

/** What tells one surrogate from another. */
export interface SurrogateRequest {
  /** The learned attack with its trigger file. */
  config: RunConfig;
  dataset: Dataset;
  round: number;
  number: number;
  /** In words, such as `surrogate 1/2`. */
  stage: string;
}

/**
 * Trains a surrogate, or reads the one that was stored in `folder`. Throws `Stopped`: an unfinished surrogate is trained again, with the
 * same result, since its seed is its own.
 */
export async function makeSurrogate(request: SurrogateRequest, folder: string, hooks: RunHooks): Promise<Surrogate> {
  const { config, dataset, round, number } = request;
  const seed = surrogateSeed(config.seed, round, number);
  const settings = attackSettings({ ...config, seed });
  const attack = findAttack(config.attack);
  const set = await poisonedSet(dataset, attack, settings, hooks);
  const triggered = attackTest(dataset.test, attack, settings)!.set;
  const trainer = new Trainer(trainingConfig({ ...config, seed }), {
    classes: dataset.classes.length,
    train: set,
    test: dataset.test,
    triggered,
  });
  const path = join(surrogateFolder(folder), `${round}-${number}.safetensors`);
  try {
    const made = (await stored(path)) ?? (await trained(trainer, request, path, hooks));
    return { trainer, set, ...made };
  } catch (error) {
    await trainer.release();
    throw error;
  }
}

type Made = Pick<Surrogate, 'snapshots' | 'accuracy' | 'asr'>;

async function trained(trainer: Trainer, { config, stage }: SurrogateRequest, path: string, hooks: RunHooks) {
  const { epochs, batchSize } = config;
  const { n } = trainer.data.train;
  const moments = new Map(momentsOf(config.checkpoints!, trainer.stepsPerEpoch, epochs).map((m) => [m.step, m.epoch]));
  const snapshots: Snapshot[] = [];
  const keep = async (epoch: number, last: boolean) => {
    const take = async () => {
      await trainer.state.collect();
      snapshots.push({ epoch, weights: structuredClone(trainer.weights()) });
    };
    // Early in training the running statistics lag behind the weights.
    await (last ? take() : trainer.withStatisticsOf(STATISTICS, take));
  };
  let row = { testAccuracy: 0, asr: 0 as number | null };
  while (trainer.position.epoch < epochs) {
    for (let last = false; !last; ) {
      last = await trainer.step();
      const { epoch, step } = trainer.position;
      const done = epoch * n + Math.min(n, step * batchSize);
      hooks.progress?.({ phase: 'surrogate', stage, done, total: epochs * n, unit: 'images' });
      if (hooks.shouldStop?.()) throw new Stopped('stopped while training a surrogate; it is trained again');
      const moment = moments.get(trainer.globalStep);
      if (moment !== undefined && !last) await keep(moment, false);
    }
    row = await trainer.finishEpoch();
    const { epoch } = trainer.position;
    if (moments.has(trainer.globalStep)) await keep(epoch, epoch === epochs);
  }
  const made: Made = { snapshots, accuracy: row.testAccuracy, asr: row.asr ?? 0 };
  await mkdir(join(path, '..'), { recursive: true });
  await store(path, made);
  return made;
}

async function store(path: string, { snapshots, accuracy, asr }: Made) {
  const tensors: Record<string, Tensor> = {};
  for (const [i, { weights }] of snapshots.entries())
    for (const [name, { data, shape }] of Object.entries(weights)) tensors[`${i}/${name}`] = tensor(data, shape);
  const state = JSON.stringify({ epochs: snapshots.map((s) => s.epoch), accuracy, asr });
  await writeSafetensors(path, tensors, { state });
}

async function stored(path: string): Promise<Made | null> {
  if (!(await stat(path).catch(() => null))) return null;
  const { tensors, metadata } = await readSafetensors(path);
  const { epochs, accuracy, asr } = JSON.parse(metadata.state) as { epochs: number[]; accuracy: number; asr: number };
  const snapshots = epochs.map((epoch, i): Snapshot => {
    const own = Object.entries(tensors).filter(([name]) => name.startsWith(`${i}/`));
    const weights = own.map(([name, { data, shape }]) => [name.slice(`${i}/`.length), { data, shape } as Weights]);
    return { epoch, weights: Object.fromEntries(weights) };
  });
  return { snapshots, accuracy, asr };
}

/** Deletes the stored surrogates. */
export const forgetSurrogates = (folder: string) => rm(surrogateFolder(folder), { recursive: true, force: true });
