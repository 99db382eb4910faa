/**
 * The trace: what whoever trains elsewhere writes, and gets the same analysis. `run.json`, `samples`, and one probe per epoch in
 * `probes/`; docs/trace.md is its description. Everything is checked here, so that what follows need not.
 */
import { z } from 'zod';
import { shown, UserError } from '../base/errors.js';
import type { Tensor } from '../formats/safetensors.js';
import { type Arrays, readArrays } from './arrays.js';
import type { RunDirectory } from './directory.js';

/** `run.json` of a trace. Keys that are not named here are kept and not read. */
export const traceSchema = z.looseObject({
  format: z.literal(1, { error: '1 is the only format there is' }),
  stepsPerEpoch: z.int({ error: 'a number of steps' }).min(1, 'a number of steps from 1').optional(),
  classes: z
    .array(z.string(), { error: 'a list of class names' })
    .min(2, 'at least two class names')
    .max(100_000, 'at most 100 000 class names'),
  config: z.looseObject(
    {
      target: z.int({ error: 'a class number' }).min(0, 'a class number from 0'),
      attack: z.string().max(200).optional(),
      dataset: z.string().max(200).optional(),
      model: z.string().max(200).optional(),
      layer: z.array(z.string().max(200)).min(1, 'a list of names').optional(),
      epochs: z.int({ error: 'a number of epochs' }).min(1, 'a number of epochs from 1').max(1e7).optional(),
      probeSize: z.int({ error: 'a number of samples' }).min(10, 'a number of samples from 10').optional(),
      nullSplits: z.int({ error: 'a whole number' }).min(0, 'a whole number from 0').optional(),
      beta: z.number({ error: 'a number' }).min(0, 'a number from 0').optional(),
      window: z.int({ error: 'a whole number' }).min(1, 'a whole number from 1').optional(),
      critic: z.enum(['quick', 'paper'], { error: 'quick or paper' }).optional(),
      view: z.enum(['network', 'pixels'], { error: 'network or pixels' }).optional(),
      score: z.enum(['ibscope', 'authors-draft'], { error: 'ibscope or authors-draft' }).optional(),
      seed: z.int().min(0).optional(),
      poisonRate: z.number().min(0).max(1).optional(),
    },
    { error: 'an object with at least `target`' },
  ),
});

/** The same as JSON Schema (2020-12), for editors and other programs; `docs/trace.schema.json`. */
export function traceJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(traceSchema, { io: 'input' });
  return { $schema, title: 'run.json of an ibscope trace, version 1', ...schema };
}

export type TraceDocument = z.infer<typeof traceSchema>;

export interface Samples {
  n: number;
  /** [n, …]: uint8 images, int32 tokens, or float32 in whatever unit; null where the trace has none. */
  x: Tensor | null;
  /** The texts that `x`, int32 [n, length], are the tokens of; null of images. */
  texts: string[] | null;
  /** Label trained on, and the one before the attack, [n]. */
  label: Int32Array;
  originalLabel: Int32Array;
  poisoned: Uint8Array;
  cover: Uint8Array;
  /** Number of the sample in the training set, [n]. */
  index: Int32Array;
}

/** An array with NaN or infinity. One probe of a diverged training does not end the analysis of the others. */
export class NotFiniteError extends UserError {}

/** Numbers that one array may hold: 8 GB as float32. */
const MOST = 2 ** 31;

