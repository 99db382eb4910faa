/** Colours by name or `#rrggbb`. */
import { z } from 'zod';

const names: Record<string, string> = {
  black: '#000000',
  white: '#ffffff',
  red: '#ff0000',
  green: '#00ff00',
  blue: '#0000ff',
  yellow: '#ffff00',
  cyan: '#00ffff',
  magenta: '#ff00ff',
};

/** ITU-R BT.601 luma of an RGB colour. */
export const luma = (r: number, g: number, b: number) => 0.299 * r + 0.587 * g + 0.114 * b;

/** A colour's name or `#rrggbb`. */
export const colour = z.string().refine((text) => Object.hasOwn(names, text) || /^#[0-9a-f]{6}$/i.test(text), {
  error: `one of ${Object.keys(names).join(', ')} or #rrggbb is allowed`,
});

/** Pixel of a colour, values in [0, 1]: RGB for three channels, its luma for one. */
export function pixel(text: string, channels: number): number[] {
  const hex = names[text] ?? text;
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  return channels === 1 ? [luma(r, g, b)] : [r, g, b];
}
