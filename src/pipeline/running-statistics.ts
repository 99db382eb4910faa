/**
 * Early moments with the running statistics of batch norm as training left them. Probes of the first steps read a network with recomputed
 * statistics; the same groups without that step show what of an early difference it makes.
 */
import { instrumentsOf, type RunConfig } from '../config/options.js';
import { pick } from '../datasets/select.js';
import { isClassGroup, partOf } from '../dynamics/group-id.js';
import type { EstimateRow } from '../dynamics/index.js';
import { asTensors } from '../formats/safetensors.js';
import type { RunDirectory } from '../runs/directory.js';
import { headOf } from '../runs/probes.js';
import type { Trainer } from '../training/trainer.js';
import type { Prepared } from './prepare.js';
import { kappasIn, ladders, type ResolutionRow, resolvedRows } from './resolution.js';

/** Steps in which the running statistics of batch norm lag behind: at step 40 an evaluation loss of 18 stood beside a training loss of 2. */
const LAGGING = 200;

/** Training images that the statistics are recomputed from. */
export const STATISTICS = 1000;

/** Whether a probe at that step reads a network with recomputed statistics; critics alone read what version 0.1.0 read. */
export const statisticsLag = (config: Pick<RunConfig, 'instrument'>, step: number): boolean =>
  instrumentsOf(config).includes('resolved') && step <= LAGGING;

/** The groups that are compared with and without recomputed statistics. */
export const comparedGroups = (groups: ReadonlyMap<string, Int32Array>, target: number): [string, Int32Array][] =>
  [...groups].filter(([id]) => isClassGroup(id) || id === partOf(target, 'backdoor') || id === partOf(target, 'clean'));

/** Measures the poisoned and clean samples of the target class and the clean classes, and keeps their ladders. */
export async function recordRunningStatistics(
  dir: RunDirectory,
  trainer: Trainer,
  { probed, groups }: Pick<Prepared, 'probed' | 'groups'>,
  { draws, layer, seed, target }: Pick<RunConfig, 'draws' | 'layer' | 'seed' | 'target'>,
  epoch: number,
): Promise<void> {
  const compared = comparedGroups(groups.groups, target);
  if (compared.length === 0) return;
  const rows = [...new Set(compared.flatMap(([, members]) => [...members]))].sort((a, b) => a - b);
  const at = new Map(rows.map((row, i) => [row, i]));
  const set = pick(
    probed,
    Int32Array.from(rows, (i) => groups.samples[i]),
  );
  const [first] = layer!;
  const passes = await trainer.probe(set, draws, first);
  const noiseFree = await trainer.noiseFree(set, first);
  const matrix = (data: Float32Array) => ({ data, n: set.n, d: data.length / set.n });
  await trainer.state.collect();
  const head = headOf(asTensors(trainer.weights()), passes[0].logits.length / set.n, matrix(noiseFree).d);
  if (!head) return;
  const measured = ladders(
    epoch,
    seed,
    {
      t: passes.map((p) => matrix(p.representation)),
      groups: new Map(compared.map(([id, members]) => [id, Int32Array.from(members, (row) => at.get(row)!)])),
    },
    {
      noiseFree: matrix(noiseFree),
      head: { weights: head.data as Float32Array, classes: head.shape[0], gamma: trainer.config.noiseStd },
    },
    ['own'],
  );
  dir.append('running-statistics.jsonl', measured.rows);
}

/**
 * The estimates of a run as they would be without recomputed statistics, at the κ of the run: early moments from `running-statistics.jsonl`,
 * later ones as they are. Empty where the run has no such moment.
 */
export async function withRunningStatistics(
  dir: RunDirectory,
  information: readonly EstimateRow[],
): Promise<EstimateRow[]> {
  const early = resolvedRows(await dir.rows<ResolutionRow>('running-statistics.jsonl'), kappasIn(information));
  if (early.length === 0) return [];
  const replaced = new Set(early.map((r) => r.epoch));
  const groups = new Set(early.map((r) => r.group));
  const later = information.filter((r) => r.estimator === 'resolved' && groups.has(r.group) && !replaced.has(r.epoch));
  return [...early, ...later];
}
