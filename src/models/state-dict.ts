/**
 * Weights that PyTorch saved, as networks of this room: the state dicts of ResNet-18 and ResNet-10, PreAct-ResNet-18 and VGG-16 for small images, by the
 * names of torchvision, of kuangliu/pytorch-cifar and of BackdoorBench (`shortcut` for `downsample`, `linear` for `fc`).
 *
 * A residual stem of 3×3 is read as one without max-pooling, as both collections for CIFAR have it.
 */
import { UserError } from '../base/errors.js';
import { emitPortable, input, transpose, type Weight } from '../engine/index.js';
import type { NdArray } from '../formats/npy.js';
import { onnxOutline } from '../formats/onnx.js';
import type { PickleValue } from '../formats/pickle.js';
import { isArray } from '../formats/pickle-names.js';
import { Layers } from './layers.js';
import { preactResnet18, preactWithoutLast } from './preact-resnet18.js';
import { resnet10 } from './resnet10.js';
import { resnet18 } from './resnet18.js';
import type { Model } from './types.js';
import { vgg16 } from './vgg16.js';
import { axesOf, torchShape } from './weights.js';

/** Where checkpoints keep their state dict. */
const WRAPPERS = ['state_dict', 'model', 'net', 'netC', 'model_state_dict'];
/** What wrappers of modules put before all names. */
const PREFIX = /^(?:module|model|net|_orig_mod)\./;
const KNOWN = 'ResNet-18, ResNet-10, PreAct-ResNet-18 and VGG-16 with batch norm, for small images';

/** Shape of the images and number of classes. */
export interface Input {
  channels: number;
  height: number;
  width: number;
  classes: number;
}

/** A recognized network with its weights, by the names of this room in PyTorch's shapes. */
export interface SavedNetwork {
  model: Model;
  width: number;
  weights: Map<string, NdArray>;
}

/** The tensors of a checkpoint by name, without wrappers and prefixes. */
function tensorsOf(file: string, value: PickleValue): Map<string, NdArray> {
  let dict = value;
  for (let depth = 0; depth < 3 && dict instanceof Map && ![...dict.values()].some(isArray); depth++) {
    const inner: PickleValue[] = WRAPPERS.map((key) => (dict as Map<PickleValue, PickleValue>).get(key) ?? null);
    dict = inner.find((v) => v instanceof Map) ?? null;
  }
  const found = dict instanceof Map ? [...dict] : [];
  let named = found.flatMap(([key, of]): [string, NdArray][] =>
    typeof key === 'string' && isArray(of) && !key.endsWith('num_batches_tracked') ? [[key, of]] : [],
  );
  if (named.length === 0) throw new UserError(`${file}: holds no state dict, which is a dict of tensors`);
  for (let depth = 0; depth < 3 && named.every(([key]) => PREFIX.test(key)); depth++)
    named = named.map(([key, of]) => [key.replace(PREFIX, ''), of]);
  return new Map(named);
}

/** The model of which a state dict may be, by the names that tell them apart. */
function modelOf(file: string, has: (name: string) => boolean, first: string): Model {
  if (has('features.0.weight') && has('features.1.running_mean')) return vgg16;
  if (has('conv1.weight') && has('layer1.0.conv1.weight')) {
    if (has('bn1.weight')) return has('layer1.1.conv1.weight') ? resnet18 : resnet10;
    if (has('layer1.0.bn1.weight')) return has('bn.weight') ? preactResnet18 : preactWithoutLast;
  }
  throw new UserError(
    `${file}: "${first}" is of no network that is known; weights of ${KNOWN} are read, and others as ONNX`,
  );
}

const ownName = (name: string) => name.replace(/\.shortcut\./, '.downsample.').replace(/^linear\./, 'fc.');

/** The network in a checkpoint. Throws `UserError` that names the first tensor which does not fit. */
export function savedNetwork(file: string, value: PickleValue, at: Input): SavedNetwork {
  const given = tensorsOf(file, value);
  const [first] = given.keys();
  const model = modelOf(file, (name) => given.has(name), first);
  const stem = given.get(model === vgg16 ? 'features.0.weight' : 'conv1.weight')!;
  const width = stem.shape[0];
  const preact = model === preactResnet18 || model === preactWithoutLast;
  const weights = new Map(
    [...given].map(([name, of]) => {
      const own = ownName(name);
      return [preact ? own.replace('.downsample.', '.shortcut.') : own, of];
    }),
  );
  const layers = new Layers('eval', 0);
  if (width >= 1) forwardOf({ model, width }, at, 1, layers);
  for (const parameter of layers.parameters) {
    const there = weights.get(parameter.name);
    const wanted = torchShape(parameter);
    if (!there) throw new UserError(`${file}: it lacks "${parameter.name}" of ${model.name}`);
    if (!there.dtype.startsWith('f'))
      throw new UserError(`${file}: "${parameter.name}" is ${there.dtype}; floats are expected`);
    if (String(there.shape) !== String(wanted))
      throw new UserError(
        `${file}: "${parameter.name}" is (${there.shape}); (${wanted}) is expected of ${model.name} for ${at.classes} classes and images of ${at.channels} channels`,
      );
  }
  const names = new Set(layers.parameters.map((p) => p.name));
  const stray = [...weights.keys()].find((name) => !names.has(name));
  if (stray !== undefined) throw new UserError(`${file}: it has "${stray}", which ${model.name} has not`);
  return { model, width, weights };
}

function forwardOf({ model, width }: Omit<SavedNetwork, 'weights'>, at: Input, n: number, layers: Layers) {
  const images = input('images', [n, at.channels, at.height, at.width]);
  return model.forward(layers, transpose(images, [2, 3, 0, 1]), { classes: at.classes, width });
}

/** The network as an ONNX model of images [n, c, h, w] in [0, 1], and the value in it that is each layer's output, before the average over space. */
export function asOnnx(network: SavedNetwork, at: Input): { model: Uint8Array; layers: Map<string, string> } {
  const layers = new Layers('eval', 0);
  forwardOf(network, at, 1, layers);
  const weights = new Map<string, Weight>(
    layers.parameters.map((p) => {
      const { data, shape } = network.weights.get(p.name)!;
      return [p.name, { data: Float32Array.from(data as Float32Array), shape, perm: axesOf(p) }];
    }),
  );
  const model = emitPortable((n) => {
    const { logits, layers: read } = forwardOf(network, at, n, new Layers('eval', 0));
    const means = Object.entries(read).map(([name, { representation }]) => [name, representation]);
    return { logits, ...Object.fromEntries(means) };
  }, weights);
  const { nodes } = onnxOutline(network.model.name, model);
  const made = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  const before = (value: string): string => {
    const node = made.get(value)!;
    return node.op === 'GlobalAveragePool' ? node.inputs[0] : before(node.inputs[0]);
  };
  return { model, layers: new Map(network.model.layers.map((name) => [name, before(name)])) };
}
