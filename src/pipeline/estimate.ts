/** The estimates of one probed checkpoint, written where they belong: of a run of our own, or of a trace. */

import { type RunHooks, Stopped } from '../base/progress.js';
import type { RunConfig } from '../config/options.js';
import { isNullGroup } from '../dynamics/group-id.js';
import type { EstimateRow } from '../dynamics/index.js';
import { type Tensor, tensor, writeSafetensors } from '../formats/safetensors.js';
import { type CheckpointData, estimateCheckpoint, estimatesPlanned } from '../information/checkpoint.js';
import type { RunDirectory } from '../runs/directory.js';
import { makeRepresentation } from './representation.js';

/** Values of single samples are kept for the quantities of the score; those of the null's halves are not. */
const pointwiseKept = ({ group, quantity }: Pick<EstimateRow, 'group' | 'quantity'>) =>
  (quantity === 'I(X;T)' || quantity === 'I(T;Ŷ)') && !isNullGroup(group);

/** Estimates a checkpoint at every layer; returns the seconds it took. `read` gives what was probed of one layer. */
export async function recordEstimates(
  dir: RunDirectory,
  epoch: number,
  config: Pick<RunConfig, 'layer' | 'critic' | 'seed'>,
  read: (layer: string) => Promise<CheckpointData>,
  hooks: RunHooks,
): Promise<number> {
  const started = performance.now();
  const lines: EstimateRow[] = [];
  const pointwise: Record<string, Tensor> = {};
  const layers = config.layer!;
  for (const layer of layers) {
    const data = await read(layer);
    const total = estimatesPlanned(data.groups.keys()).reduce((s, p) => s + p.groups.length, 0);
    const stage = `information at epoch ${Number(epoch.toFixed(3))}${layers.length > 1 ? `, ${layer}` : ''}`;
    const estimates = await estimateCheckpoint(data, config.critic, config.seed, (done) => {
      // The probe is on disk, and training was saved with it: what is lost is this checkpoint's critics.
      if (hooks.shouldStop?.())
        throw new Stopped(
          `stopped while estimating epoch ${epoch}; training is saved. To resume, give the same command with --out and --resume.`,
        );
      hooks.progress?.({ phase: 'estimate', epoch, stage, done: Math.round(done * total), total, unit: 'estimates' });
    });
    for (const { pointwise: values, steps: _, ...e } of estimates) {
      lines.push({ epoch, estimator: 'infonce', layer, ...e });
      if (layer === layers[0] && pointwiseKept(e) && values.some(Number.isFinite))
        pointwise[`${e.quantity} ${e.group}`] = tensor(Float32Array.from(values), [values.length]);
    }
  }
  if (Object.keys(pointwise).length > 0) await writeSafetensors(dir.pointwise(epoch), pointwise);
  dir.append('information.jsonl', lines);
  await makeRepresentation(dir);
  return (performance.now() - started) / 1000;
}
