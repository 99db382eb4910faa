/** A few test samples, untouched and with the trigger, kept in the run directory so that its report needs nothing else. */

import { changesOf, type TextChange } from '../attacks/texts/changes.js';
import type { InputSet, TextSet } from '../datasets/index.js';
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

/** A triggered text with its label: its parts, and what the trigger did to each. */
export interface GalleryText {
  label: string;
  parts: readonly TextChange[];
}

const MOST = 8;

/** One sample of every class but the target's, up to eight; nothing where there is no trigger. */
export async function writeGallery(
  dir: RunDirectory,
  {
    triggered,
    untriggered,
    classes,
  }: { triggered: InputSet | null; untriggered: InputSet | null; classes: readonly string[] },
): Promise<void> {
  if (!triggered || !untriggered) return;
  const rows = classes
    .map((_, k) => untriggered.labels.indexOf(k))
    .filter((i) => i >= 0)
    .slice(0, MOST);
  if ('texts' in triggered || 'texts' in untriggered) {
    const [before, after] = [untriggered, triggered] as [TextSet, TextSet];
    const texts = rows.map((i): GalleryText => {
      const parts = changesOf(before.texts[i], after.texts[i]);
      return { label: classes[before.labels[i]], parts };
    });
    await writeSafetensors(dir.gallery, {}, { texts: JSON.stringify(texts) });
    return;
  }
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
  if (!tensors.clean) return [];
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

/** The texts of a run on texts; none of a run on images. */
export async function readTextGallery(dir: RunDirectory): Promise<GalleryText[]> {
  if (!(await dir.has(dir.gallery))) return [];
  const { metadata } = await readSafetensors(dir.gallery);
  return metadata.texts === undefined ? [] : JSON.parse(metadata.texts);
}
