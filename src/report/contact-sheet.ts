/** A contact sheet of an attack, as one PNG: images without and with the trigger, and their difference. */
import type { OverlayOptions } from 'sharp';
import { residual } from './png.js';
import { spectrum } from './spectrum.js';
import type { GalleryImage } from './types.js';

/** The images of one attack, one row each. */
export interface SheetBlock {
  title: string;
  images: readonly GalleryImage[];
}

const COLUMNS = ['clean', 'triggered', 'residual × 10', 'residual spectrum'];
/** Pixels of a picture, at least; small images are enlarged by whole factors. */
const CELL = 128;
const GAP = 12;
const HEAD = 44;
const TITLE = 34;
const SIDE = 150;

const escaped = (text: string) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * Rows of samples, columns clean, triggered, residual ×10 (grey is no change) and the spectrum of the residual (frequency
 * 0 in the middle, each brightest at its maximum). Labels are set in the system's sans-serif font.
 */
export async function contactSheet(blocks: readonly SheetBlock[]): Promise<Uint8Array> {
  const cell = Math.max(...blocks.flatMap((b) => b.images.map((i) => enlarged(i).cell)));
  const pictures: OverlayOptions[] = [];
  const texts: string[] = [];
  const column = (c: number) => SIDE + c * (cell + GAP);
  const text = (x: number, y: number, size: number, content: string, more = '') =>
    texts.push(`<text x="${x}" y="${y}" font-size="${size}" ${more}>${escaped(content)}</text>`);
  COLUMNS.forEach((name, c) => {
    text(column(c), 28, 15, name, 'fill="#555"');
  });
  let top = HEAD;
  for (const { title, images } of blocks) {
    text(GAP, top + 20, 17, title, 'font-weight="600" fill="#111"');
    top += TITLE;
    for (const image of images) {
      text(
        GAP,
        top + cell / 2 + 5,
        14,
        image.label.length > 17 ? `${image.label.slice(0, 16)}…` : image.label,
        'fill="#333"',
      );
      for (const [c, pixels] of [image.clean, image.triggered, residual(image), spectrumPixels(image)].entries())
        pictures.push({ input: await enlarge(pixels, image), top, left: column(c) });
      top += cell + GAP;
    }
  }
  const width = column(COLUMNS.length);
  const words = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" font-family="sans-serif">${texts.join('')}</svg>`;
  const { default: sharp } = await import('sharp');
  return sharp({ create: { width, height: top, channels: 3, background: '#fff' } })
    .composite([{ input: Buffer.from(words), top: 0, left: 0 }, ...pictures])
    .png({ palette: false })
    .toBuffer();
}

function enlarged({ height, width }: GalleryImage) {
  const factor = Math.max(1, Math.floor(CELL / Math.max(height, width)));
  return { factor, cell: factor * Math.max(height, width) };
}

async function enlarge(pixels: Uint8Array, image: GalleryImage): Promise<Buffer> {
  const { height, width, channels } = image;
  const { factor } = enlarged(image);
  const { default: sharp } = await import('sharp');
  return sharp(pixels, { raw: { height, width, channels: channels as 1 | 3 } })
    .resize(width * factor, height * factor, { kernel: 'nearest' })
    .png()
    .toBuffer();
}

function spectrumPixels({ clean, triggered, height, width, channels }: GalleryImage): Uint8Array {
  const values = spectrum(
    Float64Array.from(clean, (v, i) => triggered[i] - v),
    height,
    width,
    channels,
  );
  const top = values.reduce((a, b) => Math.max(a, b), 0) || 1;
  return Uint8Array.from({ length: clean.length }, (_, i) => (255 * values[Math.floor(i / channels)]) / top);
}
