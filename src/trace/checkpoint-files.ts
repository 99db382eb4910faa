/** One checkpoint of somebody else's training as a network: an ONNX file, or a state dict of PyTorch, which becomes an ONNX model in memory. */
import { readFile } from 'node:fs/promises';
import { UserError, unknownWord } from '../base/errors.js';
import type { ImageSet } from '../datasets/types.js';
import { isTorch, readTorch } from '../formats/torch.js';
import { checkNetwork, ForeignNetwork, type Layer, listLayers, type Normalization } from '../models/foreign.js';
import { asOnnx, type Input, type SavedNetwork, savedNetwork } from '../models/state-dict.js';

const read = (file: string) =>
  readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw new UserError(`--onnx ${file}: ${error.code === 'ENOENT' ? 'no such file' : error.message}`);
  });

const inputOf = ({ channels, height, width }: ImageSet, classes: number): Input => ({
  ...{ channels, height, width },
  classes,
});

/** The network of a state dict; null for a file of another kind. */
async function networkOf(file: string, set: ImageSet, classes: number): Promise<SavedNetwork | null> {
  if (!(await isTorch(file))) return null;
  return savedNetwork(file, await readTorch(file), inputOf(set, classes));
}

/** Checks a file and its layer for images as those of `set`, without loading a model. Throws `UserError` for what `openCheckpoint` would refuse. */
export async function checkCheckpoint(file: string, layer: string, set: ImageSet, classes: number): Promise<void> {
  const network = await networkOf(file, set, classes);
  if (!network) checkNetwork(file, await read(file), layer, set);
  else if (!network.model.layers.includes(layer)) throw unknownWord(`layer of ${file}`, layer, network.model.layers);
}

/** The network of a file with T at `layer`, for images as those of `set`. Throws `UserError` for a file that is none, and for an unknown layer. */
export async function openCheckpoint(
  file: string,
  layer: string,
  normalization: Normalization | null,
  set: ImageSet,
  classes: number,
): Promise<ForeignNetwork> {
  const network = await networkOf(file, set, classes);
  if (!network) return ForeignNetwork.open(file, await read(file), layer, set, normalization);
  const { model, layers } = asOnnx(network, inputOf(set, classes));
  return ForeignNetwork.open(file, model, layers.get(layer)!, set, normalization);
}

/** The layers at which T can be read, with the shape of each for one image. */
export async function layersOfCheckpoint(
  file: string,
  set: ImageSet,
  classes: number,
): Promise<(Layer & { shape: number[] })[]> {
  const network = await networkOf(file, set, classes);
  if (!network) return listLayers(file, await read(file), set);
  const { model, layers } = asOnnx(network, inputOf(set, classes));
  const all = await listLayers(file, model, set);
  return [...layers].flatMap(([name, value]) => {
    const found = all.find((l) => l.value === value);
    return found ? [{ ...found, name }] : [];
  });
}
