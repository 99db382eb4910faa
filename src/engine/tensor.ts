/**
 * Tensor expressions with static shapes. An expression is a node of a directed acyclic graph. Nothing is computed until a `Program`
 * emits the graph as ONNX and runs it.
 *
 * An operator has its shape rule, its vector–Jacobian product and its lowering to ONNX in one place.
 */
import type { DType, GraphBuilder } from './onnx.js';

export type { DType } from './onnx.js';
/** Sizes of a tensor's axes. */
export type Shape = readonly number[];
/** Arguments of an operator besides tensors. */
// biome-ignore lint/suspicious/noExplicitAny: each operator knows the type of its own attributes
export type Attributes = any;

/** An operator: its gradient and its lowering. Its shape rule is the function that makes its tensors. */
export interface Op {
  name: string;
  /** Vector–Jacobian product: the gradient of each input given the gradient of the output; null where there is none. */
  vjp?(grad: Tensor, node: Tensor): (Tensor | null)[];
  /** Writes the ONNX nodes and returns the name of the result. */
  lower(graph: GraphBuilder, inputs: string[], node: Tensor): string;
}

/** A node of an expression: an operator with its inputs. Nothing is computed before a `Program` runs. */
export class Tensor {
  constructor(
    readonly op: Op,
    readonly inputs: readonly Tensor[],
    readonly attributes: Attributes,
    readonly shape: Shape,
    readonly dtype: DType = 'float32',
  ) {
    for (const d of shape) if (!Number.isInteger(d) || d < 0) throw new Error(`${op.name}: invalid shape [${shape}]`);
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  get rank(): number {
    return this.shape.length;
  }
}

/** Number of values in a tensor of that shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Whether two shapes are equal. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** Shape of two operands after NumPy broadcasting. Throws an `Error` that names both shapes if they do not broadcast. */
export function broadcastShapes(op: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`${op}: shapes [${a}] and [${b}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

/** `feed`: given at every run. `state`: keeps its value between runs (parameters, optimizer state). `noise`: read from a `NoiseBank`. */
export type Role = 'feed' | 'state' | 'noise';

const inputOp: Op = {
  name: 'input',
  lower: (graph, _inputs, node) => graph.input(node.attributes.name, node.dtype, node.shape),
};

/** An input of a program; by default a float32 value that is given at every run. */
export function input(name: string, shape: Shape, dtype: DType = 'float32', role: Role = 'feed'): Tensor {
  return new Tensor(inputOp, [], { name, role }, shape, dtype);
}

/** Whether a tensor is an input. */
export function isInput(t: Tensor): boolean {
  return t.op === inputOp;
}

const constantOp: Op = {
  name: 'constant',
  lower: (graph, _inputs, node) => graph.floats(node.attributes.values, node.shape),
};

/** A float32 constant; without a shape a number is a scalar and a list a vector. */
export function constant(values: number | readonly number[] | Float32Array, shape?: Shape): Tensor {
  const data = typeof values === 'number' ? Float32Array.of(values) : Float32Array.from(values);
  const s = shape ?? (typeof values === 'number' ? [] : [data.length]);
  if (sizeOf(s) !== data.length) throw new Error(`constant: ${data.length} values do not fill the shape [${s}]`);
  return new Tensor(constantOp, [], { values: data }, s);
}

/** A tensor, or a number that stands for a constant scalar. */
export type Operand = Tensor | number;

/** The operand as a tensor. */
export function asTensor(x: Operand): Tensor {
  return typeof x === 'number' ? constant(x) : x;
}
