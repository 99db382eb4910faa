/** A figure as an SVG file of its own: colours resolved, so that it opens in any program, on paper too. */
import { lightColours } from './style.js';

/** `svg`: a figure's text, whose colours are variables of the page. Drawn on white, in the light colours. */
export function standalone(svg: string): string {
  const resolved = svg
    .replace(/var\((--[\w-]+)\)/g, (whole, name: string) =>
      name === '--plot-background' ? '#ffffff' : (lightColours[name] ?? whole),
    )
    .replaceAll('currentColor', lightColours['--ink']);
  const open = /^<svg([^>]*)>/.exec(resolved);
  if (!open) throw new Error('standalone: no figure');
  const head = `<svg xmlns="http://www.w3.org/2000/svg"${open[1]}><rect width="100%" height="100%" fill="#ffffff"/>`;
  return `${head}${resolved.slice(open[0].length)}\n`;
}
