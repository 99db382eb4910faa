/** The untrusted data set: images or texts, and the labels they came with. Nothing else that lies beside them is read. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError, unknownWord } from '../base/errors.js';
import { cifar10 } from '../datasets/cifar10.js';
import { cifar100 } from '../datasets/cifar100.js';
import { readLabelled } from '../datasets/folder.js';
import { refuseHdf5 } from '../datasets/hdf5.js';
import { indicesByClass } from '../datasets/limits.js';
import { holdsArrays, readLabelledNpz } from '../datasets/npz.js';
import { parquetFiles, readLabelledParquet } from '../datasets/parquet.js';
import { labelledTexts } from '../datasets/texts/splits.js';
import { holdsTexts, splitsAt } from '../datasets/texts/text.js';
import type { DatasetSource, ImageSet, TextColumns, TextSet } from '../datasets/types.js';
import type { Tensor } from '../formats/safetensors.js';
import { drawsOf, type Matrix } from '../information/columns.js';
import { RunDirectory } from '../runs/directory.js';
import { readProbeArrays, readSamples, readTrace } from '../runs/trace.js';
import { CHECKPOINT_SHARES, type Checkpoint, losses } from './checkpoint.js';
import { FEWEST_SAMPLES } from './clusters.js';
import { FEWEST_OTHERS } from './evidence.js';

/** A labelled set as it was found, with the names of its classes. */
export interface Untrusted<S extends ImageSet | TextSet = ImageSet | TextSet> {
  path: string;
  kind: 'folder' | 'npz' | 'parquet' | 'cifar' | 'trace' | 'texts';
  classes: string[];
  set: S;
  /** Of a trace: number of each sample in the set that was trained on, [n]. */
  index?: Int32Array;
  /** What is to be said of the set. */
  notes?: string[];
}

/** A labelled set of images, and one of texts. */
export type UntrustedImages = Untrusted<ImageSet>;
export type UntrustedTexts = Untrusted<TextSet>;

export const isOfTexts = (untrusted: Untrusted): untrusted is UntrustedTexts => 'texts' in untrusted.set;

const statOf = (path: string) => stat(path).catch(() => null);

/** Releases of CIFAR, and the files that tell each. */
const CIFAR: readonly (readonly [source: DatasetSource, files: readonly string[]])[] = [
  [
    cifar10,
    ['', 'cifar-10-batches-py/', 'cifar-10-batches-bin/'].flatMap((d) => [`${d}data_batch_1`, `${d}data_batch_1.bin`]),
  ],
  [cifar100, ['meta', 'train.bin', 'cifar-100-python/meta', 'cifar-100-binary/train.bin']],
];

/** The release of CIFAR in a folder. */
async function cifarIn(path: string): Promise<DatasetSource | undefined> {
  for (const [source, files] of CIFAR)
    for (const file of files) if ((await statOf(join(path, file)))?.isFile()) return source;
}

type Kind = Untrusted['kind'];
type Reader = (path: string, columns: TextColumns) => Promise<Omit<Untrusted, 'path' | 'kind'>>;

/** The training set of a release of CIFAR. */
const cifarReader =
  (source: DatasetSource): Reader =>
  async (dataDir) => {
    const { classes, train } = await source.load({ dataDir, seed: 0 });
    return { classes, set: train };
  };

/** What stands at a path, and what reads it. Throws `UserError` for a file of another kind. */
async function readerOf(path: string, isFolder: boolean): Promise<[Kind, Reader]> {
  if (!isFolder) {
    await refuseHdf5(path);
    if (await holdsTexts(path)) return ['texts', readTexts];
    if (/\.parquet$/i.test(path)) return ['parquet', readLabelledParquet];
    if (/\.npz$/i.test(path)) return ['npz', readLabelledNpz];
    throw new UserError(
      `${path}: a folder of class folders, an .npz, .parquet, .csv, .tsv or .jsonl file, a release of CIFAR or a run is expected`,
    );
  }
  if (await statOf(join(path, 'run.json'))) return ['trace', readTraced];
  const cifar = await cifarIn(path);
  if (cifar) return ['cifar', cifarReader(cifar)];
  if (await holdsArrays(path)) return ['npz', readLabelledNpz];
  if (await holdsTexts(path)) return ['texts', readTexts];
  return (await parquetFiles(path)).length > 0
    ? ['parquet', readLabelledParquet]
    : ['folder', (root) => readLabelled(root)];
}

/** The texts of the training split. */
async function readTexts(path: string, columns: TextColumns): Promise<Pick<Untrusted, 'classes' | 'set' | 'notes'>> {
  const { train, classes: names } = await splitsAt(path, columns);
  const { set, classes, notes } = labelledTexts(path, train, names);
  return { classes, set, notes };
}

/** `loadUntrusted` of images. Throws `UserError` for texts; `what` cannot read them. */
export async function loadUntrustedImages(path: string, what: string): Promise<UntrustedImages> {
  const untrusted = await loadUntrusted(path);
  if (isOfTexts(untrusted)) throw new UserError(`${path}: it holds texts; ${what} takes images`);
  return untrusted;
}

/**
 * Reads `DIR/train/<class>/` or `DIR/<class>/` of images or text files, an `.npz`, Parquet files, a table of texts, a release of CIFAR, or the samples of a run or
 * trace. `columns`: of a table of texts. Throws `UserError` for anything else, and for a set with too few classes or samples.
 */
