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
export const presetLimits = { quick: { trainLimit: 4000, testLimit: 1000, probeSize: 110 }, paper: {} } as const;

export const PAPER_EPOCHS = [1, 5, 10, 20, 40, 60, 80, 100, 120];

/** A sensible ladder: dense early, where most happens; the last epoch is always one. */
export function ladder(epochs: number): number[] {
  const steps = [1, 2, 4, 8, 12, 16, 20, 30, 40, 60, 80, 100];
  return [...steps.filter((e) => e < epochs), epochs];
}
