/** HTML as text: a template tag that escapes what it is given unless it is HTML already. */

export class Html {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

type Part = Html | string | number | null | undefined | false | readonly Part[];

/** Escapes the characters that have a meaning in HTML text and attributes. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (c) => entities[c]);
}

/** Text that is HTML already: figures, the style sheet, the script. */
export function raw(text: string): Html {
  return new Html(text);
}

/** `` html`<p>${name}</p>` ``: strings and numbers are escaped, null, undefined and false are nothing, arrays are joined. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.reduce((text, s, i) => text + render(parts[i - 1]) + s));
}

/** Text whose parts in backticks are commands or options. Browsers would break their words behind a hyphen, and so behind the first of `--`. */
export function withCode(text: string): Html {
  const words = (part: string) => part.split(' ').map((word, k) => [k > 0 && ' ', html`<span>${word}</span>`]);
  return html`${text.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${words(part)}</code>` : part))}`;
}

function render(part: Part): string {
  if (part instanceof Html) return part.text;
  if (part === null || part === undefined || part === false) return '';
  if (typeof part === 'object') return part.map(render).join('');
  return escapeHtml(String(part));
}
