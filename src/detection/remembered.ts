/** Answers of a network that are kept on disk, each named by what it was made from, so that a detector whose rule changed is asked again in seconds. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { InputSet } from '../datasets/types.js';
import { readSafetensors, tensor, writeSafetensors } from '../formats/safetensors.js';
import type { Matrix } from '../information/columns.js';
import type { ReleasableNetwork } from './network.js';

/**
 * A network whose features, likelihoods and amplified logits are kept in `folder`. A file is named by SHA-256 of `stamp` (weights and data),
 * the question and the images, so that an answer to anything else is never read. Plain logits are not kept: STRIP asks for those of a hundred
 * blended sets.
 */
export function rememberedNetwork(network: ReleasableNetwork, folder: string, stamp: string): ReleasableNetwork {
  const hashes = new WeakMap<InputSet, string>();
  const hashOf = (set: InputSet) => {
    const hash =
      hashes.get(set) ??
      createHash('sha256')
        .update('tokens' in set ? set.tokens : set.images)
        .digest('hex');
    hashes.set(set, hash);
    return hash;
  };
  const kept = async (question: string, set: InputSet, ask: () => Promise<Matrix>): Promise<Matrix> => {
    const name = createHash('sha256')
      .update([stamp, question, hashOf(set)].join('\n'))
      .digest('hex')
      .slice(0, 32);
    const path = join(folder, `${name}.safetensors`);
    const found = await readSafetensors(path).catch(() => null);
    if (found) {
      const { data, shape } = found.tensors.answer;
      return { data: data as Float32Array, n: shape[0], d: shape[1] };
    }
    const answer = await ask();
    await mkdir(folder, { recursive: true });
    const { data, n, d } = answer;
    await writeSafetensors(path, { answer: tensor(data as Float32Array, [n, d]) }, { stamp, question });
    return answer;
  };
  return {
    ...network,
    features: (images) => kept('features', images, () => network.features(images)),
    likelihoods: (images) => kept('likelihoods', images, () => network.likelihoods(images)),
    async amplified(images, layers, factor) {
      const { data } = await kept(`amplified ${layers} ${factor}`, images, async () => {
        const logits = await network.amplified(images, layers, factor);
        return { data: logits, n: images.n, d: logits.length / images.n };
      });
      return data as Float32Array;
    },
  };
}
