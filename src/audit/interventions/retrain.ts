import { without } from '../../datasets/select.js';
import { train, untrained } from '../watch.js';
import type { Case, Outcome } from './types.js';

/** Trains from the start without the named samples. */
export async function retrain({ labelled, found, settings, step }: Case): Promise<Outcome> {
  if (found.suspicious.length === 0) return { note: 'no sample was named', trainer: null };
  const rest = without(labelled.set, found.suspicious);
  const trainer = untrained(rest, labelled.classes.length, settings);
  await train(trainer, step('again', rest.n * settings.epochs));
  return { note: `trained again on the ${rest.n} samples that are left`, trainer };
}