/** What was asked of the training. Throws `UserError` naming what is wrong with `run.json`. */
export async function readTrace(dir: RunDirectory): Promise<TraceDocument> {
  const parsed = traceSchema.safeParse(await dir.readDocument('run.json'));
  if (parsed.success) {
    const { classes, config } = parsed.data;
    if (config.target >= classes.length)
      throw new UserError(
        `${dir.path}/run.json: config.target is ${config.target}; there are ${classes.length} classes`,
      );
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  throw new UserError(`${dir.path}/run.json: ${issue.path.join('.') || 'it'} is not ${issue.message}`);
}

const words = (shape: readonly number[]) => `[${shape.join(', ')}]`;

/** The array of that name; throws where it is missing, of another kind, or not finite. */
function need(arrays: Arrays, where: string, name: string, kinds: Tensor['dtype'][], rank?: number): Tensor {
  const found = arrays[name];
  if (!found) {
    const there = Object.keys(arrays).slice(0, 20).map(shown).join(', ') || 'nothing';
    throw new UserError(`${where}: it has no array "${name}"; there is ${there}`);
  }
  if (!kinds.includes(found.dtype))
    throw new UserError(`${where}: "${name}" is ${found.dtype}; ${kinds.join(' or ')} is expected`);
  if (rank !== undefined && found.shape.length !== rank)
    throw new UserError(`${where}: "${name}" is ${words(found.shape)}; ${rank} axes are expected`);
  if (found.data.length > MOST)
    throw new UserError(`${where}: "${name}" is ${words(found.shape)}, more than can be read`);
  if (found.dtype === 'F32') {
    const bad = (found.data as Float32Array).findIndex((v) => !Number.isFinite(v));
    if (bad >= 0)
      throw new NotFiniteError(`${where}: "${name}" holds ${(found.data as Float32Array)[bad]} at position ${bad}`);
  }
  return found;
}

/** The texts of the samples; null where there are none. Throws `UserError` for places that are not in the bytes. */
function textsOf(arrays: Arrays, where: string, n: number): string[] | null {
  if (!arrays.text || !arrays.text_end) return null;
  const bytes = Buffer.from(need(arrays, where, 'text', ['U8'], 1).data as Uint8Array);
  const ends = need(arrays, where, 'text_end', ['I32'], 1).data as Int32Array;
  if (ends.length !== n || ends.some((end, i) => end < (ends[i - 1] ?? 0) || end > bytes.length))
    throw new UserError(`${where}: "text_end" is no rising list of ${n} places in "text"`);
  return Array.from(ends, (end, i) => bytes.subarray(ends[i - 1] ?? 0, end).toString());
}

/** The probed samples, checked. `original_label` may be left out (labels are then true), `cover` (none) and `index` (0, 1, …) too. */
export async function readSamples(dir: RunDirectory, classes: number): Promise<Samples> {
  const where = dir.samplesBase;
  const arrays = await readArrays(where);
  const label = need(arrays, where, 'label', ['I32', 'U8'], 1);
  const n = label.shape[0];
  if (n < 1) throw new UserError(`${where}: it holds no sample`);
  const same = (t: Tensor, name: string) => {
    if (t.shape[0] !== n) throw new UserError(`${where}: "${name}" has ${t.shape[0]} rows, "label" has ${n}`);
    return t;
  };
  const labels = (name: string, t: Tensor) => {
    const values = Int32Array.from(same(t, name).data as Int32Array);
    const stray = values.find((v) => v < 0 || v >= classes);
    if (stray !== undefined) throw new UserError(`${where}: "${name}" holds ${stray}; classes are 0 to ${classes - 1}`);
    return values;
  };
  const flags = (name: string) => {
    if (!arrays[name]) return new Uint8Array(n);
    const values = same(need(arrays, where, name, ['BOOL', 'U8', 'I32'], 1), name).data;
    return Uint8Array.from(values as Uint8Array, (v) => {
      if (v !== 0 && v !== 1) throw new UserError(`${where}: "${name}" holds ${v}; 0 or 1 is expected`);
      return v;
    });
  };
  const trained = labels('label', label);
  return {
    n,
    x: arrays.x ? same(need(arrays, where, 'x', ['U8', 'F32', 'I32']), 'x') : null,
    texts: textsOf(arrays, where, n),
    label: trained,
    originalLabel: arrays.original_label
      ? labels('original_label', need(arrays, where, 'original_label', ['I32', 'U8'], 1))
      : trained.slice(),
    poisoned: flags('poisoned'),
    cover: flags('cover'),
    index: arrays.index
      ? Int32Array.from(same(need(arrays, where, 'index', ['I32', 'U8'], 1), 'index').data as Int32Array)
      : Int32Array.from({ length: n }, (_, i) => i),
  };
}

/**
 * The arrays of one probe, checked against `n` samples: `t` [k, n, d] and `logits` [k, n, c], and those that may be left out.
 * `needed`: those that may not be here.
 */
export async function readProbeArrays(
  dir: RunDirectory,
  epoch: number,
  n: number,
  needed: readonly string[] = [],
): Promise<Arrays> {
  const where = dir.probeBase(epoch);
  const arrays = await readArrays(where);
  const t = need(arrays, where, 't', ['F32'], 3);
  const [draws] = t.shape;
  if (draws < 1 || t.shape[2] < 1)
    throw new UserError(`${where}: "t" is ${words(t.shape)}; [draws, samples, columns] is expected`);
  const check = (name: string, shape: (number | null)[]) => {
    const found = need(arrays, where, name, ['F32'], shape.length);
    if (shape.some((want, i) => want !== null && found.shape[i] !== want))
      throw new UserError(
        `${where}: "${name}" is ${words(found.shape)}; [${shape.map((s) => s ?? 'any').join(', ')}] is expected`,
      );
  };
  check('t', [draws, n, null]);
  check('logits', [draws, n, null]);
  for (const name of needed) need(arrays, where, name, ['F32']);
  if (arrays.t_mean) check('t_mean', [draws, n, t.shape[2]]);
  if (arrays.t_noise_free) check('t_noise_free', [n, null]);
  if (arrays.t_noise_std) check('t_noise_std', [1]);
  if (arrays.head_weight) check('head_weight', [arrays.logits.shape[2], t.shape[2]]);
  if (arrays.head_noise_std) check('head_noise_std', [1]);
  if (arrays.head_noise_std && !((arrays.head_noise_std.data as Float32Array)[0] > 0))
    throw new UserError(`${where}: "head_noise_std" is ${arrays.head_noise_std.data[0]}; more than 0 is expected`);
  return arrays;
}
