/** A picture of what an audit found: of each suspicious class the samples taken for payload, above others of the same class; both sides of the border. */

import sharp, { type OverlayOptions } from 'sharp';
import type { ImageSet } from '../datasets/types.js';
import type { Audit } from './examine.js';

const [COLUMNS, ROWS, CELL, GAP, HEAD] = [12, 3, 64, 6, 34];

const escaped = (text: string) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);

/** PNG; without suspicious classes the samples that come nearest, so that there is always something to look at. */
export async function auditSheet({ set }: { set: ImageSet }, audit: Audit): Promise<Uint8Array> {
  const { height, width, channels } = set;
  const size = height * width * channels;
  const shown = audit.classes.flatMap((c, k) => (c.suspicious ? [k] : []));
  const ranked = [...audit.scores.keys()].sort((a, b) => audit.scores[b] - audit.scores[a] || a - b);
  const blocks: { title: string; rows: number[]; lines?: number }[] = shown.length
    ? shown.flatMap((k) => {
        const own = ranked.filter((i) => set.labels[i] === k);
        const taken = audit.suspicious.filter((i) => set.labels[i] === k).length;
        const { label, sides } = audit.classes[k];
        if (sides?.payload === null)
          return [false, true].map((up) => {
            const rows = own.filter((i) => audit.signals.odds[i] > 0 === up);
            const strength = (i: number) => Math.abs(audit.signals.odds[i]);
            const title = `${label}: ${up ? 'the other' : 'one'} of its two kinds, ${rows.length} samples`;
            return { title, rows: rows.sort((a, b) => strength(b) - strength(a)) };
          });
        if (taken === 0) return [{ title: `${label}: some of its samples; none of them is named`, rows: own }];
        const [named, rest] = [own.slice(0, taken), own.slice(taken)];
        return [
          {
            title: `${label}: ${taken} of ${own.length} samples taken for payload, the surest first`,
            rows: named,
            lines: 2,
          },
          { title: `${label}: the least sure of those taken`, rows: named.slice(2 * COLUMNS).reverse(), lines: 1 },
          { title: `${label}: not taken, the nearest to it first`, rows: rest.slice(0, -2 * COLUMNS), lines: 1 },
          { title: `${label}: not taken, the surest first`, rows: rest.reverse(), lines: 2 },
        ].filter(({ rows }) => rows.length > 0);
      })
    : [
        {
          title: `nothing stands out; samples of ${audit.classes[set.labels[ranked[0]]].label}, which comes nearest`,
          rows: ranked,
        },
      ];
  const pictures: OverlayOptions[] = [];
  const texts: string[] = [];
  let top = 0;
  for (const { title, rows, lines = ROWS } of blocks) {
    texts.push(`<text x="${GAP}" y="${top + 22}" font-size="15" font-weight="600">${escaped(title)}</text>`);
    top += HEAD;
    const some = rows.slice(0, COLUMNS * lines);
    for (const [at, i] of some.entries()) {
      const input = await sharp(set.images.subarray(i * size, (i + 1) * size), {
        raw: { height, width, channels: channels as 1 | 3 },
      })
        .resize(CELL, CELL, { kernel: 'nearest', fit: 'contain', background: '#fff' })
        .png()
        .toBuffer();
      pictures.push({
        input,
        left: GAP + (at % COLUMNS) * (CELL + GAP),
        top: top + Math.floor(at / COLUMNS) * (CELL + GAP),
      });
    }
    top += Math.ceil(some.length / COLUMNS) * (CELL + GAP) + GAP;
  }
  const across = GAP + COLUMNS * (CELL + GAP);
  const words = `<svg xmlns="http://www.w3.org/2000/svg" width="${across}" height="${top}" font-family="sans-serif" fill="#222">${texts.join('')}</svg>`;
  return sharp({ create: { width: across, height: top, channels: 3, background: '#fff' } })
    .composite([{ input: Buffer.from(words), top: 0, left: 0 }, ...pictures])
    .png()
    .toBuffer();
}
