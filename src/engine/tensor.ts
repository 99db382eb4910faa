/**
 * Tensor expressions with static shapes. An expression is a node of a directed acyclic graph; nothing is computed until
 * a `Program` emits the graph as ONNX and runs it.
 *
 * An operator is one `Op`: its shape rule, its vector–Jacobian product and its lowering stand in one place.
 */
import type { DType, GraphBuilder } from './onnx.js';

export type { DType } from './onnx.js';
/** Sizes of a tensor's axes. */
export type Shape = readonly number[];
/** What an operator was given besides tensors; each knows the type of its own. */
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

/** A node of an expression: an operator and what it is applied to. Nothing is computed before a `Program` runs. */
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

/** Values in a tensor of that shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

/** NumPy broadcasting; the error names both shapes. */
export function broadcastShapes(op: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[a.length - rank + i] ?? 1;
    const y = b[b.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw new Error(`${op}: shapes [${a}] and [${b}] do not broadcast`);
    return x === 1 ? y : x;
  });
}

/** `state`: a named tensor that survives from step to step (parameters, optimizer state). `noise`: fed from a bank. */
export type Role = 'feed' | 'state' | 'noise';

const inputOp: Op = {
  name: 'input',
  lower: (graph, _inputs, node) => graph.input(node.attributes.name, node.dtype, node.shape),
};

/** A value handed in at every run. */
export function input(name: string, shape: Shape, dtype: DType = 'float32', role: Role = 'feed'): Tensor {
  return new Tensor(inputOp, [], { name, role }, shape, dtype);
}

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

/** A tensor, or a number in the place of a constant one. */
export type Operand = Tensor | number;

export function asTensor(x: Operand): Tensor {
  return typeof x === 'number' ? constant(x) : x;
}
