/**
 * Compiled graphs: expressions emitted as one ONNX model and run by ONNX Runtime.
 *
 * A program has outputs, which are returned, and updates, which replace named state (a parameter by its new value). ONNX Runtime blocks
 * the JavaScript thread during a run, so a program that must stay responsive runs it in a worker.
 */
import type * as ort from 'onnxruntime-node';
import { topological } from './autodiff.js';
import { blockSize } from './block-size.js';
import { keepsState, sessionOptions } from './devices.js';
import { emit } from './emit.js';
import { inBlocks } from './in-blocks.js';
import type { Device } from './names.js';
import type { NoiseBank } from './noise.js';
import { runtime } from './runtime.js';
import type { State } from './state.js';
import { type DType, isInput, type Role, sizeOf, type Tensor } from './tensor.js';

/** Values of a tensor, row-major: float32, uint8 or bool, int32, int64. */
export type Values = Float32Array | Uint8Array | Int32Array | BigInt64Array;

const ARRAY = { float32: Float32Array, uint8: Uint8Array, int32: Int32Array, int64: BigInt64Array, bool: Uint8Array };

/** Threads and device of a program. */
export interface SessionSettings {
  /** Threads inside an operator. Default: all cores. */
  threads?: number;
  /** Device. Default `cpu`. */
  device?: Device;
  /** Channels in a block of `inBlocks`; 0: no blocks. Default: what this processor has. */
  block?: number;
}

interface Slot {
  name: string;
  role: Role;
  tensor: Tensor;
}

/** Outputs and updates of a program. */
export interface ProgramSpec {
  outputs: Record<string, Tensor>;
  /** State tensor → its value after the run. */
  updates?: Map<Tensor, Tensor>;
}

/** A compiled graph. It holds native memory of ONNX Runtime; `release` frees it. */
export class Program {
  private constructor(
    private readonly session: ort.InferenceSession,
    private readonly slots: readonly Slot[],
    private readonly outputs: Record<string, Tensor>,
    private readonly updated: readonly { name: string; shape: readonly number[] }[],
    /** Whether updates stay on the device. */
    private readonly keeps: boolean,
  ) {}

  /** Emits and loads the graph. Throws for two inputs of one name, and for an update whose size differs from its state. */
  static async compile(spec: ProgramSpec, settings: SessionSettings = {}): Promise<Program> {
    const updates = [...(spec.updates ?? new Map<Tensor, Tensor>())];
    const all: Record<string, Tensor> = { ...spec.outputs };
    const updated = updates.map(([state, next]) => {
      const { name } = state.attributes;
      if (state.size !== next.size) throw new Error(`update of ${name}: [${next.shape}] for [${state.shape}]`);
      all[`next:${name}`] = next;
      return { name, shape: next.shape };
    });
    const slots: Slot[] = [];
    const seen = new Map<string, Tensor>();
    for (const t of topological(Object.values(all))) {
      if (!isInput(t)) continue;
      const { name, role } = t.attributes;
      if (seen.has(name)) throw new Error(`two inputs of one graph are named ${name}`);
      seen.set(name, t);
      slots.push({ name, role, tensor: t });
    }
    const device = settings.device ?? 'cpu';
    const options = sessionOptions(device, settings.threads);
    const keeps = keepsState(device) && updated.length > 0;
    if (keeps)
      options.preferredOutputLocation = Object.fromEntries(
        updated.map((u) => [`next:${u.name}`, 'gpu-buffer' as const]),
      );
    const block = device === 'cpu' ? (settings.block ?? (await blockSize())) : 0;
    const session = await runtime().InferenceSession.create(emit(inBlocks(all, block), device === 'cpu'), options);
    return new Program(session, slots, spec.outputs, updated, keeps);
  }

  /** Runs the graph once. `feeds` are values by input name. State is read from `state` and updated in it; noise comes from `bank`. */
  async run(feeds: Record<string, Values>, state?: State, bank?: NoiseBank): Promise<Record<string, Values>> {
    const values: Record<string, ort.Tensor> = {};
    for (const { name, role, tensor } of this.slots) {
      const there = role === 'state' ? state?.onDevice(name, tensor.shape) : undefined;
      if (there) {
        values[name] = there;
        continue;
      }
      const data = role === 'state' ? state?.get(name) : role === 'noise' ? bank?.draw(tensor.size) : feeds[name];
      if (data === undefined) throw new Error(`run: nothing was fed for ${name}`);
      values[name] = toOrt(name, data, tensor.dtype, tensor.shape);
    }
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const name of Object.keys(this.outputs)) fetches[name] = null;
    for (const u of this.updated)
      fetches[`next:${u.name}`] = this.keeps ? null : toOrt(u.name, state!.next(u.name), 'float32', u.shape);
    const result = await this.session.run(values, fetches);
    for (const u of this.updated)
      if (this.keeps) state!.keep(u.name, result[`next:${u.name}`]);
      else state!.swap(u.name);
    return Object.fromEntries(Object.keys(this.outputs).map((name) => [name, result[name].data as Values]));
  }

  /** Frees the native session. The program cannot run afterwards. */
  async release(): Promise<void> {
    await this.session.release();
  }
}

function toOrt(name: string, data: Values, dtype: DType, shape: readonly number[]): ort.Tensor {
  if (!(data instanceof ARRAY[dtype])) throw new Error(`run: ${name} is ${dtype} and was fed ${data.constructor.name}`);
  if (data.length !== sizeOf(shape)) throw new Error(`run: ${name} [${shape}] was fed ${data.length} values`);
  return new (runtime().Tensor)(dtype as 'float32', data as Float32Array, shape as number[]);
}

/** Computes expressions once, without state and noise; `feeds` are values by input name. */
export async function evaluate(
  outputs: Record<string, Tensor>,
  feeds: Record<string, Values> = {},
): Promise<Record<string, Values>> {
  const program = await Program.compile({ outputs });
  try {
    return await program.run(feeds);
  } finally {
    await program.release();
  }
}
