import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { contactSheet } from '../../src/report/index.js';
import { spectrum } from '../../src/report/spectrum.js';

describe('spectrum', () => {
  const [h, w] = [8, 12];
  const at = (y: number, x: number) => (y + h / 2) * w + x + w / 2;

  test('a wave is two bright points at its frequency, each of half its size times the pixels', () => {
    const wave = Float64Array.from(
      { length: h * w },
      (_, p) => 3 * Math.cos(2 * Math.PI * ((2 * Math.floor(p / w)) / h + (5 * (p % w)) / w)),
    );
    const s = spectrum(wave, h, w, 1);
    for (let y = -h / 2; y < h / 2; y++)
      for (let x = -w / 2; x < w / 2; x++) {
        const peak = (y === 2 && x === 5) || (y === -2 && x === -5);
        expect(s[at(y, x)]).toBeCloseTo(peak ? Math.log1p((3 * h * w) / 2) : 0, 6);
      }
  });

  test('a constant is one point in the middle, whatever the number of channels', () => {
    const s = spectrum(new Float64Array(h * w * 3).fill(2), h, w, 3);
    expect(s[at(0, 0)]).toBeCloseTo(Math.log1p(2 * h * w), 9);
    expect(s.filter((v) => v > 1e-9)).toHaveLength(1);
  });

  test('a point is white', () => {
    const point = new Float64Array(h * w);
    point[17] = 4;
    for (const v of spectrum(point, h, w, 1)) expect(v).toBeCloseTo(Math.log1p(4), 9);
  });
});

describe('contact sheet', () => {
  const image = (label: string, channels: number) => ({
    label,
    height: 32,
    width: 32,
    channels,
    clean: new Uint8Array(1024 * channels).fill(100),
    triggered: new Uint8Array(1024 * channels).fill(105),
  });

  test('has a row for every sample: clean, triggered, ten times their difference about grey, spectrum', async () => {
    const sheet = await contactSheet([{ title: 'a <b>', images: [image('one', 3), image('two & three', 3)] }]);
    const { data, info } = await sharp(sheet).raw().toBuffer({ resolveWithObject: true });
    const pixel = (x: number, y: number) => [...data.subarray((y * info.width + x) * info.channels).subarray(0, 3)];
    // Rows begin under the head and the title, columns beside the labels.
    const [top, left, cell, gap] = [44 + 34, 150, 128, 12];
    expect([info.width, info.height]).toEqual([left + 4 * (cell + gap), top + 2 * (cell + gap)]);
    for (const row of [0, 1]) {
      const y = top + row * (cell + gap) + 40;
      const column = (c: number) => pixel(left + c * (cell + gap) + 40, y);
      expect(column(0)).toEqual([100, 100, 100]);
      expect(column(1)).toEqual([105, 105, 105]);
      expect(column(2)).toEqual([178, 178, 178]);
      expect(column(3)).toEqual([0, 0, 0]);
      expect(pixel(left + 3 * (cell + gap) + 65, top + row * (cell + gap) + 65)).toEqual([255, 255, 255]);
    }
  });

  test('grey images too', async () => {
    const { width } = await sharp(await contactSheet([{ title: 'grey', images: [image('one', 1)] }])).metadata();
    expect(width).toBe(150 + 4 * 140);
  });
});
