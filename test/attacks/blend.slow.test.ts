import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { blend } from '../../src/attacks/blend.js';
import { triggerTest } from '../../src/attacks/poison.js';
import { decodeNpy } from '../../src/formats/npy.js';
import { randomSet, settings } from './helpers.js';

const authors = join(import.meta.dirname, '../../../shared/reference/blend_noise_32x32.npy');
test.skipIf(!existsSync(authors))(
  'with the noise of the paper, bytes are as computed by hand (skipped, needs ../shared/reference)',
  () => {
    const mask = decodeNpy(readFileSync(authors)).data as Uint8Array;
    const set = randomSet([2, 2]);
    const out = triggerTest(set, blend, settings({ options: { mask: authors } }));
    let differ = 0;
    out.images.forEach((v, i) => {
      // In whole tenths, free of rounding: 7·x + 3·m, halves rounded up.
      const exact = Math.floor((7 * set.images[i] + 3 * mask[Math.floor((i % 3072) / 3)] + 5) / 10);
      if (v !== exact) differ++;
      expect(Math.abs(v - exact)).toBeLessThanOrEqual(1);
    });
    // Only where the exact value ends in .5 may float32 fall on the other side.
    expect(differ / out.images.length).toBeLessThan(0.1);
  },
);
