/** Whether the order of attacks depends on γ, the noise inside the network that makes I(X;T) finite. */

import { grid } from './grid.js';
import { FIVE, type Study } from './types.js';

export const noiseStudy: Study = {
  name: 'noise',
  summary: 'γ 0.1, 0.4, 0.6: information, score and the order of attacks',
  varies: 'noise',
  defaults: {
    attacks: FIVE,
    rates: [0.1],
    seeds: [0, 1, 2],
    noises: [0.1, 0.4, 0.6],
  },
  plan: (o) => o.noises.flatMap((noise) => grid(o, { noise })),
  fromRows: 'curves',
  report: async (outcome) => (await import('./noise-report.js')).noiseReport(outcome),
};
