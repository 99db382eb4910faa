/**
 * The analysis of a training that ibscope did not run: estimates, phases, score and report from its trace. Results are written into
 * the trace's folder; the files that are there are not changed.
 */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { flagOf } from '../config/flags.js';
import { instrumentsOf, type RunConfig, type RunRequest } from '../config/options.js';
import { resolveConfig } from '../config/resolve.js';
import type { EstimateRow } from '../dynamics/index.js';
import type { Tensor } from '../formats/safetensors.js';
import type { CheckpointData } from '../information/checkpoint.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import { type GroupPlan, planGroups } from '../information/groups.js';
import { makeEmbedding } from '../pipeline/embedding.js';
import { recordEstimates } from '../pipeline/estimate.js';
import { AGAIN_OPTIONS, type AgainOptions, reanalyze } from '../pipeline/reanalyze.js';
import { finish } from '../pipeline/result.js';
import { type Arrays, findArrays } from '../runs/arrays.js';
import { RunDirectory } from '../runs/directory.js';
import type { RunResult } from '../runs/documents.js';
import { groupsDocument, type SkippedMoment } from '../runs/documents.js';
import { tensorDraws } from '../runs/probes.js';
import {
  NotFiniteError,
  readProbeArrays,
  readSamples,
  readTrace,
  type Samples,
  type TraceDocument,
} from '../runs/trace.js';
import { ANALYSIS_OPTIONS } from './options.js';

export interface AnalyzeRequest {
  path: string;
  /** Options of the analysis: critic, view, beta, window, score, probe size, null splits, seed. */
  options: RunRequest;
  /** Waits for new probes until the last epoch is there, or until it is stopped. */
  follow: boolean;
}

/** Milliseconds between two searches for a new probe, and the age up to which an unreadable file counts as being written. */
const SEARCH_EVERY = 500;
const WRITING = 30_000;

/**
 * Analyses a trace, or a run of ibscope anew. Throws `UserError` for a folder that holds neither, and for options that do not apply.
 */
export async function analyze({ path, options, follow }: AnalyzeRequest, hooks: RunHooks): Promise<RunResult> {
  if (!(await stat(join(path, 'run.json')).catch(() => null)))
    throw new UserError(`${path}: no trace there (it has no run.json); docs/trace.md says how to record one`);
  if (await isOwnRun(path)) return reanalyze(path, ownOptions(options, follow), hooks);
  const dir = await RunDirectory.open(path, true);
  try {
    const trace = await readTrace(dir);
    const samples = await readSamples(dir, trace.classes.length);
    if (follow) await firstProbe(dir, samples.n, hooks);
    const config = await configOfTrace(dir, trace, samples, options, hooks);
    const plan = planOf(trace, samples, config);
    if (plan.groups.size === 0)
      throw new UserError(`${path}: no group has 100 samples; record more of them, or fewer classes`);
    await begin(dir, config, plan);
    const until = follow ? (trace.config.epochs ?? Number.POSITIVE_INFINITY) : config.epochs;
    const skipped = await estimateAll(dir, { trace, samples, config, plan }, follow ? until : null, hooks);
    await dir.writeDocument('analysis.json', { config: { ...config, checkpoints: await dir.probes() }, skipped });
    await makeEmbedding(dir, 'umap', config.seed, (done, total) =>
      hooks.progress?.({ phase: 'embed', stage: 'UMAP of T', done, total, unit: 'checkpoints' }),
    );
    return await finish(dir);
  } finally {
    dir.unlock();
  }
}

/** Whether a folder holds a run that ibscope made, with its estimates: it has some, and no analysis of a trace made them. */
async function isOwnRun(path: string): Promise<boolean> {
  const dir = await RunDirectory.read(path);
  const analysis = await dir.readDocument<{ config: Partial<RunConfig> }>('analysis.json');
  return analysis?.config.checkpoints === undefined && (await dir.has(join(path, 'information.jsonl')));
}

/** The options of an own run's analysis, checked. Throws `UserError` for those that would need other groups or other critics. */
function ownOptions(options: RunRequest, follow: boolean): AgainOptions {
  const stray = Object.keys(options).find(
    (key) => options[key as keyof RunRequest] !== undefined && !(AGAIN_OPTIONS as readonly string[]).includes(key),
  );
  if (stray !== undefined || follow)
    throw new UserError(
      `${stray === undefined ? '--follow' : flagOf(stray)}: this is a run of ibscope, whose groups are chosen; ${AGAIN_OPTIONS.map(flagOf).join(', ')} are allowed. For the others, copy run.json, samples and probes into a folder of their own`,
    );
  const checked = resolveConfig({ ...options, attack: 'none' });
  return Object.fromEntries(
    AGAIN_OPTIONS.filter((key) => options[key] !== undefined).map((key) => [key, checked[key]]),
  );
}

