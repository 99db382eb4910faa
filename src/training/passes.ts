/** Programs over whole sets, in passes of one size, so that each is compiled once (of texts, once per length). */

import type { InputSet } from '../datasets/types.js';
import type { NoiseBank, State } from '../engine/index.js';
import type { ProgramCache } from './graphs.js';
import { gatherInputs, readOf } from './inputs.js';

/** Samples evaluated or probed in one pass. */
export const PASS = 128;

/** Hears the outputs of a pass: its first `rows` rows are those of the set from `offset` on, of `padded`. */
type EachPass = (out: Record<string, ArrayLike<number | bigint>>, rows: number, offset: number, padded: number) => void;

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

/** Runs a program over a set; the last pass is padded with its first sample. */
export async function passes(programs: ProgramCache, set: InputSet, state: State, bank: NoiseBank, each: EachPass) {
  const size = Math.min(PASS, set.n);
  for (let at = 0; at < set.n; at += size) {
    const rows = Math.min(size, set.n - at);
    const index = Int32Array.from({ length: size }, (_, r) => at + (r < rows ? r : 0));
    const labels = Int32Array.from(index, (i) => set.labels[i]);
    const program = await programs.get(size, readOf(set, index));
    each(await program.run({ ...gatherInputs(set, index), labels }, state, bank), rows, at, size);
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
  let all: Float32Array | undefined;
  await passes(programs, set, state, bank, (out, rows, offset, padded) => {
    const values = out[output] as Float32Array;
    const d = values.length / padded;
    all ??= new Float32Array(set.n * d);
    all.set(values.subarray(0, rows * d), offset * d);
  });
  return all!;
}
