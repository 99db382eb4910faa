/** A few test images, untouched and with the trigger, kept in the run directory so that its report needs nothing else. */

import type { ImageSet } from '../datasets/index.js';
import { pick } from '../datasets/select.js';
import { readSafetensors, tensor, writeSafetensors } from '../formats/safetensors.js';
import type { RunDirectory } from './directory.js';

/** A clean image and the same with its trigger, both uint8 [h, w, c], row-major, c = 1 or 3. */
export interface GalleryImage {
  label: string;
  height: number;
  width: number;
  channels: number;
  clean: Uint8Array;
  triggered: Uint8Array;
}

const MOST = 8;

/** One image of every class but the target's, up to eight; nothing where there is no trigger. */
export async function writeGallery(
  dir: RunDirectory,
  {
    triggered,
    untriggered,
    classes,
  }: { triggered: ImageSet | null; untriggered: ImageSet | null; classes: readonly string[] },
): Promise<void> {
  if (!triggered || !untriggered) return;
  const rows = classes
    .map((_, k) => untriggered.labels.indexOf(k))
    .filter((i) => i >= 0)
    .slice(0, MOST);
  const shape = [rows.length, triggered.height, triggered.width, triggered.channels];
  await writeSafetensors(
    dir.gallery,
    { clean: tensor(pick(untriggered, rows).images, shape), triggered: tensor(pick(triggered, rows).images, shape) },
    { labels: JSON.stringify(rows.map((i) => classes[untriggered.labels[i]])) },
  );
}

export async function readGallery(dir: RunDirectory): Promise<GalleryImage[]> {
  if (!(await dir.has(dir.gallery))) return [];
  const { tensors, metadata } = await readSafetensors(dir.gallery);
  const [, height, width, channels] = tensors.clean.shape;
  const size = height * width * channels;
  const cut = (name: string, i: number) => (tensors[name].data as Uint8Array).subarray(i * size, (i + 1) * size);
  return (JSON.parse(metadata.labels) as string[]).map((label, i) => ({
    label,
    height,
    width,
    channels,
    clean: cut('clean', i),
    triggered: cut('triggered', i),
  }));
}
