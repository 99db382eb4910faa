import { readSafetensors, tensor, writeSafetensors } from '../formats/safetensors.js';
import { rowsOf } from '../information/columns.js';
import { aligned, type EmbeddingMethod, embed, FEWEST_POINTS } from '../representation/index.js';
import { readArrays } from '../runs/arrays.js';
import type { RunDirectory } from '../runs/directory.js';
import { tensorDraws } from '../runs/probes.js';
import { few, readProbed } from './representation.js';

/** Points of a picture. */
export interface Embedding {
  method: EmbeddingMethod;
  epochs: number[];
  /** Per epoch [n, 2] row-major. */
  points: Float32Array[];
  /** Per point its row among the probed samples. */
  rows: number[];
  /** Per point its group: `c/backdoor`, `c/clean`, or a class number. */
  groups: string[];
}

/** Points of a picture, over all groups. */
export const POINTS = 600;

/** Makes the picture of every probed checkpoint that has none of these samples and this seed, each turned onto the one before. `progress`: checkpoints done. */
export async function makeEmbedding(
  dir: RunDirectory,
  method: EmbeddingMethod,
  seed: number,
  progress: (done: number, total: number) => void = () => {},
): Promise<void> {
  const probed = await readProbed(dir);
  const epochs = await dir.probes();
  if (!probed) return;
  const { rows, of } = few(probed.groups, Math.ceil(POINTS / Math.max(1, probed.groups.size)), 1);
  if (rows.length < FEWEST_POINTS) return;
  let before: Float32Array | undefined;
  for (const [i, epoch] of epochs.entries()) {
    progress(i, epochs.length);
    const file = dir.embedding(method, epoch);
    const kept = (await dir.has(file)) ? await readSafetensors(file) : null;
    if (kept && kept.metadata.seed === String(seed) && String(kept.tensors.row.data) === String(rows)) {
      before = kept.tensors.points.data as Float32Array;
      continue;
    }
    const { t } = await readArrays(dir.probeBase(epoch));
    const made = embed(rowsOf(tensorDraws(t)[0], rows), method, seed);
    before = before ? aligned(made, before) : made;
    await writeSafetensors(
      file,
      { points: tensor(before, [rows.length, 2]), row: tensor(Int32Array.from(rows), [rows.length]) },
      { groups: JSON.stringify(of), seed: String(seed) },
    );
  }
}

/** The picture that is there, of the method asked for; null where there is none. */
export async function readEmbedding(dir: RunDirectory, method: EmbeddingMethod): Promise<Embedding | null> {
  const epochs = await dir.embeddings(method);
  const found: Embedding = { method, epochs, points: [], rows: [], groups: [] };
  for (const epoch of epochs) {
    const { tensors, metadata } = await readSafetensors(dir.embedding(method, epoch));
    found.points.push(tensors.points.data as Float32Array);
    found.rows = [...(tensors.row.data as Int32Array)];
    found.groups = JSON.parse(metadata.groups) as string[];
  }
  return epochs.length > 0 ? found : null;
}
