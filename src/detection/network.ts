/** A trained network as detectors ask it. */
import type { ImageSet } from '../datasets/types.js';
import type { Network } from '../detectors/index.js';
import { Trainer } from '../training/trainer.js';

/** The network of a trainer with its present weights, without noise; the caller releases it. */
export function networkOf(trainer: Trainer): Network & { release(): Promise<void> } {
  const silent = new Trainer({ ...trainer.config, noiseStd: 0 }, trainer.data);
  silent.load(trainer.weights());
  const norms = silent.batchNorms.map(({ name }) => name);
  const logits = async (images: ImageSet) => (await silent.probe(images, 1))[0].logits;
  return {
    batchNorms: norms.length,
    logits,
    async features(images) {
      const data = await silent.noiseFree(images);
      return { data, n: images.n, d: data.length / images.n };
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
