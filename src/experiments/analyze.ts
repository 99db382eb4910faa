/**
 * The analysis of a training that was not ours: estimates, phases, score and report from its trace, as for an own run. Results lie
 * in the trace's folder, beside what its owner wrote, none of which is changed.
 */
import { stat } from 'node:fs/promises';
import { UserError } from '../base/errors.js';
import type { EstimateRow } from '../dynamics/index.js';
import type { Tensor } from '../formats/safetensors.js';
import type { CheckpointData } from '../information/checkpoint.js';
import type { Matrix } from '../information/columns.js';
import { type GroupPlan, planGroups } from '../information/groups.js';
import { type Arrays, findArrays } from '../runs/arrays.js';
import { RunDirectory } from '../runs/directory.js';
import { readProbeArrays, readSamples, readTrace, type Samples, type TraceDocument } from '../runs/trace.js';
import { type RunConfig, type RunRequest, resolveConfig } from './config.js';
import type { GroupsDocument } from './documents.js';
import { recordEstimates } from './estimate.js';
import { type RunHooks, Stopped } from './hooks.js';
import { makeEmbedding } from './representation.js';
import { finish, type RunResult } from './result.js';

export interface AnalyzeRequest {
  path: string;
  /** Options of the analysis: critic, view, beta, window, score, probe size, null splits, seed. */
  options: RunRequest;
  /** Goes on looking for new probes until the last epoch is there, or until it is stopped. */
  follow: boolean;
}

/** Options that an analysis takes; all others belong to the training. */
export const ANALYSIS_OPTIONS = [
  'probeSize',
  'nullSplits',
  'critic',
  'view',
  'beta',
  'window',
  'score',
  'seed',
] as const;

/** Milliseconds between looks for a new probe, and how long a file that cannot be read yet may still be being written. */
const LOOK = 500;
const WRITING = 30_000;

export async function analyze({ path, options, follow }: AnalyzeRequest, hooks: RunHooks): Promise<RunResult> {
  await RunDirectory.read(path);
  const dir = await RunDirectory.open(path, true);
  try {
    const trace = await readTrace(dir);
    const samples = await readSamples(dir, trace.classes.length);
    const config = await configOf(dir, trace, samples, options);
    const plan = planOf(trace, samples, config);
    await begin(dir, config, plan);
    if (plan.groups.size === 0)
      throw new UserError(`${path}: no group has 100 samples; record more of them, or fewer classes`);
    await estimateAll(dir, trace, samples, config, plan, follow, hooks);
    await makeEmbedding(dir, 'umap', config.seed, (done, total) =>
      hooks.progress?.({ stage: 'picture of T', done, total, unit: 'checkpoints' }),
    );
    return await finish(dir);
  } finally {
    dir.unlock();
  }
}

/** What the run's own documents say, and for the rest the quick preset; X is read through φ where the probes have it. */
async function configOf(
  dir: RunDirectory,
  trace: TraceDocument,
  samples: Samples,
  options: RunRequest,
): Promise<RunConfig> {
  const epochs = await dir.probes();
  if (epochs.length === 0) throw new UserError(`${dir.path}/probes: no probe there, such as epoch-0001.npz`);
  const given = trace.config as Partial<RunConfig>;
  const quick = resolveConfig({ ...options, attack: 'none' });
  const first = await readProbeArrays(dir, epochs[0], samples.n);
  const view = (options.view ?? given.view ?? (first.t_noise_free ? 'network' : 'pixels')) as RunConfig['view'];
  if (view === 'network' && !first.t_noise_free)
    throw new UserError(`--critic-view network: the probes have no "t_noise_free"; --critic-view pixels reads "x"`);
  if (view === 'pixels' && !samples.x)
    throw new UserError(
      `${dir.samplesBase}: it has no "x", and the probes have no "t_noise_free": nothing stands for X`,
    );
  const chosen = Object.fromEntries(
    ANALYSIS_OPTIONS.flatMap((key) => (options[key] === undefined ? [] : [[key, quick[key]]])),
  );
  const share = samples.poisoned.reduce((a, b) => a + b, 0) / samples.n;
  return {
    ...quick,
    dataset: 'trace',
    model: 'trace',
    probeSize: 500,
    poisonRate: share > 0 ? share : quick.poisonRate,
    ...given,
    attack: given.attack ?? (share > 0 ? 'unknown' : 'none'),
    layer: given.layer ?? ['t'],
    epochs: given.epochs ?? epochs[epochs.length - 1],
    checkpoints: epochs,
    width: given.width as number,
    ...chosen,
    view,
  };
}

