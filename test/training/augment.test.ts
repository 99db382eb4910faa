import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { augment } from '../../src/training/augment.js';

const shape = { height: 16, width: 16, channels: 3 };
const size = 16 * 16 * 3;
/** Images whose every pixel tells where it is from: row, column + 1, which image. */
const marked = (n: number) =>
  Uint8Array.from({ length: n * size }, (_, i) => {
    const p = Math.floor((i % size) / 3);
    return [Math.floor(p / 16) + 1, (p % 16) + 1, Math.floor(i / size)][i % 3];
  });
const augmented = (n: number, kind: 'none' | 'crop' | 'flip' | 'crop-flip', seed = 0) => {
  const images = marked(n);
  augment(images, shape, kind, new Rng(seed, 'augment test'));
  return images;
};
/** Where the pixel in the middle of each image came from: its row and the direction of columns. */
const moves = (images: Uint8Array) =>
  Array.from({ length: images.length / size }, (_, i) => {
    const at = (y: number, x: number, c: number) => images[i * size + (y * 16 + x) * 3 + c];
    const step = at(8, 8, 1) - at(8, 7, 1);
    return { dy: at(8, 8, 0) - 9, dx: step === 1 ? at(8, 8, 1) - 9 : at(8, 7, 1) - 9, mirrored: step === -1 };
  });

describe('augment', () => {
  it('none leaves images alone', () => {
    expect(augmented(3, 'none')).toEqual(marked(3));
  });

  it('flip: half of the images are exact mirror images, the others untouched', () => {
    const n = 400;
    const [images, plain] = [augmented(n, 'flip'), marked(n)];
    let mirrored = 0;
    for (let i = 0; i < n; i++) {
      const flip = moves(images.slice(i * size, (i + 1) * size))[0].mirrored;
      mirrored += Number(flip);
      for (let p = 0; p < 256; p++) {
        const from = flip ? p - (p % 16) + 15 - (p % 16) : p;
        for (let c = 0; c < 3; c++) expect(images[i * size + p * 3 + c]).toBe(plain[i * size + from * 3 + c]);
      }
    }
    // Four standard deviations of Bin(400, ½).
    expect(Math.abs(mirrored - 200)).toBeLessThan(40);
  });

  it('crop: shifts by up to an eighth of the side, every shift as likely, zeros where nothing was', () => {
    const n = 2500;
    const images = augmented(n, 'crop');
    const counts = new Map<string, number>();
    for (const [i, { dy, dx, mirrored }] of moves(images).entries()) {
      expect(mirrored).toBe(false);
      counts.set(`${dy},${dx}`, (counts.get(`${dy},${dx}`) ?? 0) + 1);
      for (const [y, x] of [
        [0, 0],
        [15, 3],
        [7, 15],
      ]) {
        const inside = y + dy >= 0 && y + dy < 16 && x + dx >= 0 && x + dx < 16;
        expect(images[i * size + (y * 16 + x) * 3]).toBe(inside ? y + dy + 1 : 0);
      }
    }
    expect(counts.size).toBe(25);
    // 25 cells of 100 expected; χ² with 24 degrees of freedom is above 52 once in a thousand.
    const chi = [...counts.values()].reduce((sum, c) => sum + (c - 100) ** 2 / 100, 0);
    expect(chi).toBeLessThan(52);
  });

  it('crop-flip does both, and follows its seed', () => {
    const seen = moves(augmented(300, 'crop-flip'));
    expect(seen.some((m) => m.mirrored && m.dy !== 0)).toBe(true);
    expect(augmented(20, 'crop-flip', 1)).toEqual(augmented(20, 'crop-flip', 1));
    expect(augmented(20, 'crop-flip', 1)).not.toEqual(augmented(20, 'crop-flip', 2));
  });
});
