/** All models, by name. A new model is one file and one line here. */
import { unknownWord } from '../base/errors.js';
import { preactResnet18 } from './preact-resnet18.js';
import { resnet18 } from './resnet18.js';
import type { Model } from './types.js';
import { vgg16 } from './vgg16.js';
import { vit } from './vit.js';

export const models: readonly Model[] = [resnet18, preactResnet18, vgg16, vit];

export function findModel(name: string): Model {
  const model = models.find((m) => m.name === name);
  if (!model)
    throw unknownWord(
      'model',
      name,
      models.map((m) => m.name),
    );
  return model;
}

export { Layers, type Mode, type Parameter } from './layers.js';
export type { Forward, Model, ModelOptions } from './types.js';
