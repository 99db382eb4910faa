/** The note and the tags of a run, which a page with the token can change. */

import { useState } from 'preact/hooks';
import { hasToken, post, type RunSummary } from '../api.js';

export function Notes({ summary }: { summary: RunSummary }) {
  const { id, note = '', tags = [] } = summary;
  const [edited, setEdited] = useState<{ note: string; tags: string } | null>(null);
  const [problem, setProblem] = useState('');
  const save = async () => {
    const words = edited!.tags.split(/[\s,]+/).filter(Boolean);
    try {
      await post('notes', { id }, { note: edited!.note, tags: words });
      setEdited(null);
      setProblem('');
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  if (edited === null)
    return (
      <div class="notes" data-notes>
        {tags.map((t) => (
          <span key={t} class="tag">
            {t}
          </span>
        ))}
        {note && <p>{note}</p>}
        {hasToken() && (
          <button type="button" onClick={() => setEdited({ note, tags: tags.join(' ') })}>
            {note || tags.length > 0 ? 'Edit note and tags' : 'Add a note or tags'}
          </button>
        )}
      </div>
    );
  return (
    <form
      class="notes"
      onSubmit={(e) => {
        e.preventDefault();
        save();
      }}
    >
      <label>
        Tags
        <input
          value={edited.tags}
          placeholder="words, such as paper baseline"
          onInput={(e) => setEdited({ ...edited, tags: e.currentTarget.value })}
        />
      </label>
      <label>
        Note
        <textarea rows={3} value={edited.note} onInput={(e) => setEdited({ ...edited, note: e.currentTarget.value })} />
      </label>
      <div class="tools-row">
        <button type="submit" class="primary">
          Save note
        </button>
        <button type="button" onClick={() => setEdited(null)}>
          Cancel
        </button>
      </div>
      {problem && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}
