/** An audit's training as far as it went, in one file: so that one that was stopped goes on. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { UserError } from '../base/errors.js';
import { dataHash } from '../datasets/hash.js';
import type { ImageSet } from '../datasets/types.js';
import { readSafetensors, type Tensor, tensor, writeSafetensors } from '../formats/safetensors.js';
import type { Matrix } from '../information/columns.js';
import type { Weights } from '../models/index.js';
import type { Position } from '../training/trainer.js';
import type { Look, Snapshot, WatchSettings } from './look.js';

/** A training after some of its epochs. */
export interface Kept {
  now: Snapshot;
  halfway?: Snapshot;
  looks: Look[];
}

/** Raised when a training would come out differently. */
const VERSION = 1;
const MATRICES = ['features', 't', 'logits'] as const;

/** The file of one training: of this set, with these settings. */
export class Keeper {
  private readonly key: string;

  constructor(
    readonly path: string,
    set: ImageSet,
    settings: WatchSettings,
  ) {
    const asked = JSON.stringify([VERSION, dataHash(set), settings]);
    this.key = createHash('sha256').update(asked).digest('hex');
  }

  /** Null where nothing is kept. Throws `UserError` where another training is, or a damaged one. */
  async read(): Promise<Kept | null> {
    if (!(await stat(this.path).catch(() => null))) return null;
    const { tensors, metadata } = await readSafetensors(this.path);
    if (metadata.key !== this.key)
      throw new UserError(`--resume: ${this.path} is of another set, or was begun with other options`);
    const { positions, epochs }: { positions: Record<string, Position>; epochs: number[] } = JSON.parse(metadata.state);
    const under = (prefix: string) =>
      Object.fromEntries(
        Object.entries(tensors).flatMap(([name, t]) =>
          name.startsWith(`${prefix}/`) ? [[name.slice(prefix.length + 1), t]] : [],
        ),
      );
    const snapshot = (prefix: string): Snapshot => ({
      tensors: Object.fromEntries(
        Object.entries(under(prefix)).map(([name, { data, shape }]) => [name, { data, shape } as Weights]),
      ),
      position: positions[prefix],
    });
    const looks = epochs.map((epoch) => {
      const found = under(`look-${epoch}`);
      const matrix = ({ data, shape: [n, d] }: Tensor): Matrix => ({ data: data as Float32Array, n, d });
      const [features, t, logits] = MATRICES.map((name) => matrix(found[name]));
      return { epoch, features, t, logits, loss: found.loss.data as Float32Array };
    });
    return { now: snapshot('now'), halfway: positions.halfway && snapshot('halfway'), looks };
  }

  /** Whole or not at all, over what was kept before. */
  async write({ now, halfway, looks }: Kept): Promise<void> {
    const snapshots = { now, ...(halfway && { halfway }) };
    const tensors: Record<string, Tensor> = {};
    for (const [prefix, { tensors: all }] of Object.entries(snapshots))
      for (const [name, { data, shape }] of Object.entries(all)) tensors[`${prefix}/${name}`] = tensor(data, shape);
    for (const look of looks) {
      for (const name of MATRICES) {
        const { data, n, d } = look[name];
        tensors[`look-${look.epoch}/${name}`] = tensor(data, [n, d]);
      }
      tensors[`look-${look.epoch}/loss`] = tensor(look.loss, [look.loss.length]);
    }
    const positions = Object.fromEntries(Object.entries(snapshots).map(([prefix, s]) => [prefix, s.position]));
    const state = JSON.stringify({ positions, epochs: looks.map((l) => l.epoch) });
    await writeSafetensors(this.path, tensors, { key: this.key, state });
  }
}