export async function loadUntrusted(
  path: string,
  columns: TextColumns = {},
): Promise<UntrustedImages | UntrustedTexts> {
  const found = await statOf(path);
  if (!found) throw new UserError(`${path}: no such file or folder`);
  const [kind, read] = await readerOf(path, found.isDirectory());
  if (kind !== 'texts')
    for (const [flag, column] of [
      ['--text-column', columns.text],
      ['--label-column', columns.label],
    ])
      if (column !== undefined) throw new UserError(`${flag} ${column}: ${path} is no table of texts`);
  const untrusted = { path, kind, ...(await read(path, columns)) } as UntrustedImages | UntrustedTexts;
  if (!isOfTexts(untrusted)) checkClasses(path, untrusted);
  return untrusted;
}

/** Throws `UserError` for a set with too few classes that have enough images to be compared; `what` names the set. */
export function checkClasses(what: string, { set, classes }: Pick<Untrusted, 'set' | 'classes'>): void {
  const judged = indicesByClass(set.labels, classes.length).filter((m) => m.length >= FEWEST_SAMPLES).length;
  if (judged <= FEWEST_OTHERS)
    throw new UserError(
      `${what}: ${judged} of its ${classes.length} classes have at least ${FEWEST_SAMPLES} images; the audit compares classes with one another and needs ${FEWEST_OTHERS + 1} such classes`,
    );
}

/** The name of sample `i` in documents and messages: its file, or its number from 0. */
export const sampleName = ({ set, index }: Pick<Untrusted, 'set' | 'index'>, i: number): string | number =>
  set.files?.[i] ?? ('texts' in set ? set.records?.[i] : undefined) ?? index?.[i] ?? i;

/** The probed samples of a run or a trace with the labels they were trained on. Flags of poisoned samples are not read. */
async function readTraced(path: string): Promise<Pick<Untrusted, 'classes' | 'set' | 'index'>> {
  const dir = await RunDirectory.read(path);
  const { classes } = await readTrace(dir);
  const { n, x, label, index, texts } = await readSamples(dir, classes.length);
  if (texts) return { classes, set: { texts, labels: label, n }, index };
  const [, height, width, channels = 1] = x?.shape ?? [];
  if (x?.dtype !== 'U8' || !width)
    throw new UserError(
      `${dir.samplesBase}: it has no "x" of uint8 [n, h, w, c]; the audit needs the images to tell which samples are poisoned`,
    );
  return { classes, set: { images: x.data as Uint8Array, labels: label, n, height, width, channels }, index };
}

/**
 * The checkpoints of a run or trace: its first probe, and the probes at the same shares of their number as the checkpoints of the
 * audit's own training. Features are T without noise, if the probes have it. Throws `UserError` if what is needed is missing.
 */
export async function checkpointsOf({ path, set, classes }: UntrustedImages): Promise<Checkpoint[]> {
  const dir = await RunDirectory.read(path);
  const probes = await dir.probes();
  if (probes.length < 2)
    throw new UserError(
      `${path}/probes: an audit needs an early and a late probe, and there is ${probes.length || 'none'}`,
    );
  const chosen = new Set([0, ...CHECKPOINT_SHARES.map((s) => Math.ceil(s * probes.length) - 1)]);
  const checkpoints: Checkpoint[] = [];
  for (const at of [...chosen].sort((a, b) => a - b)) {
    const epoch = probes[at];
    const arrays = await readProbeArrays(dir, epoch, set.n);
    const first = ({ shape, data }: Tensor): Matrix => {
      const [k, n, d] = shape.length === 3 ? shape : [1, ...shape];
      return drawsOf(data as Float32Array, k, n, d)[0];
    };
    const [t, logits] = [first(arrays.t), first(arrays.logits)];
    if (logits.d < classes.length)
      throw new UserError(`${dir.probeBase(epoch)}: "logits" has ${logits.d} columns for ${classes.length} classes`);
    const features = arrays.t_noise_free ? first(arrays.t_noise_free) : t;
    checkpoints.push({ epoch, features, t, logits, loss: losses(logits, set.labels) });
  }
  return checkpoints;
}

/** The number among `known` of each class of what stands at a path. Throws `UserError` for another class. */
export const classNumbers = (path: string, classes: readonly string[], known: readonly string[]): number[] =>
  classes.map((name) => {
    if (!known.includes(name)) throw unknownWord(`class in ${path}`, name, known);
    return known.indexOf(name);
  });

/**
 * Images on which a network is evaluated, from a folder or an `.npz`; labels become the numbers of the set's classes. Throws
 * `UserError`, which names `flag`, for a class or a shape that the set does not have.
 */
export async function loadTest(
  flag: string,
  path: string,
  { classes, set }: { classes: readonly string[]; set: ImageSet },
): Promise<ImageSet> {
  const found = await statOf(path);
  if (!found) throw new UserError(`${flag} ${path}: no such file or folder`);
  const read = found.isDirectory() ? await readLabelled(path, set.height, 'skip') : await readLabelledNpz(path);
  const numbers = classNumbers(path, read.classes, classes);
  const shape = (s: ImageSet) => `${s.height}×${s.width}×${s.channels}`;
  if (shape(read.set) !== shape(set))
    throw new UserError(`${flag} ${path}: images are ${shape(read.set)}, those of the set ${shape(set)}`);
  return { ...read.set, labels: read.set.labels.map((y) => numbers[y]) };
}
