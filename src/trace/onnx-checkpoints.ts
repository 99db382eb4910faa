/** Checkpoints of somebody else's training, ONNX files or state dicts of PyTorch: run on the samples of a data set, they become a trace. */

import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../base/errors.js';
import { type RunHooks, Stopped } from '../base/progress.js';
import { Rng } from '../base/random.js';
import type { RunConfig, RunRequest } from '../config/options.js';
import { resolveConfig } from '../config/resolve.js';
import { readFolder } from '../datasets/directory.js';
import { balancedChoice } from '../datasets/limits.js';
import type { ImageSet } from '../datasets/types.js';
import { tensor, writeSafetensors } from '../formats/safetensors.js';
import type { ForeignNetwork, Layer, Normalization, Pass } from '../models/foreign.js';
import { imagesOf, type PreparedImages, prepare } from '../pipeline/prepare.js';
import { poisonedShare } from '../poisoning/poisoned-set.js';
import { FORMAT, RunDirectory } from '../runs/directory.js';
import { writeSamples } from '../runs/samples.js';
import { VERSION } from '../version.js';
import { checkCheckpoint, layersOfCheckpoint, openCheckpoint } from './checkpoint-files.js';
import { epochsOfNames } from './epoch-names.js';

export interface OnnxRequest {
  /** Paths; a `*` in a file's name stands for any characters. */
  files: string[];
  /** Module, value or node whose output is T; undefined: only say which there are. */
  layer?: string;
  normalization: Normalization | null;
  /** Regular expression whose first group is the epoch in a file's name; by default the names say it. */
  epochsFrom?: string;
}

/** Test images that accuracy and ASR of a checkpoint are counted on, where no limit says how many. */
const TESTED = 2000;
/** Samples of a group where nothing is said. */
const GROUP = 500;

const CHECKPOINT = /\.(onnx|pth?)$/i;

/** The files by their epoch (`epochsOfNames`), in its order. Throws `UserError` where there are none, or two of one epoch. */
export async function filesByEpoch(patterns: readonly string[], epochsFrom?: string): Promise<Map<number, string>> {
  const files: string[] = [];
  for (const pattern of patterns) files.push(...(await matching(pattern)));
  const epochs = epochsOfNames(files, epochsFrom);
  const found = new Map<number, string>();
  for (const [i, file] of files.entries()) {
    const epoch = epochs[i];
    const other = found.get(epoch);
    if (other !== undefined && other !== file)
      throw new UserError(`--onnx: ${other} and ${file} are both of epoch ${epoch}`);
    if (epoch < 1) throw new UserError(`--onnx ${file}: its epoch is ${epoch}; epochs are counted from 1`);
    found.set(epoch, file);
  }
  return new Map([...found].sort(([a], [b]) => a - b));
}

async function matching(pattern: string): Promise<string[]> {
  if ((await stat(pattern).catch(() => null))?.isDirectory()) {
    const files = (await readFolder(pattern)).filter((e) => e.isFile() && CHECKPOINT.test(e.name));
    if (files.length === 0) throw new UserError(`--onnx ${pattern}: no file in it ends in .onnx, .pt or .pth`);
    return files.map((e) => join(pattern, e.name));
  }
  const [folder, name] = [dirname(pattern), basename(pattern)];
  if (!name.includes('*')) return [pattern];
  const parts = name.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const wanted = new RegExp(`^${parts.join('.*')}$`);
  const inside = await readdir(folder).catch(() => []);
  const files = inside.filter((f) => wanted.test(f)).map((f) => join(folder, f));
  if (files.length === 0) throw new UserError(`--onnx ${pattern}: no file is called so`);
  return files;
}

const configOf = (options: RunRequest): RunConfig =>
  resolveConfig({ probeSize: GROUP, attack: options.manifest === undefined ? 'none' : undefined, ...options });

/** The layers of the first file, with their shapes for one image. */
export async function layersOfOnnx(
  { files, epochsFrom }: OnnxRequest,
  options: RunRequest,
  hooks: RunHooks,
): Promise<{ file: string; layers: (Layer & { shape: number[] })[] }> {
  const [file] = (await filesByEpoch(files, epochsFrom)).values();
  const { test, dataset } = imagesOf(await prepare(configOf(options), hooks));
  return { file, layers: await layersOfCheckpoint(file, test, dataset.classes.length) };
}

/**
 * Writes the trace of the checkpoints into `out`, or resumes the one that is there: samples of all groups, and per file a
 * probe with `draws` draws of N(0, noise²) on every unit of the layer, and accuracy and ASR on test images without noise.
 */
