/** A run of ibscope analysed again from its stored probes: by another instrument, or scored with another β, window or score. */

import { UserError } from '../base/errors.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { instrumentsOf, type RunConfig } from '../config/options.js';
import type { EstimateRow } from '../dynamics/index.js';
import { readSafetensors } from '../formats/safetensors.js';
import { RunDirectory } from '../runs/directory.js';
import { type GroupsDocument, type RunResult, readRunDocument } from '../runs/documents.js';
import { channelOf, readProbe } from '../runs/probes.js';
import { recordEstimates } from './estimate.js';
import { unresolvable } from './resolution.js';
import { finish } from './result.js';

/** Options that change the analysis of a run and not its groups. */
export const AGAIN_OPTIONS = ['instrument', 'beta', 'window', 'score'] as const;
export type AgainOptions = Partial<Pick<RunConfig, (typeof AGAIN_OPTIONS)[number]>>;

/**
 * Adds what the instruments asked for have not measured yet, at every probed moment, then scores and reports the run anew. The first
 * instrument is the scored one. What was asked is kept in `analysis.json`; `run.json` and all estimates stay. `options` holds values
 * of `AGAIN_OPTIONS` that were checked. Throws `UserError` where the probes are not there, or an instrument cannot measure the run.
 */
export async function reanalyze(path: string, options: AgainOptions, hooks: RunHooks): Promise<RunResult> {
  const dir = await RunDirectory.open(path, true);
  try {
    const { config, classes } = await readRunDocument(dir);
    const before = instrumentsOf(config);
    const instrument = [...new Set([...(options.instrument ?? []), ...before])];
    const now: RunConfig = { ...config, ...options, instrument };
    const why = options.instrument?.includes('resolved') ? unresolvable(config) : null;
    if (why) throw new UserError(`--instrument resolved: ${why}`);
    for (const one of options.instrument ?? [])
      await estimateProbes(dir, { ...now, instrument: [one] }, classes.length, hooks);
    const kept = Object.fromEntries(AGAIN_OPTIONS.map((key) => [key, now[key]]));
    await dir.writeDocument('analysis.json', { config: kept });
    return await finish(dir);
  } finally {
    dir.unlock();
  }
}

/** Estimates every checkpoint that the one instrument of `config` has not measured. */
async function estimateProbes(dir: RunDirectory, config: RunConfig, classes: number, hooks: RunHooks) {
  const probes = await dir.probes();
  const rows = await dir.rows<EstimateRow>('information.jsonl');
  const resolved = config.instrument!.includes('resolved');
  const measured = (epoch: number) =>
    rows.some((r) => r.epoch === epoch && r.quantity === 'I(X;T)' && (r.estimator === 'resolved') === resolved);
  const open = [...new Set([...rows.map((r) => r.epoch), ...probes])].filter((e) => !measured(e)).sort((a, b) => a - b);
  const lost = open.filter((e) => !probes.includes(e)).length;
  if (lost > 0)
    throw new UserError(
      `${dir.path}: the probes of ${lost} checkpoints were deleted; a study keeps them with --keep-probes`,
    );
  const plan = (await dir.readDocument<GroupsDocument>('groups.json'))!;
  // Draws of critics depend on the order of the groups, which JSON does not keep; the rows have it.
  const inOrder = new Set([...rows.map((r) => r.group), ...Object.keys(plan.groups)]);
  const groups = new Map([...inOrder].map((id) => [id, Int32Array.from(plan.groups[id])]));
  const labels = (await readSafetensors(dir.samples)).tensors.original_label.data as Int32Array;
  for (const epoch of open) {
    const read = async (layer: string) => {
      const { tensors } = await readSafetensors(dir.probe(epoch));
      const probe = await readProbe(dir, tensors, config, layer);
      const measured = layer === config.layer![0] && config.instrument!.includes('resolved');
      const channel = measured ? await channelOf(dir, epoch, tensors, config.noise) : undefined;
      return { ...probe, labels, classes, groups, channel };
    };
    const known = rows.filter((r) => r.epoch === epoch);
    await recordEstimates(dir, epoch, config, read, hooks, known);
    hooks.line?.(`epoch ${Number(epoch.toFixed(3))}: estimated`);
    if (hooks.shouldStop?.()) throw new Stopped('stopped; what is estimated is kept');
  }
}
