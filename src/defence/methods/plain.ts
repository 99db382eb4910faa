import { trained, wholeOf } from '../training.js';
import type { Method } from './types.js';

/** Training without a defence. */
export const plain: Method = {
  needsTrusted: false,
  files: ['training'],
  async train({ set, classes }, settings, hooks) {
    const plan = { ...settings, checkpoints: [] };
    const at = { file: 'training', stage: 'train', folder: settings.folder, hooks };
    const trainer = await trained({ ...wholeOf(set), classes }, plan, at);
    const answer = 'Plain training, without a defence.';
    return { trainer, suspicious: [], decisions: [], setAside: [], answer, epochs: settings.epochs };
  },
};