export async function traceOfOnnx(
  { files, layer, normalization, epochsFrom }: OnnxRequest & { layer: string },
  options: RunRequest,
  out: string,
  hooks: RunHooks,
): Promise<void> {
  const byEpoch = await filesByEpoch(files, epochsFrom);
  const config = configOf(options);
  if (config.noise === 0)
    throw new UserError('--noise 0: without noise I(X;T) of a network is infinite; give it some, such as 0.4');
  const data = imagesOf(await prepare(config, hooks));
  for (const note of data.dataset.notes ?? []) hooks.line?.(note);
  const { channels } = data.poisoned;
  for (const [flag, list] of Object.entries(normalization ?? {}))
    if (![1, channels].includes(list.length))
      throw new UserError(
        `--${flag} ${list.join(',')}: one number or one per channel is expected; the images have ${channels}`,
      );
  const rows = data.groups.samples;
  // Before anything is written.
  for (const file of byEpoch.values()) await checkCheckpoint(file, layer, data.poisoned, data.dataset.classes.length);
  // What decides a probe: a folder with probes of another request is not resumed.
  const request = {
    files: [...byEpoch.values()],
    layer,
    normalization,
    noise: config.noise,
    draws: config.draws,
    data: data.hash,
  };
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([request, config.seed, [...rows]]))
    .digest('hex');
  const [last] = [...byEpoch.keys()].slice(-1);
  const document = {
    format: FORMAT,
    version: VERSION,
    classes: data.dataset.classes,
    created: new Date().toISOString(),
    config: {
      target: data.target,
      attack: config.attack,
      dataset: config.dataset,
      model: basename(files[0]),
      layer: [layer],
      epochs: last,
      seed: config.seed,
      ...(config.manifest === undefined ? {} : { poisonRate: poisonedShare(data.poisoned) }),
    },
    onnx: { ...request, fingerprint },
  };
  const dir = await RunDirectory.open(out, true);
  try {
    const before = await dir.readDocument<typeof document>('run.json');
    if (before && before.onnx?.fingerprint !== fingerprint)
      throw new UserError(`--out ${out}: it holds another analysis; name another folder`);
    if (!before) {
      await writeSamples(dir, data.poisoned, rows);
      await dir.writeDocument('run.json', document);
    }
    await probeFiles(dir, byEpoch, { layer, normalization, data, config }, hooks);
  } finally {
    dir.unlock();
  }
}

/** What every file is probed with. */
interface Probing {
  layer: string;
  normalization: OnnxRequest['normalization'];
  data: PreparedImages;
  config: RunConfig;
}

/** Probes every file that has no probe yet. */
async function probeFiles(
  dir: RunDirectory,
  byEpoch: ReadonlyMap<number, string>,
  probing: Probing,
  hooks: RunHooks,
): Promise<void> {
  const there = new Set(await dir.probes());
  for (const [epoch, file] of byEpoch) {
    if (there.has(epoch)) continue;
    hooks.progress?.({
      phase: 'probe',
      stage: `probes of ${basename(file)}`,
      done: there.size,
      total: byEpoch.size,
      unit: 'files',
    });
    const { layer, normalization, data } = probing;
    const network = await openCheckpoint(file, layer, normalization, data.poisoned, data.dataset.classes.length);
    try {
      await probe(dir, network, epoch, probing);
    } finally {
      await network.close();
    }
    there.add(epoch);
    if (hooks.shouldStop?.()) throw new Stopped('stopped; what is probed is kept');
  }
}

async function probe(
  dir: RunDirectory,
  network: ForeignNetwork,
  epoch: number,
  { data, config: { draws, noise, seed, testLimit } }: Probing,
): Promise<void> {
  const { poisoned, test, triggered, dataset } = data;
  const rows = data.groups.samples;
  const passes: (Pass & { space: number })[] = [];
  for (let k = 0; k < draws; k++)
    passes.push(await network.pass(poisoned, rows, noise, new Rng(seed, 'onnx noise', epoch, k)));
  const n = rows.length;
  const stack = (key: keyof Pass) => {
    const d = passes[0][key].length / n;
    const all = new Float32Array(draws * n * d);
    passes.forEach((pass, k) => {
      all.set(pass[key], k * n * d);
    });
    return tensor(all, [draws, n, d]);
  };
  const free = passes[0].mean;
  const classes = passes[0].logits.length / n;
  if (classes !== dataset.classes.length)
    throw new UserError(
      `epoch ${epoch}: its first output has ${classes} values an image; there are ${dataset.classes.length} classes`,
    );
  const accuracy = async (set: ImageSet | null) => {
    if (!set || set.n === 0) return null;
    const most = testLimit === undefined ? TESTED : set.n;
    const some = balancedChoice(set.labels, classes, Math.min(most, set.n), seed, 'onnx test');
    const { logits } = await network.pass(set, some, 0, new Rng(seed));
    return some.reduce((sum, row, i) => sum + Number(largest(logits, i, classes) === set.labels[row]), 0) / some.length;
  };
  dir.append('events.jsonl', [
    {
      event: 'epoch',
      epoch,
      testAccuracy: await accuracy(test),
      asr: await accuracy(triggered),
      classLoss: [],
      classAccuracy: [],
    },
  ]);
  await writeSafetensors(dir.probe(epoch), {
    t: stack('t'),
    t_mean: stack('mean'),
    t_noise_free: tensor(free, [n, free.length / n]),
    t_noise_std: tensor(Float32Array.of(noise / Math.sqrt(passes[0].space)), [1]),
    logits: stack('logits'),
  });
}

function largest(logits: Float32Array, row: number, classes: number): number {
  let best = 0;
  for (let c = 1; c < classes; c++) if (logits[row * classes + c] > logits[row * classes + best]) best = c;
  return best;
}
