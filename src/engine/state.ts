/** Named tensors that keep their values between runs: parameters, running statistics, optimizer state. */
import type * as ort from 'onnxruntime-node';
import { sessionOptions } from './devices.js';
import { GraphBuilder } from './onnx.js';
import { runtime } from './runtime.js';

/**
 * Named tensors with two buffers each. An update writes into the second buffer, then the two are swapped, so nothing is copied. An array
 * from `get` keeps its values for one update and is overwritten by the next: copy it to keep it longer. The same holds for an array
 * given to `set`.
 *
 * Programs on a device that keeps weights leave the new values there. Call `collect` before reading them.
 */
export class State {
  private readonly current = new Map<string, Float32Array>();
  private readonly spare = new Map<string, Float32Array>();
  /** Values in WebGPU buffers that are newer than those in `current`. */
  private readonly away = new Map<string, ort.Tensor>();

  /** Sets the value of `name`. The array becomes one of its buffers. */
  set(name: string, values: Float32Array) {
    this.current.set(name, values);
    this.spare.delete(name);
    this.away.get(name)?.dispose();
    this.away.delete(name);
  }

  /** The value of `name`. Throws if there is none, or if it is on a device and was not collected. */
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

  /** Makes the content of `next` the value of `name`. */
  swap(name: string) {
    const s = this.next(name);
    this.spare.set(name, this.get(name));
    this.current.set(name, s);
  }

  /** The value of `name` as a tensor on the device; undefined if it is not there. */
  onDevice(name: string, shape: readonly number[]): ort.Tensor | undefined {
    const t = this.away.get(name);
    return t && runtime().Tensor.fromGpuBuffer(t.gpuBuffer, { dataType: 'float32', dims: shape });
  }

  /** Makes a tensor on the device the value of `name`, and its owner. */
  keep(name: string, tensor: ort.Tensor) {
    this.away.get(name)?.dispose();
    this.away.set(name, tensor);
  }

  /** Copies all values from the device to this thread's memory; the next step uploads them again. */
  async collect(): Promise<void> {
    if (this.away.size === 0) return;
    // ONNX Runtime for Node cannot download a tensor from the device, but a graph that returns its inputs can.
    const graph = new GraphBuilder();
    const feeds: Record<string, ort.Tensor> = {};
    for (const [name, tensor] of this.away) {
      feeds[graph.input(name, 'float32', tensor.dims)] = tensor;
      graph.output(`host:${name}`, name, 'float32', tensor.dims);
    }
    const session = await runtime().InferenceSession.create(graph.finish(), sessionOptions('webgpu'));
    try {
      const values = await session.run(feeds);
      for (const name of [...this.away.keys()]) this.set(name, values[`host:${name}`].data as Float32Array);
    } finally {
      await session.release();
    }
  }
}
