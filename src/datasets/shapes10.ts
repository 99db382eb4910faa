/**
 * shapes10: ten classes of shapes and patterns that are drawn by the program, so that a first run needs no download.
 *
 * Every image is one shape with random position, size, angle (±16°), stretch and two random colours, over a shaded background with strokes
 * and noise. Only the shape depends on the class; everything else is independent of it. A linear model on pixels therefore learns little,
 * while a small convolutional network learns the classes in a few epochs.
 *
 * Images [n, 32, 32, 3] uint8. Sample i has class i mod 10 and its own random stream, so a smaller limit is a prefix of a larger one.
 */
import { UserError } from '../base/errors.js';
import { Rng } from '../base/random.js';
import { checkLimit } from './limits.js';
import type { DatasetSource, ImageSet } from './types.js';

const SIDE = 32;
const DEFAULT_TRAIN = 5000;
const DEFAULT_TEST = 1000;
const MOST = 1_000_000;

/**
 * Signed distance of (u, v) to the edge of the shape of radius 1 around the origin, negative inside; r = |(u, v)|. It must be exact near
 * the edge only, where it becomes the coverage of a pixel.
 */
type Shape = (u: number, v: number, r: number) => number;

const box = (u: number, v: number, a: number, b: number) => Math.max(Math.abs(u) - a, Math.abs(v) - b);

/** Distance of `x` to the middle of the nearest band, bands repeating every `period`. */
const band = (x: number, period: number) => Math.abs(x - period * Math.round(x / period));

/** −1, 0 or 1: the nearest of three grid lines, 0.64 apart. */
const third = (x: number) => Math.max(-1, Math.min(1, Math.round(x / 0.64)));

const TURN = 2 * Math.PI;

const shapes: Record<string, Shape> = {
  disk: (_u, _v, r) => r - 0.95,
  ring: (_u, _v, r) => Math.abs(r - 0.8) - 0.17,
  frame: (u, v) => Math.abs(Math.max(Math.abs(u), Math.abs(v)) - 0.72) - 0.17,
  triangle: (u, v) => Math.max(0.866 * Math.abs(u) + 0.5 * v, -v) - 0.55,
  star(u, v, r) {
    // One of ten mirrored half-wedges; inside it the edge is the straight line from the tip to the notch.
    const wedge = TURN / 5;
    const a = Math.abs(band(Math.atan2(v, u), wedge));
    const x = r * Math.cos(a);
    const y = r * Math.sin(a);
    return (x - 1.1) * 0.53 + y * 0.85;
  },
  cross: (u, v) => Math.min(box(u, v, 1, 0.26), box(u, v, 0.26, 1)),
  stripes: (u, v) => Math.max(box(u, v, 0.9, 0.9), band(u, 0.45) - 0.12),
  checkers(u, v) {
    const a = band(u + 0.25, 1) - 0.25;
    const b = band(v + 0.25, 1) - 0.25;
    // Inside one set of bands and outside the other.
    return Math.max(box(u, v, 0.95, 0.95), Math.min(Math.max(a, -b), Math.max(-a, b)));
  },
  dots: (u, v) => Math.hypot(u - 0.64 * third(u), v - 0.64 * third(v)) - 0.24,
  spiral(u, v, r) {
    const turns = r / 0.55 - Math.atan2(v, u) / TURN;
    return Math.max(r - 1.05, band(turns, 1) * 0.55 - 0.15);
  },
};

const classes = Object.keys(shapes);
const drawn = Object.values(shapes);

/** Colour with each channel in [0, 1]. */
type Colour = [number, number, number];

const colour = (rng: Rng): Colour => [rng.uniform(), rng.uniform(), rng.uniform()];
const apart = (a: Colour, b: Colour) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

/** A stroke in the background: from (x, y), `length` pixels along (dx, dy). */
interface Stroke {
  x: number;
  y: number;
  dx: number;
  dy: number;
  length: number;
  colour: Colour;
}

function stroke(rng: Rng): Stroke {
  const angle = rng.uniform(0, TURN);
  return {
    x: rng.uniform(0, SIDE),
    y: rng.uniform(0, SIDE),
    dx: Math.cos(angle),
    dy: Math.sin(angle),
    length: rng.uniform(3, 9),
    colour: colour(rng),
  };
}

/** Share of the pixel at (x, y) that is covered by a stroke of one pixel width with soft edges. */
function strokeCover(s: Stroke, x: number, y: number): number {
  const qx = x - s.x;
  const qy = y - s.y;
  const along = Math.min(s.length, Math.max(0, qx * s.dx + qy * s.dy));
  const ex = qx - along * s.dx;
  const ey = qy - along * s.dy;
  const squared = ex * ex + ey * ey;
  return squared < 1.21 ? Math.min(1, 1.1 - Math.sqrt(squared)) : 0;
}

