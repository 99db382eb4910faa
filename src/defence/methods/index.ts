/** Ways to train on an untrusted set. A new one is one file beside this, one line below and one in `../names.ts`. */
import type { DefenceName } from '../names.js';
import { abl } from './abl.js';
import { auditRetrain } from './audit-retrain.js';
import { finePruning } from './fine-pruning.js';
import { informationPruning } from './information-pruning.js';
import { plain } from './plain.js';
import type { Method } from './types.js';
import { watch } from './watch.js';

export const methods: Record<DefenceName, Method> = {
  none: plain,
  watch,
  abl,
  'fine-pruning': finePruning,
  'audit-retrain': auditRetrain,
  'information-pruning': informationPruning,
};

export type { Decision, DefenceSettings, Defended, Method, SetAside } from './types.js';
