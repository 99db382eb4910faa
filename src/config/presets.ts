/** The two presets, and the epochs at which information is estimated by default. */

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

/** Sizes for shapes10, which has no size of its own. 110 samples are just above the 100 that a comparison needs: a first run is short. */
export const presetLimits = { quick: { trainLimit: 4000, testLimit: 1000, probeSize: 110 }, paper: {} } as const;

/** Checkpoints of the paper's figures. */
export const PAPER_EPOCHS = [1, 5, 10, 20, 40, 60, 80, 100, 120];

/** Default checkpoints: dense in the first epochs, where the trajectories change most. The last epoch is always one. */
export function ladder(epochs: number): number[] {
  const steps = [1, 2, 4, 8, 12, 16, 20, 30, 40, 60, 80, 100];
  return [...steps.filter((e) => e < epochs), epochs];
}
