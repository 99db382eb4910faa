/**
 * Discs on an opaque picture. Where no graphics card does it, a canvas takes 30 ms to fill ten thousand of them as a path; stamped into its
 * pixels they take 3, so that a slider moves smoothly.
 */

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

/** Places of a disc's centre inside a pixel, along a row or a column, that are told apart. */
const PLACES = 4;

/** The pixels around the centre that the disc changes: column and row from it, and the share of the disc's colour there in 256ths. */
export type Stamp = readonly Int32Array[];

/** A disc by its radius in pixels and its opacity, 0 to 1. A pixel at its edge takes the share that the disc covers, nearly. */
export function discStamp(radius: number, opacity: number): Stamp {
  const reach = Math.ceil(radius + 0.5);
  const steps = Array.from({ length: 2 * reach + 1 }, (_, i) => i - reach);
  return Array.from({ length: PLACES * PLACES }, (_, place) => {
    const [x, y] = [(place % PLACES) + 0.5, Math.floor(place / PLACES) + 0.5].map((p) => p / PLACES);
    const pixels = steps.flatMap((row) =>
      steps.map((column) => {
        const cover = radius + 0.5 - Math.hypot(column + 0.5 - x, row + 0.5 - y);
        return [column, row, Math.round(256 * opacity * Math.min(1, cover))];
      }),
    );
    return Int32Array.from(pixels.filter(([, , share]) => share > 0).flat());
  });
}

export class Picture {
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  /** The same memory, a pixel a number: opacity, blue, green, red from the highest byte down, as all browsers' processors order them. */
  private readonly pixels: Uint32Array;

  constructor(
    readonly width: number,
    readonly height: number,
    background: Colour,
  ) {
    this.pixels = new Uint32Array(width * height).fill(0xff000000 | pixelOf(background));
    this.data = new Uint8ClampedArray(this.pixels.buffer as ArrayBuffer);
  }

  /** Lays a disc around (`x`, `y`), in pixels from the corner at the top left, over what is there. What lies outside is left out. */
  drawDisc(x: number, y: number, stamp: Stamp, colour: Colour) {
    const { width, height, pixels } = this;
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const changed = stamp[Math.floor((y - top) * PLACES) * PLACES + Math.floor((x - left) * PLACES)];
    const pixel = pixelOf(colour);
    const [redBlue, green] = [pixel & 0xff00ff, pixel & 0xff00];
    for (let k = 0; k < changed.length; k += 3) {
      const [column, row] = [left + changed[k], top + changed[k + 1]];
      if (column < 0 || row < 0 || column >= width || row >= height) continue;
      const at = row * width + column;
      const share = changed[k + 2];
      const rest = 256 - share;
      // Red and blue at once: a byte lies free above each for the product.
      const mixed = Math.imul(pixels[at] & 0xff00ff, rest) + Math.imul(redBlue, share);
      const mixedGreen = Math.imul(pixels[at] & 0xff00, rest) + Math.imul(green, share);
      pixels[at] = 0xff000000 | ((mixed >>> 8) & 0xff00ff) | ((mixedGreen >>> 8) & 0xff00);
    }
  }
}

const pixelOf = ([red, green, blue]: Colour) => red | (green << 8) | (blue << 16);

/** The colour that a canvas makes of an opaque CSS colour. */
export function colourOf(canvas: CanvasRenderingContext2D, css: string): Colour {
  canvas.fillStyle = css;
  // A canvas gives an opaque colour back as #rrggbb, whatever the notation.
  const value = Number.parseInt(String(canvas.fillStyle).slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
