/** The samples' file of a run directory: what was probed, in the order of the probes' rows. */

import type { PoisonedSet } from '../attacks/index.js';
import { pick } from '../datasets/select.js';
import { tensor, writeSafetensors } from '../formats/safetensors.js';
import type { RunDirectory } from './directory.js';

export async function writeSamples(dir: RunDirectory, set: PoisonedSet, samples: Int32Array): Promise<void> {
  const n = samples.length;
  const of = (values: ArrayLike<number>) =>
    tensor(
      Int32Array.from(samples, (i) => values[i]),
      [n],
    );
  const flags = (values: Uint8Array) =>
    tensor(
      Uint8Array.from(samples, (i) => values[i]),
      [n],
      'BOOL',
    );
  await writeSafetensors(dir.samples, {
    x: tensor(pick(set, samples).images, [n, set.height, set.width, set.channels]),
    label: of(set.labels),
    original_label: of(set.originalLabels),
    poisoned: flags(set.poisoned),
    cover: flags(set.cover),
    index: of(set.index),
  });
}
