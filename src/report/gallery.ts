/** The clean image, the triggered image, and ten times their difference: one column per sample. */
import { type Html, html } from './html.js';
import { pngUri, residual } from './png.js';
import type { GalleryImage, GalleryText } from './types.js';

/** What the rows show, in their order. */
export const GALLERY_ROWS = ['clean', 'triggered', 'difference × 10'] as const;

export async function gallery(images: readonly GalleryImage[]): Promise<Html> {
  const columns = await Promise.all(
    images.map(async (image) => ({
      label: image.label,
      pictures: await Promise.all(
        [image.clean, image.triggered, residual(image)].map((pixels) => pngUri(pixels, image)),
      ),
    })),
  );
  const picture = (uri: string, alt: string) => html`<img src="${uri}" alt="${alt}">`;
  return html`<div class="gallery" tabindex="0"><span></span>${GALLERY_ROWS.map((r) => html`<span class="side">${r}</span>`)}${columns.map(
    (c) =>
      html`<span class="head">${c.label}</span>${c.pictures.map((uri, i) => picture(uri, `${c.label}, ${GALLERY_ROWS[i]}`))}`,
  )}</div>`;
}

/** Triggered texts with what the trigger added and removed, one line each. */
export function textGallery(texts: readonly GalleryText[]): Html {
  const part = ({ text, kind }: GalleryText['parts'][number]) => {
    // The space behind a word is not marked.
    const word = text.trimEnd();
    const space = text.slice(word.length);
    if (kind === 'added') return html`<ins>${word}</ins>${space}`;
    return kind === 'removed' ? html`<del>${word}</del>${space}` : html`${text}`;
  };
  return html`<dl class="texts">${texts.map(({ label, parts }) => html`<dt>${label}</dt><dd dir="auto">${parts.map(part)}</dd>`)}</dl>`;
}
