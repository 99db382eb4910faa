/** The training of an audit as far as it went, in one file, from which a stopped audit resumes. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { UserError } from '../base/errors.js';
import { dataHash } from '../datasets/hash.js';
import type { InputSet } from '../datasets/types.js';
import { readSafetensors, type Tensor, tensor, writeSafetensors } from '../formats/safetensors.js';
import type { Matrix } from '../information/columns.js';
import type { Weights } from '../models/index.js';
import type { Position } from '../training/trainer.js';
import type { Checkpoint, Snapshot, WatchSettings } from './checkpoint.js';

/** State of a training after some of its epochs. */
export interface Progressed {
  now: Snapshot;
  halfway?: Snapshot;
  checkpoints: Checkpoint[];
}

/** Increased when the same settings would train differently. */
const VERSION = 1;
const MATRICES = ['features', 't', 'logits'] as const;

/** The file of the training of one set with certain settings. */
export class SavedTraining {
  private readonly key: string;

  constructor(
    readonly path: string,
    set: InputSet,
    { width, epochs, checkpoints, seed }: WatchSettings,
  ) {
    // `looks` is the format's name of the checkpoints, here and in the names of tensors.
    const asked = JSON.stringify([VERSION, dataHash(set), { width, epochs, looks: checkpoints, seed }]);
    this.key = createHash('sha256').update(asked).digest('hex');
  }

  /** Null if nothing was saved. Throws `UserError` for a file of another set or settings, or a damaged one. */
  async read(): Promise<Progressed | null> {
    if (!(await stat(this.path).catch(() => null))) return null;
    const { tensors, metadata } = await readSafetensors(this.path);
    if (metadata.key !== this.key)
      throw new UserError(`--resume: ${this.path} is of another set or was started with other options`);
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
    const checkpoints = epochs.map((epoch) => {
      const found = under(`look-${epoch}`);
      const matrix = ({ data, shape: [n, d] }: Tensor): Matrix => ({ data: data as Float32Array, n, d });
      const [features, t, logits] = MATRICES.map((name) => matrix(found[name]));
      const of = (name: string) => found[name]?.data as Float32Array;
      const patterns = found.effects && {
        effects: of('effects'),
        contents: of('contents'),
        separations: of('separations'),
        smaller: of('smaller'),
        logOdds: of('logOdds'),
      };
      return { epoch, features, t, logits, loss: of('loss'), ...(patterns && { patterns }) };
    });
    return { now: snapshot('now'), halfway: positions.halfway && snapshot('halfway'), checkpoints };
  }

  /** Replaces what was saved before, as a whole or not at all. */
  async write({ now, halfway, checkpoints }: Progressed): Promise<void> {
    const snapshots = { now, ...(halfway && { halfway }) };
    const tensors: Record<string, Tensor> = {};
    for (const [prefix, { tensors: all }] of Object.entries(snapshots))
      for (const [name, { data, shape }] of Object.entries(all)) tensors[`${prefix}/${name}`] = tensor(data, shape);
    for (const checkpoint of checkpoints) {
      for (const name of MATRICES) {
        const { data, n, d } = checkpoint[name];
        tensors[`look-${checkpoint.epoch}/${name}`] = tensor(data, [n, d]);
      }
      const vectors = { loss: checkpoint.loss, ...checkpoint.patterns };
      for (const [name, values] of Object.entries(vectors))
        tensors[`look-${checkpoint.epoch}/${name}`] = tensor(values, [values.length]);
    }
    const positions = Object.fromEntries(Object.entries(snapshots).map(([prefix, s]) => [prefix, s.position]));
    const state = JSON.stringify({ positions, epochs: checkpoints.map((c) => c.epoch) });
    await writeSafetensors(this.path, tensors, { key: this.key, state });
  }
}
