/** Attacks × rates × data sets: how information flows under each, and whether what the paper found is found here. */

import { grid } from './grid.js';
import type { Study } from './types.js';

/** The paper's five attacks, and none. */
const PAPER_ATTACKS = ['none', 'badnets', 'blend', 'wanet', 'label-consistent', 'adaptive-blend'];

export const attacksStudy: Study = {
  name: 'attacks',
  summary: 'attacks × rates × data sets: trajectories, success and stealth, and the paper’s findings judged',
  defaults: { attacks: PAPER_ATTACKS.map((attack) => ({ attack })), rates: [0.1], seeds: [0, 1, 2] },
  plan: (o) => grid(o),
  fromRows: 'curves',
  report: async (outcome) => (await import('./attacks-report.js')).attacksReport(outcome),
};
