/** How far an adaptation got, in one file from which a stopped or killed one resumes. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { UserError } from '../base/errors.js';
import { readSafetensors, tensor, writeSafetensors } from '../formats/safetensors.js';
import type { Pattern } from './pattern.js';
import type { RoundRow, StepRow } from './types.js';

/** Everything that another session needs. */
export interface AdaptState {
  pattern: Pattern;
  /** δ at the beginning of the round, on which its surrogates were trained. */
  begun: Float32Array;
  /** Round in progress, steps of it that are done. */
  round: number;
  step: number;
  /** δ at the beginning of every round so far, in the order of `rounds`. */
  patterns: Float32Array[];
  rounds: RoundRow[];
  steps: StepRow[];
  /** Seconds of the sessions so far. */
  seconds: number;
}

/** Raised when the same settings would optimise differently. */
const VERSION = 1;

/** What an adaptation is recognised by. */
export const keyOf = (asked: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify([VERSION, asked]))
    .digest('hex');

export async function writeState(path: string, key: string, s: AdaptState): Promise<void> {
  const { pattern, begun, patterns, round, step, rounds, steps, seconds } = s;
  const { delta, mean, square } = pattern;
  const all = { delta, mean, square, begun, ...Object.fromEntries(patterns.map((p, i) => [`pattern.${i}`, p])) };
  const tensors = Object.fromEntries(Object.entries(all).map(([name, data]) => [name, tensor(data, [data.length])]));
  const state = JSON.stringify({ adam: pattern.steps, round, step, rounds, steps, seconds });
  await writeSafetensors(path, tensors, { key, state });
}

/** Null where nothing was kept. Throws `UserError` for the state of other data or settings. */
export async function readState(path: string, key: string): Promise<AdaptState | null> {
  if (!(await stat(path).catch(() => null))) return null;
  const { tensors, metadata } = await readSafetensors(path);
  if (metadata.key !== key) throw new UserError(`--resume: ${path} was started with other data or options`);
  const { adam, ...rest } = JSON.parse(metadata.state);
  const floats = (name: string) => Float32Array.from(tensors[name].data as Float32Array);
  const [delta, mean, square] = ['delta', 'mean', 'square'].map(floats);
  const patterns = rest.rounds.map((_: RoundRow, i: number) => floats(`pattern.${i}`));
  return { ...rest, pattern: { delta, mean, square, steps: adam }, begun: floats('begun'), patterns };
}
