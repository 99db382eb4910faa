/** A long name that is shortened in its middle where it does not fit: both its ends tell runs apart. */

/** Characters at the end that are always shown. */
const END = 14;

/** `title`: what the pointer shows, the whole text by default. */
export function Middle({ text, title = text }: { text: string; title?: string }) {
  const at = Math.max(0, text.length - END);
  return (
    <span class="middle" title={title}>
      <span>{text.slice(0, at)}</span>
      <span>{text.slice(at)}</span>
    </span>
  );
}
