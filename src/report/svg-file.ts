/** A figure as an SVG file of its own: colours are literal values, so that any program shows them. */
import { lightColours } from './style.js';

/** sRGB `#rrggbb` → OKLab (Ottosson 2020). */
function oklab(hex: string): number[] {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const v = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  });
  const [l, m, s] = [
    0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b,
    0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b,
    0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b,
  ].map(Math.cbrt);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** `color-mix(in oklab, a share%, b)` of two `#rrggbb` as one: few programs besides browsers know how to mix. */
export function mixed(a: string, share: number, b: string): string {
  const [from, to] = [oklab(b), oklab(a)];
  const [L, A, B] = from.map((v, i) => v + share * (to[i] - v));
  const [l, m, s] = [
    L + 0.3963377774 * A + 0.2158037573 * B,
    L - 0.1055613458 * A - 0.0638541728 * B,
    L - 0.0894841775 * A - 1.291485548 * B,
  ].map((v) => v ** 3);
  const rgb = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((v) => {
    const c = v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
    return Math.round(255 * Math.min(1, Math.max(0, c)))
      .toString(16)
      .padStart(2, '0');
  });
  return `#${rgb.join('')}`;
}

/** `svg`: a figure's text, whose colours are variables of the page. Drawn on white, in the light colours. */
export function standalone(svg: string): string {
  const resolved = svg
    .replace(/var\((--[\w-]+)\)/g, (whole, name: string) =>
      name === '--plot-background' ? '#ffffff' : (lightColours[name] ?? whole),
    )
    .replace(/color-mix\(in oklab, (#\w{6}) (\d+)%, (#\w{6})\)/g, (_, a: string, share: string, b: string) =>
      mixed(a, Number(share) / 100, b),
    )
    .replaceAll('currentColor', lightColours['--ink']);
  const open = /^<svg([^>]*)>/.exec(resolved);
  if (!open) throw new Error('standalone: no figure');
  const head = `<svg xmlns="http://www.w3.org/2000/svg"${open[1]}><rect width="100%" height="100%" fill="#ffffff"/>`;
  return `${head}${resolved.slice(open[0].length)}\n`;
}
