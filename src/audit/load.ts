/** The set that nobody vouches for: images and the labels they came with, and nothing else that lies beside them. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError, unknownWord } from '../base/errors.js';
import { readLabelled } from '../datasets/folder.js';
import { readLabelledNpz } from '../datasets/npz.js';
import type { ImageSet } from '../datasets/types.js';
import type { Tensor } from '../formats/safetensors.js';
import { drawsOf, type Matrix } from '../information/columns.js';
import { RunDirectory } from '../runs/directory.js';
import { readProbeArrays, readSamples, readTrace } from '../runs/trace.js';
import { FEWEST_OTHERS } from './evidence.js';
import { LOOKS, type Look, losses } from './look.js';
import { FEWEST_SAMPLES, membersOf } from './signals.js';

/** A labelled image set as it was found. */
export interface Unvouched {
  path: string;
  kind: 'folder' | 'npz' | 'trace';
  classes: string[];
  set: ImageSet;
  /** Numbers of the samples in the set that a trace was made of, [n]. */
  index?: Int32Array;
}

const there = (path: string) => stat(path).catch(() => null);

/**
 * Reads `DIR/train/<class>/` or `DIR/<class>/`, an `.npz`, or the samples of a run or trace. Throws `UserError` for what is no
 * labelled image set.
 */
export async function loadUnvouched(path: string): Promise<Unvouched> {
  const found = await there(path);
  if (!found) throw new UserError(`${path}: no such file or folder`);
  const kind = !found.isDirectory() ? 'npz' : (await there(join(path, 'run.json'))) ? 'trace' : 'folder';
  if (kind === 'npz' && !/\.npz$/i.test(path))
    throw new UserError(`${path}: a folder of class folders, an .npz file or a run is expected`);
  const read = { folder: readLabelled, npz: readLabelledNpz, trace: readTraced }[kind];
  const unvouched: Unvouched = { path, kind, ...(await read(path)) };
  checkClasses(path, unvouched);
  return unvouched;
}

/** Throws `UserError` for a set with too few classes that have enough images to be compared. */
export function checkClasses(what: string, { set, classes }: Pick<Unvouched, 'set' | 'classes'>): void {
  const judged = membersOf(set.labels, classes.length).filter((m) => m.length >= FEWEST_SAMPLES).length;
  if (judged <= FEWEST_OTHERS)
    throw new UserError(
      `${what}: ${judged} of its ${classes.length} classes have at least ${FEWEST_SAMPLES} images; a class is judged by the others, and ${FEWEST_OTHERS + 1} are needed`,
    );
}

/** What a sample is called: its file, or its place from 0. */
export const nameOf = ({ set, index }: Pick<Unvouched, 'set' | 'index'>, i: number): string | number =>
  set.files?.[i] ?? index?.[i] ?? i;

/** The probed samples of a run or a trace: of their labels the one that was trained on, and no flags. */
async function readTraced(path: string): Promise<Pick<Unvouched, 'classes' | 'set' | 'index'>> {
  const dir = await RunDirectory.read(path);
  const { classes } = await readTrace(dir);
  const { n, x, label, index } = await readSamples(dir, classes.length);
  const [, height, width, channels = 1] = x?.shape ?? [];
  if (x?.dtype !== 'U8' || !width)
    throw new UserError(
      `${dir.samplesBase}: it has no "x" of uint8 [n, h, w, c]; without images nobody can say which samples are payload`,
    );
  return { classes, set: { images: x.data as Uint8Array, labels: label, n, height, width, channels }, index };
}

/**
 * Looks at the samples of a trace at its first probe, and at those shares of its probes, in order, that an audit's own training has.
 * Features are T without noise where the probes have it.
 */
export async function looksOf({ path, set, classes }: Unvouched): Promise<Look[]> {
  const dir = await RunDirectory.read(path);
  const probes = await dir.probes();
  if (probes.length < 2)
    throw new UserError(
      `${path}/probes: an audit needs an early and a late probe, and there is ${probes.length || 'none'}`,
    );
  const chosen = new Set([0, ...LOOKS.map((s) => Math.ceil(s * probes.length) - 1)]);
  const looks: Look[] = [];
  const pixels: Matrix = {
    data: Float32Array.from(set.images, (v) => v / 255),
    n: set.n,
    d: set.images.length / set.n,
  };
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
    const found = { epoch, t, logits, loss: losses(logits, set.labels) };
    // Without T free of noise critics read the images: I(T;T) is not I(X;T).
    looks.push(
      arrays.t_noise_free ? { ...found, features: first(arrays.t_noise_free) } : { ...found, features: t, x: pixels },
    );
  }
  return looks;
}

/** Images that a network is judged by, from a folder or an `.npz`; their labels as numbers of the set's classes. */
export async function loadJudged(flag: string, path: string, { classes, set }: Unvouched): Promise<ImageSet> {
  const found = await there(path);
  if (!found) throw new UserError(`${flag} ${path}: no such file or folder`);
  const read = found.isDirectory() ? await readLabelled(path, set.height, 'skip') : await readLabelledNpz(path);
  const numbers = read.classes.map((name) => {
    if (!classes.includes(name)) throw unknownWord(`class in ${path}`, name, classes);
    return classes.indexOf(name);
  });
  const shape = (s: ImageSet) => `${s.height}×${s.width}×${s.channels}`;
  if (shape(read.set) !== shape(set))
    throw new UserError(`${flag} ${path}: images are ${shape(read.set)}, those of the set ${shape(set)}`);
  return { ...read.set, labels: read.set.labels.map((y) => numbers[y]) };
}
