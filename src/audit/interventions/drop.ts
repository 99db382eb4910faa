import { without } from '../../datasets/select.js';
import { train, untrained } from '../watch.js';
import type { Case, Outcome } from './types.js';

/** Leaves out the samples that are named after half of the epochs, and continues the training without them. */
export async function drop({ labelled, watched: { halfway }, settings, early, step }: Case): Promise<Outcome> {
  const when = `after epoch ${halfway.position.epoch} of ${settings.epochs}`;
  const { verdict, suspicious } = await early();
  if (verdict === 'nothing found') return { note: `no class was flagged ${when}`, trainer: null };
  if (suspicious.length === 0) return { note: `no sample was named ${when}`, trainer: null };
  const rest = without(labelled.set, suspicious);
  const trainer = untrained(rest, labelled.classes.length, settings);
  trainer.load(halfway.tensors);
  trainer.position = structuredClone(halfway.position);
  await train(trainer, step('without them', rest.n * settings.epochs));
  return { note: `${suspicious.length} samples dropped ${when}`, trainer };
}
