/** At which poison rate an attack succeeds, and how much stealth a higher rate costs. */

import { grid } from './grid.js';
import type { Study } from './types.js';

export const poisonRateStudy: Study = {
  name: 'poison-rate',
  summary: 'poison rates: success and stealth of each attack as its rate grows',
  defaults: {
    attacks: ['badnets', 'blend'].map((attack) => ({ attack })),
    rates: [0.04, 0.06, 0.1, 0.15, 0.2],
    seeds: [0, 1, 2],
  },
  plan: (o) => grid(o),
  fromRows: 'curves',
  report: async (outcome) => (await import('./poison-rate-report.js')).poisonRateReport(outcome),
};
