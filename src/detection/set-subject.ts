/** An untrusted data set as detectors are shown it: a network is trained on it, as an audit trains one. */

import { isOfTexts, loadUntrusted, settingsFor } from '../audit/index.js';
import { sampleName } from '../audit/load.js';
import { trainingProgress } from '../audit/progress.js';
import { SavedTraining } from '../audit/saved-training.js';
import { watch } from '../audit/watch.js';
import { UserError } from '../base/errors.js';
import type { RunHooks } from '../base/progress.js';
import { tokenSet, vocabularyOf } from '../datasets/texts/words.js';
import type { InputSet, TextSet, TokenSet } from '../datasets/types.js';
import { silentNetwork } from './network.js';
import { EPSILON, type Subject, type SubjectRequest } from './subject.js';
import { loadTrusted } from './trusted.js';

/** Width of the transformer on texts. */
const TEXT_WIDTH = 16;

const tokensOf = (set: TextSet): TokenSet => tokenSet(set, vocabularyOf(set.texts));

/**
 * The subject of a data set. The training is saved in the file `save` after every epoch, and resumes from it. Throws `Stopped` when asked
 * to end, and `UserError` for what cannot be read.
 */
export async function setSubject(request: SubjectRequest, save: string, hooks: RunHooks): Promise<Subject> {
  const { path, trusted, seed, epsilon = EPSILON } = request;
  const untrusted = await loadUntrusted(path);
  if (untrusted.kind === 'trace')
    throw new UserError(
      `${path}: a trace has no weights; detectors need a run of ibscope, or the set that was trained on`,
    );
  const { classes } = untrusted;
  const set: InputSet = isOfTexts(untrusted) ? tokensOf(untrusted.set) : untrusted.set;
  const clean = trusted === undefined ? null : await loadTrusted(trusted, { classes, set });
  const plan = {
    ...settingsFor(set.n, { effort: 'normal', seed }),
    ...(isOfTexts(untrusted) && { width: TEXT_WIDTH }),
  };
  const step = trainingProgress(hooks)('train', set.n * plan.epochs);
  const { checkpoints, trainer } = await watch(set, classes.length, plan, step, new SavedTraining(save, set, plan));
  try {
    return {
      of: path,
      classes,
      target: null,
      set,
      truth: null,
      nameOf: (i) => sampleName(untrusted, i),
      network: silentNetwork(trainer),
      // Half of the way: after the first epoch, few poisoned samples are learned yet.
      loss: checkpoints[1].loss,
      trusted: clean ? { set: clean, from: trusted! } : 'it needs samples that are known to be clean: --trusted DIR',
      inputs: null,
      epsilon,
      seed,
    };
  } finally {
    await trainer.release();
  }
}
