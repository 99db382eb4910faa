/**
 * The same groups at the same checkpoints by other estimators, from a run's probes: what the sensitivity of the score to its
 * estimator is judged by. Kept in the run directory, `information-others.jsonl`.
 */

import { isClassGroup, isNullGroup } from '../dynamics/group-id.js';
import type { EstimateRow } from '../dynamics/index.js';
import { readSafetensors } from '../formats/safetensors.js';
import { estimateCheckpoint } from '../information/checkpoint.js';
import { rowsOf } from '../information/columns.js';
import { pairwiseBounds } from '../information/index.js';
import { smileObjective } from '../information/smile.js';
import type { RunDirectory } from '../runs/directory.js';
import { type GroupsDocument, readRunDocument } from '../runs/documents.js';
import { readProbe, tensorDraws } from '../runs/probes.js';

/**
 * Estimators of I(X;T) and I(T;Ŷ). The pairwise bound needs noise of known size, which Ŷ has not. It takes T before its last noise
 * for a function of X: with noise in earlier blocks it bounds I(T̄;T), which is no less than I(X;T).
 */
export const otherEstimators = [
  { 'I(X;T)': 'smile', 'I(T;Ŷ)': 'smile' },
  { 'I(X;T)': 'pairwise', 'I(T;Ŷ)': 'infonce' },
] as const;

const CLIP = 5;

/** Groups that the score reads. */
const scored = (target: number) => (group: string) =>
  !isNullGroup(group) && (isClassGroup(group) || ['backdoor', 'clean', 'all'].some((g) => group === `${target}/${g}`));

/** Makes what is missing of the other estimates. */
export async function makeAlternatives(dir: RunDirectory, progress: (done: number, total: number) => void) {
  const { config, classes } = await readRunDocument(dir);
  const plan = (await dir.readDocument<GroupsDocument>('groups.json'))!;
  const groups = new Map(
    Object.entries(plan.groups)
      .filter(([id]) => scored(config.target)(id))
      .map(([id, rows]) => [id, Int32Array.from(rows)]),
  );
  const known = new Set((await dir.rows<EstimateRow>('information-others.jsonl')).map((r) => r.epoch));
  const due = (await dir.probes()).filter((e) => !known.has(e));
  if (groups.size === 0) return;
  const labels = (await readSafetensors(dir.samples)).tensors.original_label.data as Int32Array;
  for (const [i, epoch] of due.entries()) {
    progress(i, due.length);
    const { tensors } = await readSafetensors(dir.probe(epoch));
    const data = { ...(await readProbe(dir, tensors, config)), labels, classes: classes.length, groups };
    const lines: EstimateRow[] = [];
    for (const { pointwise: _, steps: __, ...e } of await estimateCheckpoint(data, 'quick', {
      seed: config.seed,
      objective: smileObjective(CLIP),
    }))
      lines.push({ epoch, estimator: 'smile', ...e });
    const [means] = tensorDraws(tensors.t_mean);
    const std = (tensors.t_noise_std.data as Float32Array)[0];
    if (std > 0)
      for (const [group, rows] of groups) {
        const { lower } = pairwiseBounds({ ...rowsOf(means, rows), discrete: false }, { std }, { seed: config.seed });
        lines.push({
          epoch,
          group,
          quantity: 'I(X;T)',
          estimator: 'pairwise',
          nats: lower.nats,
          standardError: lower.standardError,
          ceiling: lower.ceiling ?? Number.POSITIVE_INFINITY,
          saturated: lower.saturated,
          converged: true,
          samples: rows.length,
          draws: 1,
          trainNats: lower.nats,
          heldOutNats: lower.nats,
        });
      }
    dir.append('information-others.jsonl', lines);
  }
}
