/** Whether clean models score inside their own null, and whether the score tells a backdoor from wrong labels. */

import { grid } from './grid.js';
import type { Study } from './types.js';

/** Seeds of the attack and of its control: as many pairs as give an interval, beside twenty clean models. */
const CONTROLS = 5;
/** None in twenty outside the range shows that fewer than 15 % lie outside; otherwise the report says how many models it takes. */
const TWENTY = Array.from({ length: 20 }, (_, i) => i);

export const nullStudy: Study = {
  name: 'null',
  summary: 'clean models against their own null, and the same relabelling with and without a trigger',
  defaults: { attacks: [{ attack: 'badnets' }, { attack: 'relabel' }], rates: [0.1], seeds: TWENTY },
  /** Clean models at every seed; the attacks and their control at the first few. */
  plan: (o) => [
    ...grid({ ...o, attacks: [{ attack: 'none' }], data: o.data.map((d) => ({ ...d, attacks: undefined })) }),
    ...grid({
      ...o,
      attacks: o.attacks.filter((a) => a.attack !== 'none'),
      data: o.data.map((d) => ({ ...d, seeds: (d.seeds ?? o.seeds).slice(0, CONTROLS) })),
    }),
  ],
  report: async (outcome) => (await import('./null-report.js')).nullReport(outcome),
};
