/** The configuration of the smallest run that has all groups: nine clean classes, ten steps an epoch, two epochs. */
import { resolveConfig } from '../../src/config/resolve.js';

export const smallConfig = (checkpoints: (number | string)[], instrument: string[]) =>
  resolveConfig({
    attack: 'badnets',
    model: 'resnet10',
    width: 2,
    epochs: 2,
    batchSize: 256,
    trainLimit: 2400,
    testLimit: 100,
    draws: 3,
    probeSize: 100,
    nullSplits: 1,
    checkpoints,
    instrument,
    seed: 4,
  });
