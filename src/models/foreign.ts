/**
 * A network that another program trained, as an ONNX file. One of its inner values is T. Modules are recognised by the names that exporters
 * give to nodes, such as `/layer4/layer4.1/relu/Relu` for a node of the module layer4.1.
 */
import type * as ort from 'onnxruntime-node';
import { UserError, unknownWord } from '../base/errors.js';
import type { Rng } from '../base/random.js';
import type { ImageSet } from '../datasets/types.js';
import { sessionOptions } from '../engine/devices.js';
import { runtime } from '../engine/runtime.js';
import { BEFORE, exposing, NOISE, type OnnxOutline, onnxOutline, withNoise } from '../formats/onnx.js';

/** Normalisation of images in [0, 1] before the network: (x − mean) / std per channel. */
export interface Normalization {
  mean: number[];
  std: number[];
}

export interface Layer {
  /** The module, or the value where the file names no modules. */
  name: string;
  /** The value in the graph that is its output. */
  value: string;
}

/** Result of one pass: T with its noise and T without it, [n, d], and the logits of the noisy T, [n, classes]. */
export interface Pass {
  t: Float32Array;
  mean: Float32Array;
  logits: Float32Array;
}

const BATCH = 64;

/** Values that `--layer` accepts, in the order of computation: modules if the file names them, else outputs of nodes. */
export function layersOf({ nodes }: Pick<OnnxOutline, 'nodes'>): Layer[] {
  const modules = new Map<string, string>();
  for (const { name, op, outputs } of nodes) {
    if (op === 'Constant' || op === 'Identity' || !name.startsWith('/')) continue;
    let path = '';
    let parent = '';
    // The last word is the operator; what a Sequential holds is called by its own name and a number.
    for (const word of name.split('/').slice(1, -1)) {
      const inside = parent !== '' && word.startsWith(`${parent}.`);
      path = parent === '' ? word : inside ? path + word.slice(parent.length) : `${path}.${word}`;
      parent = word;
      modules.delete(path);
      modules.set(path, outputs[0]);
    }
  }
  if (modules.size > 0) return [...modules].map(([name, value]) => ({ name, value }));
  return nodes
    .filter((n) => n.op !== 'Constant' && n.outputs[0])
    .map(({ outputs: [value] }) => ({ name: value, value }));
}

/** The value that a layer's name denotes: of a module, a value or a node. Throws `UserError` with the nearest name if there is none. */
export function findLayer(file: string, outline: OnnxOutline, name: string): string {
  const layers = layersOf(outline);
  const found = layers.find((l) => l.name === name)?.value;
  if (found) return found;
  const node = outline.nodes.find((n) => n.name === name || n.outputs.includes(name));
  if (node) return node.outputs.includes(name) ? name : node.outputs[0];
  throw unknownWord(
    `layer of ${file}`,
    name,
    layers.map((l) => l.name),
  );
}

/** The error of ONNX Runtime in one line. */
const reason = (error: unknown) => (error as Error).message.split('\n')[0].slice(0, 200);

const options = () => ({ ...sessionOptions('cpu'), graphOptimizationLevel: 'all', logSeverityLevel: 4 }) as const;

async function open(file: string, model: Uint8Array): Promise<ort.InferenceSession> {
  return runtime()
    .InferenceSession.create(model, options())
    .catch((error) => {
      throw new UserError(`${file}: ONNX Runtime does not take it (${reason(error)})`);
    });
}

