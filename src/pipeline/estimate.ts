/** The estimates of one probed checkpoint, by the instruments of a run, written to its directory: an own run's, or a trace's. */

import { type RunHooks, Stopped } from '../base/progress.js';
import { instrumentsOf, type RunConfig } from '../config/options.js';
import { isClassGroup, isNullGroup } from '../dynamics/group-id.js';
import { type EstimateRow, type Quantity, stealthQuantities } from '../dynamics/index.js';
import { readSafetensors, type Tensor, tensor, writeSafetensors } from '../formats/safetensors.js';
import { type CheckpointData, estimateCheckpoint, estimatesPlanned } from '../information/checkpoint.js';
import type { RunDirectory } from '../runs/directory.js';
import { makeRepresentation } from './representation.js';
import { recordResolution, unresolvable, writeResolved } from './resolution.js';

type Settings = Pick<RunConfig, 'layer' | 'critic' | 'seed' | 'instrument' | 'noise' | 'draws'>;

/** Values of single samples are kept for the quantities of the score; those of the null's halves are not. */
const pointwiseKept = ({ group, quantity }: Pick<EstimateRow, 'group' | 'quantity'>) =>
  (stealthQuantities as readonly string[]).includes(quantity) && !isNullGroup(group);

/** Whether resolved information is measured: its noise must be known, and κ is chosen from clean classes. */
export const resolvedAt = (config: Settings, ids: Iterable<string>) =>
  instrumentsOf(config).includes('resolved') && unresolvable(config) === null && [...ids].some(isClassGroup);

/** The quantities that critics estimate at a layer: all, or those that resolved information does not give. */
export function criticQuantities(config: Settings, layer: string, ids: Iterable<string>): Quantity[] {
  const all: Quantity[] = ['I(X;T)', 'I(T;Ŷ)', 'I(X;Ŷ)', 'I(T;Y)'];
  const replaced = resolvedAt(config, ids) && !instrumentsOf(config).includes('critics') && layer === config.layer![0];
  return replaced ? ['I(X;Ŷ)', 'I(T;Y)'] : all;
}

/** Estimates that critics make of some quantities at one layer of a checkpoint. */
const estimatesOf = (quantities: readonly Quantity[], groups: Iterable<string>) =>
  estimatesPlanned(groups)
    .filter((p) => quantities.includes(p.quantity))
    .reduce((s, p) => s + p.groups.length, 0);

/** Rows that the critics write for one checkpoint: what a complete one has. */
export function criticRows(config: Settings, groups: Iterable<string>): number {
  const ids = [...groups];
  return config.layer!.reduce((s, layer) => s + estimatesOf(criticQuantities(config, layer, ids), ids), 0);
}

/**
 * Estimates a checkpoint at every layer; returns the seconds it took. `read` gives what was probed of one layer; `known` are the
 * checkpoint's rows that are there already, and that are not made again.
 */
export async function recordEstimates(
  dir: RunDirectory,
  epoch: number,
  config: Settings,
  read: (layer: string) => Promise<CheckpointData>,
  hooks: RunHooks,
  known: readonly EstimateRow[] = [],
): Promise<number> {
  const started = performance.now();
  const lines: EstimateRow[] = [];
  const pointwise: Record<string, Tensor> = {};
  const layers = config.layer!;
  let resolved = false;
  for (const layer of layers) {
    const data = await read(layer);
    const ids = [...data.groups.keys()];
    // At the first layer, the last of the network by default: the logits are a function of it.
    if (layer === layers[0] && resolvedAt(config, ids) && !known.some((r) => r.estimator === 'resolved')) {
      Object.assign(pointwise, await recordResolution(dir, epoch, config, data));
      resolved = true;
    }
    const made = known.filter((r) => r.estimator !== 'resolved' && (r.layer ?? layers[0]) === layer);
    const only = criticQuantities(config, layer, ids).filter((q) => !made.some((r) => r.quantity === q));
    if (only.length === 0) continue;
    const total = estimatesOf(only, ids);
    const stage = `information at epoch ${Number(epoch.toFixed(3))}${layers.length > 1 ? `, ${layer}` : ''}`;
    const report = (done: number) => {
      // The probe is on disk, and training was saved with it: what is lost is this checkpoint's critics.
      if (hooks.shouldStop?.())
        throw new Stopped(`stopped while estimating epoch ${Number(epoch.toFixed(3))}; the probe is saved`);
      hooks.progress?.({ phase: 'estimate', epoch, stage, done: Math.round(done * total), total, unit: 'estimates' });
    };
    const estimates = await estimateCheckpoint(data, config.critic, { seed: config.seed, progress: report, only });
    for (const { pointwise: values, steps: _, ...e } of estimates) {
      lines.push({ epoch, estimator: 'infonce', layer, ...e });
      if (layer === layers[0] && pointwiseKept(e) && values.some(Number.isFinite))
        pointwise[`${e.quantity} ${e.group}`] = tensor(Float32Array.from(values), [values.length]);
    }
  }
  if (Object.keys(pointwise).length > 0) {
    const before = known.length > 0 && (await dir.has(dir.pointwise(epoch)));
    const kept = before ? (await readSafetensors(dir.pointwise(epoch))).tensors : {};
    await writeSafetensors(dir.pointwise(epoch), { ...kept, ...pointwise });
  }
  dir.append('information.jsonl', lines);
  if (resolved) await writeResolved(dir);
  await makeRepresentation(dir);
  return (performance.now() - started) / 1000;
}
