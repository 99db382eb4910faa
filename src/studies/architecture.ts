/** Do the dynamics carry over to other architectures, transformers among them? */

import type { RunRequest } from '../config/options.js';
import { grid } from './grid.js';
import { FIVE, type Study } from './types.js';

/**
 * What a model needs besides its name to learn at all. The vision transformer does not with the other models' settings: SGD, γ = 0.4, and
 * 8 epochs on 4 000 images. 0.001 is the default rate of AdamW.
 */
const NEEDS: Record<string, RunRequest> = {
  vit: { optimizer: 'adamw', lr: 1e-3, warmup: 2, noise: 0.1, epochs: 20, trainLimit: 10_000, checkpoints: undefined },
};

export const architectureStudy: Study = {
  name: 'architecture',
  summary: 'ResNet, VGG and ViT: whether attacks keep their order from one architecture to the next',
  varies: 'model',
  defaults: {
    attacks: FIVE,
    rates: [0.1],
    seeds: [0],
    models: ['resnet18', 'vgg16', 'vit'],
  },
  // A user's options win over the model's needs. A layer's name belongs to one model, so each model gets its own default.
  plan: (o) =>
    o.models.flatMap((model) => grid({ ...o, base: { ...NEEDS[model], ...o.base } }, { model, layer: undefined })),
  fromRows: 'curves',
  report: async (outcome) => (await import('./architecture-report.js')).architectureReport(outcome),
};
