/**
 * Running statistics of batch norm under the present weights. Early in training the running ones lag behind: they still hold the
 * means and variances of weights that are gone, and a network in evaluation mode computes with them.
 */
import type { State } from '../engine/index.js';
import { BATCH_NORM_MOMENTUM } from '../models/layers.js';

/**
 * Replaces the running statistics `names` (`….running_mean`, `….running_var`) by those of `batches` batches, all with equal weight.
 * `runBatch` passes one batch through the network in training mode, which moves each statistic r to (1 − m)·r + m·b with the
 * batch's value b and m the momentum. The variance adds the spread of the batches' means to the mean of their variances.
 * Returns what puts the former values back.
 */
export async function recomputeStatistics(
  state: State,
  names: readonly string[],
  batches: number,
  runBatch: (batch: number) => Promise<unknown>,
): Promise<() => void> {
  const former = new Map(names.map((name) => [name, state.get(name).slice()]));
  const seen = new Map(names.map((name): [string, Float32Array[]] => [name, []]));
  for (let batch = 0; batch < batches; batch++) {
    // From 0, a pass leaves m·b.
    for (const [name, { length }] of former) state.set(name, new Float32Array(length));
    await runBatch(batch);
    await state.collect();
    for (const name of names) seen.get(name)!.push(state.get(name).map((v) => v / BATCH_NORM_MOMENTUM));
  }
  const mean = (name: string, c: number) => seen.get(name)!.reduce((s, b) => s + b[c], 0) / batches;
  for (const [name, { length }] of former) {
    const means = seen.get(name.replace(/running_var$/, 'running_mean'))!;
    const spread = (c: number) => {
      if (!name.endsWith('running_var') || batches < 2) return 0;
      const centre = means.reduce((s, b) => s + b[c], 0) / batches;
      return means.reduce((s, b) => s + (b[c] - centre) ** 2, 0) / (batches - 1);
    };
    state.set(
      name,
      Float32Array.from({ length }, (_, c) => mean(name, c) + spread(c)),
    );
  }
  return () => {
    for (const [name, values] of former) state.set(name, values);
  };
}
