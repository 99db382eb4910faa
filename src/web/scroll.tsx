/** A wide table in a place of its own, which a keyboard can scroll too. */
import type { ComponentChildren } from 'preact';

export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without a stop here the keyboard could not scroll it
    <section class="scroll open" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
