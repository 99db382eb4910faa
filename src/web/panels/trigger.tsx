/** Test images, clean and triggered, and the residual between both; nothing where there is no trigger. */

import { decimal } from '../../report/format.js';
import { imageOf, type RunView } from '../api.js';

/** The rows and the kind of picture that the server knows each by. */
const ROWS = [
  ['clean', 'clean'],
  ['triggered', 'triggered'],
  ['difference × 10', 'residual'],
] as const;

export function TriggerPanel({ run }: { run: RunView }) {
  if (run.gallery.length === 0) return null;
  const measured = Object.entries(run.perception).filter(([, value]) => value !== null);
  return (
    <section>
      <h2>The trigger</h2>
      <p class="intro">
        Clean image, triggered image, and their difference: ten times enlarged, around mid-grey.
        {measured.length > 0 &&
          ` Means over images: ${measured.map(([name, v]) => `${name} ${decimal(v)}`).join(', ')}.`}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: without a stop here the keyboard could not scroll it */}
      <section class="gallery" tabIndex={0} aria-label="Images with and without the trigger">
        <span />
        {ROWS.map(([name]) => (
          <span key={name} class="side">
            {name}
          </span>
        ))}
        {run.gallery.map((label, at) => [
          <span key={label} class="head">
            {label}
          </span>,
          ...ROWS.map(([name, kind]) => (
            <img
              key={`${label} ${kind}`}
              src={imageOf('gallery', { id: run.id, at: String(at), kind })}
              alt={`${label}, ${name}`}
              width="88"
              height="88"
              loading="lazy"
            />
          )),
        ])}
      </section>
    </section>
  );
}