/** Draws sample `i` of a split into `out` (which rounds and clamps), starting at byte `at`. */
function draw(out: Uint8ClampedArray, at: number, seed: number, split: string, i: number): void {
  const rng = new Rng(seed, 'shapes10', split, i);
  const shape = drawn[i % drawn.length];

  let ground = colour(rng);
  let ink = colour(rng);
  // Two colours with enough contrast. The condition is symmetric, so neither is brighter on average.
  while (apart(ground, ink) < 0.9) {
    ground = colour(rng);
    ink = colour(rng);
  }
  // Both colours have a gradient along one direction.
  const shade = rng.uniform(0, TURN);
  const sx = Math.cos(shade) / SIDE;
  const sy = Math.sin(shade) / SIDE;
  const groundSlope = [0, 0, 0].map(() => rng.uniform(-0.2, 0.2));
  const inkSlope = [0, 0, 0].map(() => rng.uniform(-0.2, 0.2));

  const radius = rng.uniform(11, 14);
  const stretch = Math.exp(rng.uniform(-0.15, 0.15));
  const cx = SIDE / 2 + rng.uniform(-2, 2);
  const cy = SIDE / 2 + rng.uniform(-2, 2);
  const angle = rng.uniform(-TURN / 22, TURN / 22);
  const ux = (Math.cos(angle) * stretch) / radius;
  const uy = (Math.sin(angle) * stretch) / radius;
  const vx = -Math.sin(angle) / (stretch * radius);
  const vy = Math.cos(angle) / (stretch * radius);

  const strokes = Array.from({ length: rng.int(3) }, () => stroke(rng));
  // The sum of four random bytes has mean 510 and standard deviation 147.8: approximately Gaussian, with one draw per value.
  const noise = (255 * rng.uniform(0.01, 0.04)) / 147.8;

  for (let y = 0.5; y < SIDE; y++) {
    for (let x = 0.5; x < SIDE; x++) {
      const px = x - cx;
      const py = y - cy;
      const u = ux * px + uy * py;
      const v = vx * px + vy * py;
      // Distance in pixels, then coverage of a pixel by a straight edge at that distance.
      const cover = Math.min(1, Math.max(0, 0.5 - radius * shape(u, v, Math.sqrt(u * u + v * v))));
      const t = (x - SIDE / 2) * sx + (y - SIDE / 2) * sy;
      let r = ground[0] + t * groundSlope[0];
      let g = ground[1] + t * groundSlope[1];
      let b = ground[2] + t * groundSlope[2];
      for (const s of strokes) {
        const mark = strokeCover(s, x, y);
        r += mark * (s.colour[0] - r);
        g += mark * (s.colour[1] - g);
        b += mark * (s.colour[2] - b);
      }
      r += cover * (ink[0] + t * inkSlope[0] - r);
      g += cover * (ink[1] + t * inkSlope[1] - g);
      b += cover * (ink[2] + t * inkSlope[2] - b);
      out[at++] = 255 * r + noise * (byteSum(rng.bits()) - 510);
      out[at++] = 255 * g + noise * (byteSum(rng.bits()) - 510);
      out[at++] = 255 * b + noise * (byteSum(rng.bits()) - 510);
    }
  }
}

const byteSum = (bits: number) => (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);

/** The first `n` samples of a split. Throws `UserError` for an `n` below the number of classes or beyond a million. */
function drawSplit(seed: number, split: 'train' | 'test', n: number): ImageSet {
  checkLimit(n, classes.length, split);
  if (n > MOST) throw new UserError(`${split} limit ${n}: shapes10 draws at most ${MOST} images`);
  const size = SIDE * SIDE * 3;
  const images = new Uint8Array(n * size);
  const clamped = new Uint8ClampedArray(images.buffer);
  const labels = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    draw(clamped, i * size, seed, split, i);
    labels[i] = i % classes.length;
  }
  return { images, labels, n, height: SIDE, width: SIDE, channels: 3 };
}

export const shapes10: DatasetSource = {
  name: 'shapes10',
  summary: 'ten classes of shapes and patterns, 32×32, drawn on the spot (5 000 train, 1 000 test unless limited)',
  needsDir: false,
  async load({ seed, trainLimit = DEFAULT_TRAIN, testLimit = DEFAULT_TEST }) {
    return {
      name: 'shapes10',
      classes,
      train: drawSplit(seed, 'train', trainLimit),
      test: drawSplit(seed, 'test', testLimit),
    };
  },
};
