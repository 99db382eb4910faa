/** An audit, and a training from the start without the samples that it names. */
import { join } from 'node:path';
import { CHECKPOINT_SHARES } from '../../audit/checkpoint.js';
import { examine } from '../../audit/examine.js';
import { trainingProgress } from '../../audit/progress.js';
import { SavedTraining } from '../../audit/saved-training.js';
import { watch } from '../../audit/watch.js';
import { without } from '../../datasets/select.js';
import { trained } from '../training.js';
import type { Method } from './types.js';

export const auditRetrain: Method = {
  needsTrusted: false,
  files: ['audit', 'rest'],
  async train(labelled, settings, hooks) {
    const { set, classes } = labelled;
    const { epochs, folder } = settings;
    const plan = { ...settings, checkpoints: [1, ...CHECKPOINT_SHARES.map((share) => Math.ceil(share * epochs))] };
    const saved = folder === undefined ? undefined : new SavedTraining(join(folder, 'audit.safetensors'), set, plan);
    const watched = await watch(set, classes.length, plan, trainingProgress(hooks)('audit', set.n * epochs), saved);
    const { suspicious, classes: judged } = await examine(labelled, watched.checkpoints, plan, hooks);
    const nothing = { trainer: watched.trainer, suspicious: [], decisions: [], setAside: [], epochs };
    if (suspicious.length === 0) return { ...nothing, answer: 'The audit named no sample, and nothing was set aside.' };
    await watched.trainer.release();
    const named = [...suspicious].sort((a, b) => a - b);
    const rest = { set: without(set, named), classes };
    const at = { file: 'rest', stage: 'train on the rest', folder, hooks };
    const trainer = await trained(rest, { ...plan, checkpoints: [] }, at);
    const setAside = judged.flatMap(({ label }, c) => {
      const samples = named.filter((i) => set.labels[i] === c).length;
      return samples > 0 ? [{ label, samples, by: 'clusters' as const, why: 'content' as const }] : [];
    });
    return {
      ...nothing,
      trainer,
      suspicious: named,
      setAside,
      answer: 'The network was trained again from the start without the samples that an audit named.',
      epochs: epochs * (1 + rest.set.n / set.n),
    };
  },
};