/** Waits until there is a probe that can be read. */
async function firstProbe(dir: RunDirectory, n: number, hooks: RunHooks): Promise<void> {
  for (;;) {
    const [first] = await dir.probes();
    if (first !== undefined && (await whole(dir, first, n, [], true))) return;
    if (hooks.shouldStop?.()) throw new Stopped('stopped before the first probe was there');
    await wait('waiting for the first probe', hooks);
  }
}

async function wait(stage: string, hooks: RunHooks): Promise<void> {
  hooks.progress?.({ phase: 'wait', stage, done: 0, total: 1, unit: '' });
  await new Promise((resolve) => setTimeout(resolve, SEARCH_EVERY));
}

/** What the run's own documents say, and for the rest the quick preset; X is read through φ where the probes have it. */
async function configOfTrace(
  dir: RunDirectory,
  trace: TraceDocument,
  samples: Samples,
  options: RunRequest,
  hooks: RunHooks,
): Promise<RunConfig> {
  const epochs = await dir.probes();
  if (epochs.length === 0) throw new UserError(`${dir.path}/probes: no probe there, such as epoch-0001.npz`);
  const given = trace.config as Partial<RunConfig>;
  const first = await firstFinite(dir, epochs, samples.n);
  const why = unresolvableTrace(first);
  const asked = options.instrument as string[] | undefined;
  if (why && asked?.includes('resolved')) throw new UserError(`--instrument resolved: ${why}`);
  if (why && asked === undefined) hooks.line?.(`critics take the place of resolved information: ${why}`);
  const instrument = asked ?? (why ? ['critics'] : (given.instrument ?? ['resolved']));
  const quick = resolveConfig({ ...options, instrument, attack: 'none' });
  const view = (options.view ?? given.view ?? (first.t_noise_free ? 'network' : 'pixels')) as RunConfig['view'];
  if (view === 'network' && !first.t_noise_free)
    throw new UserError(`--critic-view network: the probes have no "t_noise_free"; --critic-view pixels reads "x"`);
  if (view === 'pixels' && (!samples.x || samples.texts))
    throw new UserError(`${dir.samplesBase}: it has no "x", and the probes have no "t_noise_free": no array holds X`);
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
    layer: [given.layer?.[0] ?? 't'],
    epochs: given.epochs ?? Math.ceil(epochs[epochs.length - 1]),
    checkpoints: epochs,
    width: given.width as number,
    ...chosen,
    draws: first.t.shape[0],
    instrument: quick.instrument,
    view,
  };
}

/** The first probe whose numbers are all finite. Throws the error of the first probe where there is none. */
async function firstFinite(dir: RunDirectory, epochs: readonly number[], n: number): Promise<Arrays> {
  let first: NotFiniteError | undefined;
  for (const epoch of epochs)
    try {
      return await readProbeArrays(dir, epoch, n);
    } catch (error) {
      if (!(error instanceof NotFiniteError)) throw error;
      first ??= error;
    }
  throw first!;
}

/** What resolved information lacks in a trace; null where it can be measured. */
function unresolvableTrace({ t, t_noise_free, head_weight, head_noise_std }: Arrays): string | null {
  if (t.shape[0] < 2) return 'one noise draw a sample does not show the noise';
  if (!t_noise_free) return 'the probes have no "t_noise_free"';
  if (t_noise_free.shape[1] !== t.shape[2]) return '"t_noise_free" has other columns than "t"';
  if (!head_weight || !head_noise_std)
    return 'the probes have no "head_weight" and "head_noise_std", the law of the logits given T';
  return null;
}

function planOf(trace: TraceDocument, samples: Samples, config: RunConfig): GroupPlan {
  return planGroups({
    labels: samples.label,
    poisoned: samples.poisoned,
    cover: samples.cover,
    classes: trace.classes.length,
    target: trace.config.target,
    limit: config.probeSize,
    nullSplits: config.nullSplits,
    sharedNull: instrumentsOf(config).includes('resolved'),
    pretended: Math.round(config.poisonRate * samples.n),
    seed: config.seed,
  });
}

