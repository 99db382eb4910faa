/** Programs over whole sets, in passes of one size, so that each is compiled once (of texts, once per length that is read). */

import type { InputSet } from '../datasets/types.js';
import type { NoiseBank, State } from '../engine/index.js';
import type { ProgramCache } from './graphs.js';
import { byLength, gatherInputs, readOf } from './inputs.js';

/** Samples evaluated or probed in one pass. */
export const PASS = 128;

/** Hears the outputs of a pass of `padded` rows: row r is that of sample `samples[r]`, and rows behind these are padding. */
type EachPass = (out: Record<string, ArrayLike<number | bigint>>, samples: Int32Array, padded: number) => void;

/** Gradients of losses by their images, [n, h·w·c], and what the network predicts for each, [n]. */
export interface ImageGradient {
  gradient: Float32Array;
  predicted: Int32Array;
}

/** One noise draw of a probe: T and T̄ [n, d], Ŷ [n, classes]. */
export interface ProbeDraw {
  representation: Float32Array;
  representationMean: Float32Array;
  logits: Float32Array;
}

/** Runs a program over a set; the last pass is padded with its first sample. Texts are read in the order of their lengths, so that few passes are long. */
export async function passes(programs: ProgramCache, set: InputSet, state: State, bank: NoiseBank, each: EachPass) {
  const size = Math.min(PASS, set.n);
  const order = byLength(set);
  for (let at = 0; at < set.n; at += size) {
    const samples = order.subarray(at, at + size);
    const index = Int32Array.from({ length: size }, (_, r) => samples[r] ?? samples[0]);
    const labels = Int32Array.from(index, (i) => set.labels[i]);
    const program = await programs.get(size, readOf(set, index));
    each(await program.run({ ...gatherInputs(set, index), labels }, state, bank), samples, size);
  }
}

/** One output of a program over a set, [n, d]. */
export async function recorded(
  programs: ProgramCache,
  output: string,
  set: InputSet,
  state: State,
  bank: NoiseBank,
): Promise<Float32Array> {
  return (await recordedAll(programs, [output], set, state, bank))[output];
}

/** Several outputs of one program over a set, each [n, d]. */
export async function recordedAll<Name extends string>(
  programs: ProgramCache,
  outputs: readonly Name[],
  set: InputSet,
  state: State,
  bank: NoiseBank,
): Promise<Record<Name, Float32Array>> {
  const all: Partial<Record<Name, Float32Array>> = {};
  await passes(programs, set, state, bank, (out, samples, padded) => {
    for (const name of outputs) {
      const values = out[name] as Float32Array;
      const d = values.length / padded;
      all[name] ??= new Float32Array(set.n * d);
      for (const [r, i] of samples.entries()) all[name].set(values.subarray(r * d, (r + 1) * d), i * d);
    }
  });
  return all as Record<Name, Float32Array>;
}
