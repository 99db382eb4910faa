/** How much the ranking of attacks by stealth depends on β, the window, the time axis, the estimator with its κ and noise model, and the layer. */

import { grid } from './grid.js';
import type { Study } from './types.js';

export const betaStudy: Study = {
  name: 'beta',
  summary:
    'sensitivity of the stealth score: β in both conventions, window, time axis, κ, noise model, estimator, layer; rank stability',
  defaults: {
    attacks: ['badnets', 'blend', 'sig'].map((attack) => ({ attack })),
    rates: [0.05, 0.1],
    seeds: [0, 1, 2],
  },
  plan: (o) => grid(o),
  alternatives: true,
  report: async (outcome) => (await import('./beta-report.js')).betaReport(outcome),
};
