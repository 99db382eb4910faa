/** ONNX Runtime. */
import { createRequire } from 'node:module';
import type * as ort from 'onnxruntime-node';

const require = createRequire(import.meta.url);
let loaded: typeof ort | undefined;

/** ONNX Runtime, loaded at the first call, so that a command that runs no program does not wait for it. */
export function runtime(): typeof ort {
  loaded ??= require('onnxruntime-node') as typeof ort;
  return loaded;
}