function planOf(trace: TraceDocument, samples: Samples, config: RunConfig): GroupPlan {
  const plan = planGroups({
    labels: samples.label,
    poisoned: samples.poisoned,
    cover: samples.cover,
    classes: trace.classes.length,
    target: trace.config.target,
    limit: config.probeSize,
    nullSplits: config.nullSplits,
    pretended: Math.round(config.poisonRate * samples.n),
    seed: config.seed,
  });
  return plan;
}

/** Writes what the analysis was asked and the groups it chose; estimates made otherwise are made anew. */
async function begin(dir: RunDirectory, config: RunConfig, { groups, samples, size, leftOut }: GroupPlan) {
  const before = await dir.readDocument<{ config: RunConfig }>('analysis.json');
  const asked = (c: RunConfig | undefined) => JSON.stringify(c && ANALYSIS_OPTIONS.map((key) => c[key]));
  const same = ['beta', 'window', 'score'];
  const estimated = (c: RunConfig | undefined) =>
    JSON.stringify(c && ANALYSIS_OPTIONS.filter((key) => !same.includes(key)).map((key) => c[key]));
  if (before && estimated(before.config) !== estimated(config))
    await dir.cut<EstimateRow>('information.jsonl', () => false);
  if (
    asked(before?.config) !== asked(config) ||
    JSON.stringify(before?.config.checkpoints) !== JSON.stringify(config.checkpoints)
  )
    await dir.writeDocument('analysis.json', { config });
  const document: GroupsDocument = {
    size,
    leftOut: Object.fromEntries(leftOut),
    // By their rows in the samples' file, which holds more than the groups do.
    groups: Object.fromEntries([...groups].map(([id, at]) => [id, Array.from(at, (i) => samples[i])])),
  };
  await dir.writeDocument('groups.json', document);
}

async function estimateAll(
  dir: RunDirectory,
  trace: TraceDocument,
  samples: Samples,
  config: RunConfig,
  plan: GroupPlan,
  follow: boolean,
  hooks: RunHooks,
): Promise<void> {
  const known = new Set((await dir.rows<EstimateRow>('information.jsonl')).map((r) => r.epoch));
  for (;;) {
    for (const epoch of await dir.probes()) {
      if (known.has(epoch)) continue;
      const arrays = await whole(dir, epoch, samples.n, follow);
      if (!arrays) continue;
      await recordEstimates(dir, epoch, config, async () => dataOf(arrays, samples, trace, config, plan), hooks);
      known.add(epoch);
      hooks.line?.(`epoch ${epoch}: estimated`);
      if (hooks.shouldStop?.())
        throw new Stopped('stopped; what is estimated is kept. To go on, give the same command.');
    }
    if (!follow || known.has(config.epochs)) return;
    if (hooks.shouldStop?.()) {
      if (known.size === 0) throw new Stopped('stopped before the first probe was there.');
      return;
    }
    hooks.progress?.({
      stage: `waiting for a probe after epoch ${Math.max(0, ...known)}`,
      done: 0,
      total: 1,
      unit: '',
    });
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}

/** A probe's arrays; null where it is still being written. */
async function whole(dir: RunDirectory, epoch: number, n: number, follow: boolean): Promise<Arrays | null> {
  try {
    return await readProbeArrays(dir, epoch, n);
  } catch (error) {
    const path = await findArrays(dir.probeBase(epoch));
    const age = path ? Date.now() - (await stat(path)).mtimeMs : 0;
    if (follow && age < WRITING) return null;
    throw error;
  }
}

/** What the critics read: the rows of the groups only, so that a large trace takes no more than its groups. */
function dataOf(
  arrays: Arrays,
  samples: Samples,
  trace: TraceDocument,
  config: RunConfig,
  plan: GroupPlan,
): CheckpointData {
  const rows = plan.samples;
  const gather = (data: Float32Array | Uint8Array, at: number, d: number, scale = 1): Matrix => {
    const out = new Float32Array(rows.length * d);
    rows.forEach((r, i) => {
      for (let j = 0; j < d; j++) out[i * d + j] = data[at + r * d + j] * scale;
    });
    return { data: out, n: rows.length, d };
  };
  const draws = ({ shape: [k, n, d], data }: Tensor) =>
    Array.from({ length: k }, (_, i) => gather(data as Float32Array, i * n * d, d));
  const x = config.view === 'network' ? arrays.t_noise_free : samples.x!;
  // Bytes are images, as the model sees them in [0, 1].
  const scale = x.dtype === 'U8' ? 1 / 255 : 1;
  return {
    x: gather(x.data as Float32Array, 0, x.data.length / x.shape[0], scale),
    t: draws(arrays.t),
    logits: draws(arrays.logits),
    labels: Int32Array.from(rows, (r) => samples.originalLabel[r]),
    classes: trace.classes.length,
    groups: plan.groups,
  };
}