/** Writes the analysis's options and groups; estimates made with other options are removed. */
async function begin(dir: RunDirectory, config: RunConfig, plan: GroupPlan) {
  const before = await dir.readDocument<{ config: RunConfig }>('analysis.json');
  // These options do not change the estimates; any other removes them and all that follows from them.
  const later: readonly string[] = ['beta', 'window', 'score'];
  const asked = (c: RunConfig) =>
    JSON.stringify(
      ANALYSIS_OPTIONS.filter((key) => !later.includes(key)).map((key) =>
        key === 'instrument' ? instrumentsOf(c) : c[key],
      ),
    );
  if (before && asked(before.config) !== asked(config)) await dir.forgetEstimates();
  await dir.writeDocument('analysis.json', { config });
  // By their rows in the samples' file, which holds more than the groups do.
  await dir.writeDocument(
    'groups.json',
    groupsDocument(plan, (i) => plan.samples[i]),
  );
}

/** A trace as it was read, and what its analysis was asked. */
interface Analyzed {
  trace: TraceDocument;
  samples: Samples;
  config: RunConfig;
  plan: GroupPlan;
}

/** Estimates every probe. Returns those that cannot be, with the reason. */
async function estimateAll(
  dir: RunDirectory,
  { trace, samples, config, plan }: Analyzed,
  /** The epoch up to which new probes are waited for; null: only what is there. */
  until: number | null,
  hooks: RunHooks,
): Promise<SkippedMoment[]> {
  const skipped: SkippedMoment[] = [];
  const needed = config.view === 'network' ? ['t_noise_free'] : [];
  const known = new Set((await dir.rows<EstimateRow>('information.jsonl')).map((r) => r.epoch));
  for (;;) {
    for (const epoch of await dir.probes()) {
      if (known.has(epoch)) continue;
      const arrays = await whole(dir, epoch, samples.n, needed, until !== null);
      if (!arrays) continue;
      if (arrays instanceof NotFiniteError) {
        skipped.push({ epoch, reason: arrays.message.replace(`${dir.path}/`, '') });
        known.add(epoch);
        hooks.line?.(`epoch ${epoch}: not estimated; ${arrays.message}`);
        continue;
      }
      await recordEstimates(dir, epoch, config, async () => dataOf(arrays, samples, trace, config, plan), hooks);
      known.add(epoch);
      hooks.line?.(`epoch ${epoch}: estimated`);
      if (hooks.shouldStop?.()) throw new Stopped('stopped; what is estimated is kept');
    }
    if (until === null || known.has(until) || hooks.shouldStop?.()) return skipped;
    await wait(`waiting for a probe after epoch ${Math.max(0, ...known)}`, hooks);
  }
}

/** A probe's arrays; null where it is still being written, an error where it holds numbers that are not finite. */
async function whole(
  dir: RunDirectory,
  epoch: number,
  n: number,
  needed: readonly string[],
  follow: boolean,
): Promise<Arrays | NotFiniteError | null> {
  try {
    return await readProbeArrays(dir, epoch, n, needed);
  } catch (error) {
    if (error instanceof NotFiniteError) return error;
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
  const draws = (t: Tensor) => tensorDraws(t).map((draw) => rowsOf(draw, rows));
  return {
    x: inputOf(config.view === 'network' ? arrays.t_noise_free : samples.x!, rows),
    t: draws(arrays.t),
    logits: draws(arrays.logits),
    labels: Int32Array.from(rows, (r) => samples.originalLabel[r]),
    classes: trace.classes.length,
    groups: plan.groups,
    channel: channelOfTrace(arrays, rows),
  };
}

/** T̄ and the last layer, where a trace has both. */
function channelOfTrace(arrays: Arrays, rows: Int32Array): CheckpointData['channel'] {
  if (unresolvableTrace(arrays)) return undefined;
  const { t_noise_free, head_weight, head_noise_std } = arrays;
  const noiseFree = rowsOf(tensorDraws({ ...t_noise_free, shape: [1, ...t_noise_free.shape] })[0], rows);
  const gamma = (head_noise_std.data as Float32Array)[0];
  return {
    noiseFree,
    head: { weights: head_weight.data as Float32Array, classes: head_weight.shape[0], gamma },
  };
}

/** Rows of X, [n, …]; bytes are images, as the model sees them in [0, 1]. */
function inputOf({ dtype, shape: [n], data }: Tensor, rows: Int32Array): Matrix {
  const d = data.length / n;
  if (dtype === 'F32') return rowsOf({ data: data as Float32Array, n, d }, rows);
  const out = new Float32Array(rows.length * d);
  rows.forEach((r, i) => {
    for (let j = 0; j < d; j++) out[i * d + j] = (data as Uint8Array)[r * d + j] * (1 / 255);
  });
  return { data: out, n: rows.length, d };
}
