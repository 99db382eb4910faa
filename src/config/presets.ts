/** The two presets, and the epochs at which information is estimated by default. */

import { LOG, type MomentRequest } from '../training/moments.js';

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

/**
 * The defaults of each preset. `paper` is the protocol of arXiv 2511.21923. `quick` trains a network of an eighth of its width for as
 * few epochs as show the phases, so that a first run takes minutes on two cores.
 */
export const presets = {
  quick: {
    ...common,
    width: 8,
    epochs: 8,
    batchSize: 64,
    lr: 0.05,
    schedule: 'cosine',
    probeSize: 500,
    instrument: ['resolved'],
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
    instrument: ['critics'],
    critic: 'paper',
    view: 'pixels',
  },
} as const;

/**
 * Noise draws of a sample, and divisions of each clean class for the null, by what measures. Fewer than eight draws do not carry a
 * covariance of the noise. Critics train a network for every group, so that one division is what a run has time for.
 */
export const instrumentSizes = {
  resolved: { draws: 8, nullSplits: 4 },
  critics: { quick: { draws: 2, nullSplits: 1 }, paper: { draws: 4, nullSplits: 1 } },
} as const;

/** Sizes for shapes10, which has no size of its own. 110 samples are just above the 100 that a comparison needs: a first run is short. */
export const presetLimits = { quick: { trainLimit: 4000, testLimit: 1000, probeSize: 110 }, paper: {} } as const;

/** What differs on texts, whatever the preset: a transformer of an embedding of 128, and AdamW with PyTorch's learning rate. */
export const textDefaults = {
  model: 'transformer',
  width: 16,
  attack: 'rare-words',
  optimizer: 'adamw',
  lr: 1e-3,
  view: 'network',
  probeSize: 200,
} as const;

/** Checkpoints of the paper's figures. */
export const PAPER_EPOCHS = [1, 5, 10, 20, 40, 60, 80, 100, 120];

/** Default checkpoints: logarithmic inside the first epoch, then dense where the trajectories change most. The last epoch is always one. */
export function ladder(epochs: number): MomentRequest[] {
  const later = [1, 2, 4, 8, 12, 16, 20, 30, 40, 60, 80, 100];
  return [LOG, ...later.filter((e) => e < epochs), epochs];
}
