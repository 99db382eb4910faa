/** Discs on a picture: their area, their colour, and where they lie. */
import { describe, expect, it } from 'vitest';
import { type Colour, discStamp, Picture } from '../../src/web/discs.js';

const white: Colour = [255, 255, 255];
const black: Colour = [0, 0, 0];

/** Share of the disc's colour in every pixel, from black on white. */
const cover = (p: Picture) => Array.from({ length: p.width * p.height }, (_, i) => 1 - p.data[4 * i] / 255);

describe('a disc', () => {
  it.each([1.6, 2.4, 3.2, 4.8])('of radius %s covers π r² pixels, around its centre', (radius) => {
    for (const [x, y] of [
      [20, 20],
      [20.5, 20.5],
      [19.3, 20.8],
    ]) {
      const picture = new Picture(40, 40, white);
      picture.drawDisc(x, y, discStamp(radius, 1), black);
      const shares = cover(picture);
      const area = shares.reduce((a, b) => a + b, 0);
      expect(area / (Math.PI * radius ** 2)).toBeGreaterThan(0.97);
      expect(area / (Math.PI * radius ** 2)).toBeLessThan(1.05);
      // Centres are told apart by a quarter of a pixel.
      const mean = (f: (i: number) => number) => shares.reduce((a, s, i) => a + s * f(i), 0) / area;
      expect(Math.abs(mean((i) => (i % 40) + 0.5) - x)).toBeLessThan(0.14);
      expect(Math.abs(mean((i) => Math.floor(i / 40) + 0.5) - y)).toBeLessThan(0.14);
    }
  });

  it('mixes its colour with what is below by its opacity, each channel apart', () => {
    const picture = new Picture(9, 9, [10, 200, 40]);
    picture.drawDisc(4.5, 4.5, discStamp(2.4, 0.5), [250, 0, 140]);
    const at = 4 * (4 * 9 + 4);
    expect([...picture.data.slice(at, at + 4)]).toEqual([130, 100, 90, 255]);
    picture.drawDisc(4.5, 4.5, discStamp(2.4, 1), [250, 0, 140]);
    expect([...picture.data.slice(at, at + 4)]).toEqual([250, 0, 140, 255]);
    expect([...picture.data.slice(0, 4)]).toEqual([10, 200, 40, 255]);
  });

  it('is cut at the edges of the picture and does not come in at the other side', () => {
    const picture = new Picture(12, 12, white);
    picture.drawDisc(0, 6, discStamp(2.4, 1), black);
    picture.drawDisc(-40, -40, discStamp(2.4, 1), black);
    const shares = cover(picture);
    expect(shares.reduce((a, b) => a + b, 0) / ((Math.PI * 2.4 ** 2) / 2)).toBeGreaterThan(0.9);
    expect(shares.reduce((a, b) => a + b, 0) / ((Math.PI * 2.4 ** 2) / 2)).toBeLessThan(1.1);
    expect(shares.filter((s, i) => i % 12 > 6 && s > 0)).toEqual([]);
  });
});
