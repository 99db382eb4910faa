/** The checkpoint a run resumes from: parameters, running statistics, optimizer state and position. */
import type { EstimateRow } from '../dynamics/index.js';
import { asTensors, readSafetensors, writeSafetensors } from '../formats/safetensors.js';
import type { Weights } from '../models/index.js';
import type { RunDirectory } from '../runs/directory.js';
import type { Position, Trainer } from '../training/trainer.js';

/** Writes where training stands. */
export async function saveCheckpoint(dir: RunDirectory, trainer: Trainer): Promise<void> {
  await trainer.state.collect();
  const tensors = asTensors(trainer.tensors());
  await writeSafetensors(dir.lastCheckpoint, tensors, { position: JSON.stringify(trainer.position) });
}

/**
 * Goes back to the last checkpoint, if there is one, and cuts from the logs what came after it. `estimates`: rows of estimates
 * that a probed epoch has; an epoch with fewer was being estimated when the run ended, and is estimated again.
 */
export async function restoreCheckpoint(dir: RunDirectory, trainer: Trainer, estimates: number): Promise<void> {
  if (await dir.has(dir.lastCheckpoint)) {
    const { tensors, metadata } = await readSafetensors(dir.lastCheckpoint);
    trainer.load(tensors as Record<string, Weights>);
    trainer.position = JSON.parse(metadata.position) as Position;
  }
  const epoch = trainer.epochs;
  await dir.cut<{ epoch: number }>('events.jsonl', (row) => row.epoch <= epoch);
  const rows = await dir.rows<EstimateRow>('information.jsonl');
  const byCritics = rows.filter((r) => r.estimator !== 'resolved');
  const complete = (e: number) => e <= epoch && byCritics.filter((r) => r.epoch === e).length === estimates;
  await dir.cut<EstimateRow>('information.jsonl', (row) => complete(row.epoch));
  await dir.cut<{ epoch: number }>('resolution.jsonl', (row) => complete(row.epoch));
  // Written with the probe, so it is as old as the probe.
  await dir.cut<{ epoch: number }>('running-statistics.jsonl', (row) => row.epoch <= epoch);
}