/** How images are laid before the network, [n, c, h, w] or [n, h, w, c]; throws where they do not fit. */
function inputOf(file: string, { inputs }: OnnxOutline, set: ImageSet) {
  const [input, ...others] = inputs.filter((i) => i.name !== NOISE);
  if (!input || others.length > 0 || !input.float || input.shape.length !== 4)
    throw new UserError(
      `${file}: it takes ${inputs.map((i) => i.name).join(', ') || 'no input'}; one input of float images is expected`,
    );
  const [batch, ...rest] = input.shape;
  const fits = (want: number[]) => rest.every((d, i) => d === null || d === want[i]);
  const { channels, height, width } = set;
  const first = fits([channels, height, width]);
  if (!first && !fits([height, width, channels]))
    throw new UserError(
      `${file}: it takes images ${rest.map((d) => d ?? '?').join('×')}; these are ${channels}×${height}×${width}`,
    );
  return { name: input.name, batch, channelsFirst: first };
}

/** Checks a file, its layer and its input without loading it. Throws the `UserError` that `ForeignNetwork.open` would throw. */
export function checkNetwork(file: string, model: Uint8Array, layer: string, set: ImageSet): void {
  const outline = onnxOutline(file, model);
  findLayer(file, outline, layer);
  inputOf(file, outline, set);
}

/** A loaded network that returns T of one layer and logits. Release it after use. */
export class ForeignNetwork {
  /** Six fields, all found by `open`, which is the only caller. */
  private constructor(
    private readonly file: string,
    private readonly session: ort.InferenceSession,
    private readonly value: string,
    private readonly logits: string,
    private readonly input: ReturnType<typeof inputOf>,
    private readonly normalization: Normalization | null,
  ) {}

  /**
   * Loads `model`, the bytes of `file`, for images of the shape of `set`. Throws `UserError` for a file that is not a model, for a model
   * with another input, and for an unknown layer.
   */
  static async open(
    file: string,
    model: Uint8Array,
    layer: string,
    set: ImageSet,
    normalization: Normalization | null = null,
  ): Promise<ForeignNetwork> {
    const outline = onnxOutline(file, model);
    const value = findLayer(file, outline, layer);
    const logits = outline.outputs.includes('logits') ? 'logits' : outline.outputs[0];
    const session = await open(file, withNoise(file, model, value));
    return new ForeignNetwork(file, session, value, logits, inputOf(file, outline, set), normalization);
  }

  /** T of `rows` of a set, with N(0, std²) on every unit before the average over space; `space`: number of units in the average. */
  async pass(set: ImageSet, rows: ArrayLike<number>, std: number, rng: Rng): Promise<Pass & { space: number }> {
    const size = this.input.batch ?? BATCH;
    const parts: Pass[] = [];
    let space = 1;
    let shape: number[] | null = null;
    for (let at = 0; at < rows.length; at += size) {
      const some = Array.from({ length: size }, (_, i) => rows[Math.min(at + i, rows.length - 1)]);
      const n = Math.min(size, rows.length - at);
      // A batch that may have any length is as long as what is left.
      const images = this.images(set, this.input.batch === null ? some.slice(0, n) : some);
      shape ??= await this.shape(images);
      const units = shape.slice(1).reduce((a, b) => a * b, 1);
      const noise = new (runtime().Tensor)('float32', rng.normals(images.dims[0] * units, std), [
        images.dims[0],
        ...shape.slice(1),
      ]);
      const out = await this.run({ [this.input.name]: images, [NOISE]: noise });
      const [t, mean, logits] = [this.value, this.value + BEFORE, this.logits].map((name) => {
        const { dims, data, type } = out[name];
        if (type !== 'float32') throw new UserError(`${this.file}: ${name} is ${type}; float32 is expected`);
        if (dims[0] !== images.dims[0])
          throw new UserError(
            `${this.file}: ${name} is [${dims.join(', ')}] for ${images.dims[0]} images; its first axis is not theirs`,
          );
        return { dims, data: data as Float32Array };
      });
      space = Math.max(1, shape.length > 2 ? (shape.length === 3 ? shape[1] : units / shape[1]) : 1);
      const head = (values: Float32Array, whole: number) => values.slice(0, (n * values.length) / whole);
      parts.push({
        t: head(pooled(t), images.dims[0]),
        mean: head(pooled(mean), images.dims[0]),
        logits: head(logits.data, images.dims[0]),
      });
    }
    const all = (key: keyof Pass) => {
      const out = new Float32Array(parts.reduce((sum, p) => sum + p[key].length, 0));
      let to = 0;
      for (const p of parts) {
        out.set(p[key], to);
        to += p[key].length;
      }
      return out;
    };
    return { t: all('t'), mean: all('mean'), logits: all('logits'), space };
  }

