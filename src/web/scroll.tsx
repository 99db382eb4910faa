/** A wide table that scrolls by itself, with the keyboard too. */
import type { ComponentChildren } from 'preact';

export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without a stop here the keyboard could not scroll it
    <section class="scroll open" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
