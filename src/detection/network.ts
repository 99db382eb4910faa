/** A trained network as detectors ask it. */
import type { InputSet } from '../datasets/types.js';
import type { Network } from '../detectors/index.js';
import type { Matrix } from '../information/columns.js';
import { Trainer } from '../training/trainer.js';

export interface ReleasableNetwork extends Network {
  release(): Promise<void>;
}

/** A copy of a trainer's network with its present weights, without noise; the caller releases it. */
export function silentNetwork(trainer: Trainer): ReleasableNetwork {
  const silent = new Trainer({ ...trainer.config, noiseStd: 0 }, trainer.data);
  silent.load(trainer.weights());
  return networkOf(silent);
}

/** The network of a trainer without noise, which is released with it. T of a set is computed once. */
export function networkOf(silent: Trainer): ReleasableNetwork {
  const known = new WeakMap<InputSet, Promise<Matrix>>();
  const norms = silent.batchNorms.map(({ name }) => name);
  const logits = async (images: InputSet) => (await silent.probe(images, 1))[0].logits;
  return {
    batchNorms: norms.length,
    logits,
    features(images) {
      const features =
        known.get(images) ??
        silent.noiseFree(images).then((data) => ({ data, n: images.n, d: data.length / images.n }));
      known.set(images, features);
      return features;
    },
    async likelihoods(images) {
      return { data: await silent.likelihoods(images), n: images.n, d: norms.length };
    },
    gradient: (images, labels) => silent.imageGradient(images, labels),
    async amplified(images, layers, factor) {
      const names = norms.slice(norms.length - layers).flatMap((name) => [`${name}.weight`, `${name}.bias`]);
      await silent.state.collect();
      const former = names.map((name) => silent.state.get(name).slice());
      names.forEach((name, i) => {
        silent.state.set(
          name,
          former[i].map((v) => v * factor),
        );
      });
      try {
        return await logits(images);
      } finally {
        names.forEach((name, i) => {
          silent.state.set(name, former[i]);
        });
      }
    },
    release: () => silent.release(),
  };
}
