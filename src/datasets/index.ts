/** The sources of images. A new one is one file in this room and one line below. */
import { findNamed } from '../base/errors.js';
import { cifar10 } from './cifar10.js';
import { cifar100 } from './cifar100.js';
import { folder } from './folder.js';
import { gtsrb } from './gtsrb.js';
import { fashionMnist, mnist } from './mnist.js';
import { npz } from './npz.js';
import { parquet } from './parquet.js';
import { shapes10 } from './shapes10.js';
import { svhn } from './svhn.js';
import { tinyImagenet } from './tiny-imagenet.js';
import { torch } from './torch.js';
import type { Dataset, DatasetRequest, DatasetSource } from './types.js';

/** All sources, in the order of `data list`. */
export const datasets: readonly DatasetSource[] = [
  shapes10,
  cifar10,
  cifar100,
  svhn,
  gtsrb,
  mnist,
  fashionMnist,
  tinyImagenet,
  folder,
  npz,
  torch,
  parquet,
];

/** The source of that name. Throws `UserError` with the nearest name if there is none. */
export function findDataset(name: string): DatasetSource {
  return findNamed('data set', name, datasets);
}

/** The names of the classes of a data set in the order of their numbers. Throws `UserError` as `loadDataset`. */
export async function classNamesOf(name: string, dataDir?: string): Promise<string[]> {
  const source = findDataset(name);
  return source.classes ? source.classes(dataDir) : (await source.load({ dataDir, seed: 0 })).classes;
}

/** Loads the data set of that name. Throws `UserError` for an unknown name, and for files that are missing or damaged. */
export async function loadDataset(name: string, request: DatasetRequest): Promise<Dataset> {
  return findDataset(name).load(request);
}

export * from './limits.js';
export type * from './types.js';
