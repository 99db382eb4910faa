/** Tensor expressions, their gradients, and programs that run them. Wrong shapes throw an `Error` that names the operator. */
export { gradients } from './autodiff.js';
export {
  chooseDevice,
  type DeviceState,
  inspectDevice,
  limitThreads,
} from './devices.js';
export { emit, emitPortable } from './emit.js';
export { flops } from './flops.js';
export * from './names.js';
export { NoiseBank } from './noise.js';
export type { Attribute, DType, GraphBuilder, Weight } from './onnx.js';
export * from './ops/batch-norm.js';
export * from './ops/broadcast.js';
export * from './ops/channels.js';
export { conv2d } from './ops/conv.js';
export * from './ops/elementwise.js';
export * from './ops/layer-norm.js';
export * from './ops/losses.js';
export * from './ops/matmul.js';
export * from './ops/pool.js';
export * from './ops/reduce.js';
export * from './ops/shape.js';
export * from './optim.js';
export {
  evaluate,
  Program,
  type ProgramSpec,
  type SessionSettings,
  type Values,
} from './program.js';
export { State } from './state.js';
export {
  type Attributes,
  constant,
  input,
  type Op,
  type Operand,
  type Role,
  type Shape,
  sizeOf,
  Tensor,
} from './tensor.js';
