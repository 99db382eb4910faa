/**
 * Moments: when during training the network is probed. A moment is a number of steps since training began; `epoch` says the
 * same in epochs, a whole number at the end of one.
 */
import { UserError } from '../base/errors.js';

export interface Moment {
  /** Steps since training began, from 1. */
  step: number;
  /** `step` in epochs. */
  epoch: number;
}

/** A moment as it is asked for: a number of epochs (0.25), a number of steps as a text (`20s`), or `LOG`. */
export type MomentRequest = number | string;

/** The word for moments inside the first epoch whose distances grow by a constant factor (`stepsInFirstEpoch`). */
export const LOG = 'log';

/** Moments inside the first epoch that a default ladder has at least, where the epoch has enough steps. */
const INSIDE = 6;

export const momentAt = (step: number, stepsPerEpoch: number): Moment => ({ step, epoch: step / stepsPerEpoch });

/** `0.25` → 0.25 epochs, `20s` → 20 steps, both above 0, and `log`; null for any other text. */
export function parseMoment(text: string): MomentRequest | null {
  const word = text.trim();
  if (word === LOG) return word;
  if (/^\d+s$/.test(word)) return Number(word.slice(0, -1)) >= 1 ? word : null;
  const epochs = Number(word);
  return word !== '' && Number.isFinite(epochs) && epochs > 0 ? epochs : null;
}

/** The steps of what is asked for: epochs are rounded to the nearest step, and to at least 1. */
function stepsOf(request: MomentRequest, stepsPerEpoch: number): number[] {
  if (request === LOG) return stepsInFirstEpoch(stepsPerEpoch);
  return [
    typeof request === 'string' ? Number(request.slice(0, -1)) : Math.max(1, Math.round(request * stepsPerEpoch)),
  ];
}

/**
 * The moments asked for, ascending, each once, and the end of training. Throws `UserError` for one after the end.
 */
export function momentsOf(requests: readonly MomentRequest[], stepsPerEpoch: number, epochs: number): Moment[] {
  const end = epochs * stepsPerEpoch;
  const steps = requests.flatMap((request) => {
    const found = stepsOf(request, stepsPerEpoch);
    if (found.some((step) => step > end))
      throw new UserError(`--checkpoints ${requests.join(',')}: ${request} is after the end, step ${end} (--epochs)`);
    return found;
  });
  return [...new Set([...steps, end])].sort((a, b) => a - b).map((step) => momentAt(step, stepsPerEpoch));
}

/**
 * Steps of a default ladder inside the first epoch: logarithmic, at least six; every step where an epoch has fewer than eight.
 */
export function stepsInFirstEpoch(stepsPerEpoch: number): number[] {
  if (stepsPerEpoch < 8) return Array.from({ length: stepsPerEpoch - 1 }, (_, i) => i + 1);
  const steps = new Set<number>();
  for (let i = 0; i < INSIDE; i++) steps.add(Math.round(stepsPerEpoch ** ((i + 1) / (INSIDE + 1))));
  // Short epochs: rounding made some of them one; the first steps that are missing fill up.
  for (let step = 1; steps.size < INSIDE; step++) steps.add(step);
  return [...steps].filter((step) => step < stepsPerEpoch).sort((a, b) => a - b);
}
