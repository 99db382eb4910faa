/** The set that nobody vouches for: images and the labels they came with, and nothing else that lies beside them. */
import { stat } from 'node:fs/promises';
import { UserError } from '../base/errors.js';
import { readLabelled } from '../datasets/folder.js';
import { readLabelledNpz } from '../datasets/npz.js';
import type { ImageSet } from '../datasets/types.js';
import { FEWEST_OTHERS } from './evidence.js';
import { FEWEST_SAMPLES, membersOf } from './signals.js';

/** A labelled image set as it was found. */
export interface Unvouched {
  path: string;
  kind: 'folder' | 'npz';
  classes: string[];
  set: ImageSet;
}

/** Reads `DIR/train/<class>/` or `DIR/<class>/`, or an `.npz`. Throws `UserError` for what is no labelled image set. */
export async function loadUnvouched(path: string): Promise<Unvouched> {
  const there = await stat(path).catch(() => null);
  if (!there) throw new UserError(`${path}: no such file or folder`);
  const kind = there.isDirectory() ? 'folder' : 'npz';
  if (kind === 'npz' && !/\.npz$/i.test(path))
    throw new UserError(`${path}: a folder of class folders, or an .npz file, is expected`);
  const { classes, set } = await (kind === 'folder' ? readLabelled(path) : readLabelledNpz(path));
  const judged = membersOf(set.labels, classes.length).filter((m) => m.length >= FEWEST_SAMPLES).length;
  if (judged <= FEWEST_OTHERS)
    throw new UserError(
      `${path}: ${judged} of its ${classes.length} classes have ${FEWEST_SAMPLES} images; a class is judged by the others, and ${FEWEST_OTHERS + 1} are needed`,
    );
  return { path, kind, classes, set };
}

/** What a sample is called: its file, or its place from 0. */
export const nameOf = ({ set }: Unvouched, i: number): string | number => set.files?.[i] ?? i;
