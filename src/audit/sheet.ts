/** A picture of what an audit found in a set of images. */

import type { OverlayOptions } from 'sharp';
import type { ImageSet } from '../datasets/types.js';
import { type Block, blocksOf, COLUMNS } from './blocks.js';
import type { Audit } from './verdict.js';

/** Layout: side of a sample, gap and height of a title in pixels. */
const [CELL, GAP, HEAD] = [64, 6, 34];

/** PNG: the blocks of `blocksOf`. */
export const auditSheet = ({ set }: { set: ImageSet }, audit: Audit): Promise<Uint8Array> =>
  drawn(set, blocksOf(set.labels, audit));

async function drawn(set: ImageSet, blocks: readonly Block[]): Promise<Uint8Array> {
  const pictures: OverlayOptions[] = [];
  const texts: string[] = [];
  let top = 0;
  for (const { title, rows } of blocks) {
    texts.push(`<text x="${GAP}" y="${top + 22}" font-size="15" font-weight="600">${escaped(title)}</text>`);
    top += HEAD;
    for (const [at, i] of rows.entries())
      pictures.push({
        input: await cell(set, i),
        left: GAP + (at % COLUMNS) * (CELL + GAP),
        top: top + Math.floor(at / COLUMNS) * (CELL + GAP),
      });
    top += Math.ceil(rows.length / COLUMNS) * (CELL + GAP) + GAP;
  }
  const across = GAP + COLUMNS * (CELL + GAP);
  const words = `<svg xmlns="http://www.w3.org/2000/svg" width="${across}" height="${top}" font-family="sans-serif" fill="#222">${texts.join('')}</svg>`;
  const { default: sharp } = await import('sharp');
  return sharp({ create: { width: across, height: top, channels: 3, background: '#fff' } })
    .composite([{ input: Buffer.from(words), top: 0, left: 0 }, ...pictures])
    .png()
    .toBuffer();
}

async function cell({ images, height, width, channels }: ImageSet, i: number): Promise<Buffer> {
  const { default: sharp } = await import('sharp');
  const size = height * width * channels;
  return sharp(images.subarray(i * size, (i + 1) * size), { raw: { height, width, channels: channels as 1 | 3 } })
    .resize(CELL, CELL, { kernel: 'nearest', fit: 'contain', background: '#fff' })
    .png()
    .toBuffer();
}

const escaped = (text: string) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
