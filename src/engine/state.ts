/** Named tensors that survive from run to run: parameters, running statistics, the optimizer's state. */
import * as ort from 'onnxruntime-node';
import { sessionOptions } from './devices.js';
import { GraphBuilder } from './onnx.js';

/**
 * Each tensor has a second buffer: an update writes into that one and the two change places, so nothing is copied. An array
 * from `get` therefore holds its values through one update and is written to by the next: copy what must last longer. An
 * array given to `set` is taken over in the same way.
 *
 * Programs of a device that keeps weights leave new values there. Whoever wants to read them calls `collect` first.
 */
export class State {
  private readonly current = new Map<string, Float32Array>();
  private readonly spare = new Map<string, Float32Array>();
  /** Values that are newer than those in `current`, in buffers of WebGPU. */
  private readonly away = new Map<string, ort.Tensor>();

  /** Gives `name` a value; the array is taken over. */
  set(name: string, values: Float32Array) {
    this.current.set(name, values);
    this.spare.delete(name);
    this.away.get(name)?.dispose();
    this.away.delete(name);
  }

  /** The value of `name`. Throws where there is none, and where it is on a device and was not collected. */
  get(name: string): Float32Array {
    const v = this.current.get(name);
    if (!v) throw new Error(`state: no tensor named ${name}`);
    if (this.away.has(name)) throw new Error(`state: ${name} is on the device, and was not collected`);
    return v;
  }

  /** Whether there is a tensor of that name. */
  has(name: string): boolean {
    return this.current.has(name);
  }

  /** Names of all tensors, in the order in which they were set. */
  names(): string[] {
    return [...this.current.keys()];
  }

  /** The buffer that the next value of `name` is written to. */
  next(name: string): Float32Array {
    let s = this.spare.get(name);
    if (!s) {
      s = new Float32Array(this.get(name).length);
      this.spare.set(name, s);
    }
    return s;
  }

  /** Makes what was written to `next` the value of `name`. */
  swap(name: string) {
    const s = this.next(name);
    this.spare.set(name, this.get(name));
    this.current.set(name, s);
  }

  /** The value of `name` as a tensor on the device, if that is where it is. */
  onDevice(name: string, shape: readonly number[]): ort.Tensor | undefined {
    const t = this.away.get(name);
    return t && ort.Tensor.fromGpuBuffer(t.gpuBuffer, { dataType: 'float32', dims: shape });
  }

  /** Takes over a tensor on the device as the next value of `name`. */
  keep(name: string, tensor: ort.Tensor) {
    this.away.get(name)?.dispose();
    this.away.set(name, tensor);
  }

  /** Brings back what is on the device; the next step takes it there again. */
  async collect(): Promise<void> {
    if (this.away.size === 0) return;
    // ONNX Runtime cannot download a tensor that it left on the device; a graph that hands its inputs on can.
    const graph = new GraphBuilder();
    const feeds: Record<string, ort.Tensor> = {};
    for (const [name, tensor] of this.away) {
      feeds[graph.input(name, 'float32', tensor.dims)] = tensor;
      graph.output(`host:${name}`, name, 'float32', tensor.dims);
    }
    const session = await ort.InferenceSession.create(graph.finish(), sessionOptions('webgpu'));
    try {
      const values = await session.run(feeds);
      for (const name of [...this.away.keys()]) this.set(name, values[`host:${name}`].data as Float32Array);
    } finally {
      await session.release();
    }
  }
}
