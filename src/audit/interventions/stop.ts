import { untrained } from '../watch.js';
import type { Case, Outcome } from './types.js';

/** Takes the network after half of the epochs, if a class was flagged by then. */
export async function stop({ labelled, watched: { halfway }, settings, early }: Case): Promise<Outcome> {
  const when = `after epoch ${halfway.position.epoch} of ${settings.epochs}`;
  if ((await early()).verdict === 'nothing found') return { note: `no class was flagged ${when}`, trainer: null };
  const trainer = untrained(labelled.set, labelled.classes.length, settings);
  trainer.load(halfway.tensors);
  return { note: `stopped ${when}, when a class was flagged`, trainer };
}
