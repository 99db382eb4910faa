/** The samples' file of a run directory: what was probed, in the order of the probes' rows. */

import type { PoisonedSet } from '../attacks/index.js';
import { pick } from '../datasets/select.js';
import type { InputSet } from '../datasets/types.js';
import { type Tensor, tensor, writeSafetensors } from '../formats/safetensors.js';
import type { RunDirectory } from './directory.js';

/**
 * `x`: images [n, h, w, c] uint8, or tokens [n, length] int32. Of texts also `text`, their UTF-8 bytes one after another, and `text_end`, the place behind each,
 * [n].
 */
export async function writeSamples(
  dir: RunDirectory,
  set: InputSet & Pick<PoisonedSet, 'originalLabels' | 'poisoned' | 'cover' | 'index'>,
  samples: Int32Array,
): Promise<void> {
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
    ...content(pick<InputSet>(set, samples)),
    label: of(set.labels),
    original_label: of(set.originalLabels),
    poisoned: flags(set.poisoned),
    cover: flags(set.cover),
    index: of(set.index),
  });
}

function content(set: InputSet): Record<string, Tensor> {
  if (!('tokens' in set)) return { x: tensor(set.images, [set.n, set.height, set.width, set.channels]) };
  const bytes = set.texts.map((text) => Buffer.from(text));
  let at = 0;
  const ends = bytes.map((b) => {
    at += b.length;
    return at;
  });
  const text = new Uint8Array(Buffer.concat(bytes));
  return {
    x: tensor(set.tokens, [set.n, set.length]),
    text: tensor(text, [text.length]),
    text_end: tensor(Int32Array.from(ends), [set.n]),
  };
}
