/** Weights that a run keeps, put into a network. */
import { UserError } from '../base/errors.js';
import { readSafetensors } from '../formats/safetensors.js';
import type { Weights } from '../models/index.js';
import type { RunDirectory } from '../runs/directory.js';
import type { Trainer } from '../training/trainer.js';

/** `epoch`, or the last moment whose weights are kept. Throws `UserError` where there are none. */
export async function keptMoment(dir: RunDirectory, epoch?: number): Promise<number> {
  const kept = await dir.checkpoints();
  const chosen = epoch ?? kept.at(-1);
  if (chosen !== undefined && kept.includes(chosen)) return chosen;
  const there = kept.length > 0 ? `it has ${kept.join(', ')}` : 'it has none yet';
  throw new UserError(
    epoch === undefined
      ? `${dir.path}: it has no weights; a study deletes those of a finished run unless --keep-probes is given`
      : `--epoch ${epoch}: ${there}`,
  );
}

/** Gives a network the weights of a moment. Throws `UserError` for a file that lacks some or holds others. */
export async function loadWeights(dir: RunDirectory, trainer: Trainer, epoch: number): Promise<void> {
  const path = dir.checkpoint(epoch);
  const { tensors } = await readSafetensors(path);
  const missing = Object.keys(trainer.weights()).find((name) => !tensors[name]);
  if (missing) throw new UserError(`${path}: damaged, it lacks ${missing}`);
  try {
    trainer.load(tensors as unknown as Record<string, Weights>);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${path}: damaged, ${error.message}`);
  }
}
