/** Test images, clean and triggered, and the residual between both, or triggered texts; nothing where there is no trigger. */

import { decimal } from '../../report/format.js';
import { imageOf, type RunView } from '../api.js';

/** The rows and the kind of picture that the server knows each by. */
const ROWS = [
  ['clean', 'clean'],
  ['triggered', 'triggered'],
  ['difference × 10', 'residual'],
] as const;

export function TriggerPanel({ run }: { run: RunView }) {
  const measured = Object.entries(run.perception).filter(([, value]) => value !== null);
  if (run.texts && run.texts.length > 0) return <Texts texts={run.texts} measured={measured} />;
  if (run.gallery.length === 0) return null;
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

/** Triggered texts with what the trigger added and removed. */
function Texts({ texts, measured }: { texts: NonNullable<RunView['texts']>; measured: [string, number | null][] }) {
  return (
    <section>
      <h2>The trigger</h2>
      <p class="intro">
        Triggered texts: what the trigger added is underlined, what it removed is struck out.
        {measured.length > 0 &&
          ` Means over texts: ${measured.map(([name, v]) => `${name} ${decimal(v)}`).join(', ')}.`}
      </p>
      <dl class="texts">
        {texts.map(({ label, parts }) => [
          <dt key={label}>{label}</dt>,
          <dd key={`${label} text`} dir="auto">
            {parts.map(({ text, kind }, at) => {
              const key = `${at} ${kind}`;
              if (kind === 'same') return <span key={key}>{text}</span>;
              // The space behind a word is not marked.
              const word = text.trimEnd();
              const Mark = kind === 'added' ? 'ins' : 'del';
              return [<Mark key={key}>{word}</Mark>, text.slice(word.length)];
            })}
          </dd>,
        ])}
      </dl>
    </section>
  );
}
