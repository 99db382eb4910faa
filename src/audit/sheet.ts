/**
 * A picture of what an audit found: of each flagged class the named samples above other samples of the class, with those on both
 * sides of the threshold in between; of each noted class both clusters.
 */

import type { OverlayOptions } from 'sharp';
import type { ImageSet } from '../datasets/types.js';
import { type Audit, type ClassVerdict, poisonedCluster } from './verdict.js';

/** Layout: samples per row, rows per block, side of a sample, gap and height of a title in pixels. */
const [COLUMNS, ROWS, CELL, GAP, HEAD] = [12, 3, 64, 6, 34];

interface Block {
  title: string;
  /** Samples in the order in which they are shown. */
  rows: number[];
  lines?: number;
}

/** PNG. If no class is flagged or noted, the samples with the highest scores, so that there is always something to look at. */
export async function auditSheet({ set }: { set: ImageSet }, audit: Audit): Promise<Uint8Array> {
  const ranked = [...audit.scores.keys()].sort((a, b) => audit.scores[b] - audit.scores[a] || a - b);
  const of = (isShown: (c: ClassVerdict) => boolean) => audit.classes.flatMap((c, k) => (isShown(c) ? [k] : []));
  const shown = [...of((c) => c.suspicious), ...of((c) => c.note !== null)];
  if (shown.length > 0)
    return drawn(
      set,
      shown.flatMap((k) => blocksOf(set, audit, k, ranked)),
    );
  const { label } = audit.classes[set.labels[ranked[0]]];
  return drawn(set, [
    { title: `no class is flagged or noted; samples of ${label}, the class closest to it`, rows: ranked },
  ]);
}

/** The blocks of the flagged or noted class `k`; `ranked`: all samples, highest score first. */
function blocksOf({ labels }: ImageSet, audit: Audit, k: number, ranked: readonly number[]): Block[] {
  const own = ranked.filter((i) => labels[i] === k);
  const verdict = audit.classes[k];
  const { label } = verdict;
  if (verdict.sides && poisonedCluster(verdict) === null)
    return [false, true].map((up) => {
      const rows = own.filter((i) => audit.signals.logOdds[i] > 0 === up);
      const strength = (i: number) => Math.abs(audit.signals.logOdds[i]);
      const title = `${label}: ${up ? 'second' : 'first'} cluster, ${rows.length} samples`;
      return { title, rows: rows.sort((a, b) => strength(b) - strength(a)) };
    });
  const count = audit.suspicious.filter((i) => labels[i] === k).length;
  if (count === 0) return [{ title: `${label}: some of its samples; none is named`, rows: own }];
  const [named, rest] = [own.slice(0, count), own.slice(count)];
  const title = `${label}: ${count} of ${own.length} samples named as poisoned, highest log-odds first`;
  return [
    { title, rows: named, lines: 2 },
    { title: `${label}: named, lowest log-odds first`, rows: named.slice(2 * COLUMNS).reverse(), lines: 1 },
    { title: `${label}: not named, highest log-odds first`, rows: rest.slice(0, -2 * COLUMNS), lines: 1 },
    { title: `${label}: not named, lowest log-odds first`, rows: rest.reverse(), lines: 2 },
  ].filter(({ rows }) => rows.length > 0);
}

async function drawn(set: ImageSet, blocks: readonly Block[]): Promise<Uint8Array> {
  const pictures: OverlayOptions[] = [];
  const texts: string[] = [];
  let top = 0;
  for (const { title, rows, lines = ROWS } of blocks) {
    texts.push(`<text x="${GAP}" y="${top + 22}" font-size="15" font-weight="600">${escaped(title)}</text>`);
    top += HEAD;
    const some = rows.slice(0, COLUMNS * lines);
    for (const [at, i] of some.entries())
      pictures.push({
        input: await cell(set, i),
        left: GAP + (at % COLUMNS) * (CELL + GAP),
        top: top + Math.floor(at / COLUMNS) * (CELL + GAP),
      });
    top += Math.ceil(some.length / COLUMNS) * (CELL + GAP) + GAP;
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
