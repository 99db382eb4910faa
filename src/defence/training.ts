/** One training of a defence, which is saved after every epoch and ends when it is told to. */
import { join } from 'node:path';
import { type Checkpoint, losses, type Snapshot, type WatchSettings } from '../audit/checkpoint.js';
import { patternsOf } from '../audit/pattern.js';
import { PatternFilter } from '../audit/pattern-filter.js';
import { SavedTraining } from '../audit/saved-training.js';
import type { Labelled } from '../audit/verdict.js';
import { record, snapshot, untrained } from '../audit/watch.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { Rng } from '../base/random.js';
import { gather } from '../datasets/select.js';
import type { ImageSet } from '../datasets/types.js';
import type { Matrix } from '../information/columns.js';
import type { Trainer, TrainingConfig } from '../training/trainer.js';

/** A set that is trained on, and the rows of the whole set that it consists of. */
export interface Kept {
  set: ImageSet;
  rows: Int32Array;
}

/** All samples of a set. */
export const wholeOf = (set: ImageSet): Kept => ({ set, rows: Int32Array.from(set.labels.keys()) });

/** Where a training is saved, what it begins with, who hears of it, and what differs from the training of an audit. */
export interface Stage {
  file: string;
  stage: string;
  folder?: string;
  start?: Snapshot;
  hooks: RunHooks;
  own?: Partial<TrainingConfig>;
  /** How a checkpoint is recorded; by default as an audit does. */
  recordedBy?: (trainer: Trainer, set: ImageSet, classes: number) => Promise<Checkpoint>;
}

/** Trains until the end, or until `after` says that it is enough; it hears every whole epoch, those before a resume included. */
export async function trained(
  { set, classes }: Labelled,
  plan: WatchSettings,
  { file, stage, folder, start, hooks, own, recordedBy = record }: Stage,
  after: (checkpoints: Checkpoint[], epoch: number) => Promise<boolean> = async () => false,
): Promise<Trainer> {
  const trainer = untrained(set, classes.length, plan, own);
  const saved = folder === undefined ? null : new SavedTraining(join(folder, `${file}.safetensors`), set, plan);
  const before = await saved?.read();
  const begin = before?.now ?? start;
  if (begin) {
    trainer.load(begin.tensors);
    trainer.position = structuredClone(begin.position);
  }
  const checkpoints = before?.checkpoints ?? [];
  try {
    // A decision is a function of the recordings, so it is made again rather than kept.
    for (let epoch = 1; before && epoch <= trainer.position.epoch; epoch++) {
      const until = checkpoints.filter((c) => c.epoch <= epoch);
      if (await after(until, epoch)) return trainer;
    }
    while (trainer.position.epoch < plan.epochs) {
      for (let last = false; !last; ) {
        last = await trainer.step();
        const { epoch, step } = trainer.position;
        const done = Math.round((epoch + step / trainer.stepsPerEpoch) * set.n);
        hooks.progress?.({ phase: 'train', stage, done, total: plan.epochs * set.n, unit: 'images' });
        if (hooks.shouldStop?.()) throw new Stopped(`stopped in epoch ${epoch + 1}`);
      }
      await trainer.finishEpoch();
      const { epoch } = trainer.position;
      if (plan.checkpoints.includes(epoch)) checkpoints.push(await recordedBy(trainer, set, classes.length));
      await saved?.write({ now: await snapshot(trainer), checkpoints });
      if (await after(checkpoints, epoch)) return trainer;
    }
    return trainer;
  } catch (error) {
    await trainer.release();
    throw error;
  }
}

/** Samples that are passed with noise, from which its covariance in T is known. */
const NOISY = 1000;

/**
 * How a training that watches itself is recorded: all samples as the network sees them without noise, and the patterns of the classes; from epoch `from` on T of some samples with noise, and
 * the patterns of what T divides too.
 */
export function watching(from: number): Required<Stage>['recordedBy'] {
  // The images are measured once for all recordings of a training.
  let filter: Promise<PatternFilter> | null = null;
  return async (trainer, set, classes) => {
    filter ??= PatternFilter.of(set, classes, trainer.config.seed);
    return watched(trainer, set, classes, await filter, trainer.position.epoch >= from);
  };
}

async function watched(
  trainer: Trainer,
  set: ImageSet,
  classes: number,
  filter: PatternFilter,
  isWhole: boolean,
): Promise<Checkpoint> {
  const { n } = set;
  const { seed } = trainer.config;
  const { representation, logits } = await trainer.noiseFreeProbe(set);
  const d = representation.length / n;
  const features: Matrix = { data: representation, n, d };
  const t = new Float32Array(n * d).fill(Number.NaN);
  if (isWhole) {
    const rows = new Rng(seed, 'noisy').sample(Int32Array.from(set.labels.keys()), Math.min(NOISY, n));
    const [noisy] = await trainer.probe(gather(set, rows), 1);
    rows.forEach((row, k) => {
      t.set(noisy.representation.subarray(k * d, (k + 1) * d), row * d);
    });
  }
  const shown = async (images: ImageSet) => (await trainer.noiseFreeProbe(images)).logits;
  const all: Matrix = { data: logits, n, d: classes };
  return {
    epoch: trainer.position.epoch,
    features,
    t: { data: t, n, d },
    logits: all,
    loss: losses(all, set.labels),
    patterns: await patternsOf(shown, filter, all, isWhole ? features : null),
  };
}
