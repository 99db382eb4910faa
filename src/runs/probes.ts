/** What a probe file holds, as estimators want it. */
import { UserError } from '../base/errors.js';
import type { RunConfig } from '../config/options.js';
import { readSafetensors, type Tensor } from '../formats/safetensors.js';
import { drawsOf, type Matrix } from '../information/columns.js';
import type { Head } from '../information/resolved-moment.js';
import type { RunDirectory } from './directory.js';

/** What follows the names of a layer's tensors: nothing for the first, so that a run of one layer has plain names. */
export const layerSuffix = ({ layer }: Pick<RunConfig, 'layer'>, name: string) =>
  name === layer![0] ? '' : `.${name}`;

/** Per noise draw what a probe's array [k, n, d] holds. */
export const tensorDraws = ({ shape: [k, n, d], data }: Tensor): Matrix[] => drawsOf(data as Float32Array, k, n, d);

export interface Probe {
  x: Matrix;
  /** Per noise draw. */
  t: Matrix[];
  logits: Matrix[];
  channel?: { noiseFree: Matrix; head: Head };
}

/** The weights [classes, d] from T to the logits among a network's: the last matrix of that shape; undefined where there is none. */
export const headOf = (weights: Record<string, Tensor>, classes: number, d: number): Tensor | undefined =>
  Object.values(weights)
    .filter(({ shape }) => shape.length === 2 && shape[0] === classes && shape[1] === d)
    .at(-1);

/**
 * What resolved information needs of a moment of an own run: T̄ of the last layer, and the last layer itself, whose noise has standard
 * deviation `gamma`. Runs of version 0.1.0 have its weights in the checkpoint alone.
 */
export async function channelOf(
  dir: RunDirectory,
  epoch: number,
  tensors: Record<string, Tensor>,
  gamma: number,
): Promise<Probe['channel']> {
  const classes = tensors.logits.shape[2];
  const noiseFree = matrix(tensors.t_noise_free);
  const head =
    tensors.head_weight ?? headOf((await readSafetensors(dir.checkpoint(epoch))).tensors, classes, noiseFree.d);
  if (!head) throw new UserError(`the checkpoint has no weights [${classes}, ${noiseFree.d}] from T to the logits`);
  return { noiseFree, head: { weights: head.data as Float32Array, classes, gamma } };
}

/** X as critics read it, T of a layer (by default the first) and Ŷ, from the tensors of a probe. */
export async function readProbe(
  dir: RunDirectory,
  tensors: Record<string, Tensor>,
  config: Pick<RunConfig, 'layer' | 'view'>,
  layer = config.layer![0],
): Promise<Probe> {
  const at = layerSuffix(config, layer);
  const x = config.view === 'pixels' ? await pixels(dir) : matrix(tensors[`t_noise_free${at}`]);
  return { x, t: tensorDraws(tensors[`t${at}`]), logits: tensorDraws(tensors.logits) };
}

/** The probed images, [n, h·w·c] in [0, 1]. */
async function pixels(dir: RunDirectory): Promise<Matrix> {
  const { x } = (await readSafetensors(dir.samples)).tensors;
  const data = Float32Array.from(x.data as Uint8Array, (v) => v / 255);
  return { data, n: x.shape[0], d: data.length / x.shape[0] };
}

function matrix({ shape: [n, d], data }: Tensor): Matrix {
  return { data: data as Float32Array, n, d };
}
