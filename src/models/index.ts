/** Networks written with engine expressions, by name. A new model is one file and one line here. */
import { findNamed } from '../base/errors.js';
import { preactResnet18 } from './preact-resnet18.js';
import { resnet10 } from './resnet10.js';
import { resnet18 } from './resnet18.js';
import { transformer } from './transformer.js';
import type { Model } from './types.js';
import { vgg16 } from './vgg16.js';
import { vit } from './vit.js';

/** All models, in the order of `--help`. */
export const models: readonly Model[] = [resnet18, resnet10, preactResnet18, vgg16, vit, transformer];

/** The model of that name; throws `UserError` with the nearest name otherwise. */
export function findModel(name: string): Model {
  return findNamed('model', name, models);
}

export { Layers, type Mode, type Normalised, type Parameter } from './layers.js';
export { pooled, pooledHead } from './pooled-head.js';
export type { Forward, Model, ModelOptions, Readout } from './types.js';
export { axesOf, fromTorch, torchShape, toTorch, type Weights } from './weights.js';
