/** Test images, clean and triggered, and the residual between both; nothing where there is no trigger. */

import { imageOf, type RunView } from '../api.js';

export function TriggerPanel({ run }: { run: RunView }) {
  if (run.gallery.length === 0) return null;
  return (
    <section>
      <h2>The trigger</h2>
      <p class="intro">Clean image, triggered image, and their difference: ten times enlarged, around mid-grey.</p>
      <div class="pictures">
        {run.gallery.map((label, at) => (
          <figure key={label}>
            <figcaption>{label}</figcaption>
            {['clean', 'triggered', 'residual'].map((kind) => (
              <img
                key={kind}
                src={imageOf('gallery', { id: run.id, at: String(at), kind })}
                alt={`${label}, ${kind}`}
                width="88"
                height="88"
                loading="lazy"
              />
            ))}
          </figure>
        ))}
      </div>
    </section>
  );
}