  async close(): Promise<void> {
    await this.session.release();
  }

  private async run(feeds: Record<string, ort.Tensor>): Promise<Record<string, ort.Tensor>> {
    return (await this.session.run(feeds).catch((error) => {
      throw new UserError(`${this.file}: it does not run on these images (${reason(error)})`);
    })) as Record<string, ort.Tensor>;
  }

  /** Shape of the layer's value: noise of one number fits any. */
  private async shape(images: ort.Tensor): Promise<number[]> {
    const feeds = { [this.input.name]: images, [NOISE]: new (runtime().Tensor)('float32', Float32Array.of(0), [1]) };
    return [...(await this.run(feeds))[this.value].dims];
  }

  private images(set: ImageSet, rows: readonly number[]): ort.Tensor {
    return imageTensor(set, rows, this.input.channelsFirst, this.normalization);
  }
}

function imageTensor(
  { images, height, width, channels }: ImageSet,
  rows: readonly number[],
  channelsFirst: boolean,
  normalization: Normalization | null,
): ort.Tensor {
  const plane = height * width;
  const each = plane * channels;
  const data = new Float32Array(rows.length * each);
  const { mean, std } = normalization ?? { mean: [0], std: [1] };
  rows.forEach((row, r) => {
    for (let p = 0; p < plane; p++)
      for (let c = 0; c < channels; c++) {
        const v = images[row * each + p * channels + c] / 255;
        const to = channelsFirst ? c * plane + p : p * channels + c;
        data[r * each + to] = (v - mean[c % mean.length]) / std[c % std.length];
      }
  });
  const shape = channelsFirst ? [channels, height, width] : [height, width, channels];
  return new (runtime().Tensor)('float32', data, [rows.length, ...shape]);
}

/** [n, d, …] → [n, d], averaged over space; [n, tokens, d] → [n, d], averaged over tokens. */
function pooled({ dims, data }: { dims: readonly number[]; data: Float32Array }): Float32Array {
  if (dims.length <= 2) return data;
  const [n, a, ...rest] = dims;
  const b = rest.reduce((x, y) => x * y, 1);
  const d = dims.length === 3 ? b : a;
  const out = new Float32Array(n * d);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < a; j++)
      for (let k = 0; k < b; k++) out[i * d + (dims.length === 3 ? k : j)] += data[(i * a + j) * b + k];
  const over = (a * b) / d;
  return out.map((v) => v / over);
}

/** The layers of a model, each with its shape for one image. Layers without a float output per image are omitted. */
export async function listLayers(
  file: string,
  model: Uint8Array,
  set: ImageSet,
): Promise<(Layer & { shape: number[] })[]> {
  const outline = onnxOutline(file, model);
  const layers = layersOf(outline);
  const input = inputOf(file, outline, set);
  const session = await open(file, exposing(file, model, [...new Set(layers.map((l) => l.value))]));
  try {
    const n = input.batch ?? 2;
    const images = imageTensor(set, new Array(n).fill(0), input.channelsFirst, null);
    const out = await session.run({ [input.name]: images }).catch((error) => {
      throw new UserError(`${file}: it does not run on these images (${reason(error)})`);
    });
    return layers.flatMap((layer) => {
      const { type, dims } = out[layer.value];
      return type === 'float32' && dims.length >= 2 && dims[0] === n ? [{ ...layer, shape: dims.slice(1) }] : [];
    });
  } finally {
    await session.release();
  }
}
