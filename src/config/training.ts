/** From a run's configuration to the settings of its training. */
import { findModel } from '../models/index.js';
import type { TrainingConfig } from '../training/trainer.js';
import type { RunConfig } from './options.js';

/** The settings that `Trainer` reads. Throws `UserError` for an unknown model. */
export function trainingConfig(config: RunConfig): TrainingConfig {
  return {
    model: findModel(config.model),
    width: config.width,
    epochs: config.epochs,
    batchSize: config.batchSize,
    learningRate: config.lr,
    optimizer: config.optimizer,
    momentum: config.momentum,
    weightDecay: config.weightDecay,
    schedule: config.schedule,
    warmup: config.warmup,
    augmentation: config.augmentation,
    noiseStd: config.noise,
    conceal: config.conceal,
    seed: config.seed,
  };
}
