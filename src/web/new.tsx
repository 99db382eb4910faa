/** A new run: a form from the command line's own schema, how long it would take, and the command it stands for. */

import { useState } from 'preact/hooks';
import { shellWord } from '../base/shell.js';
import { duration } from '../report/format.js';
import { type FormField, get, hasToken, post, useLoaded } from './api.js';
import { hrefOf } from './route.js';

export function NewPage() {
  const { value, problem } = useLoaded('form', () => get<{ fields: FormField[] }>('form'));
  const [given, setGiven] = useState<Record<string, string>>({});
  const [said, say] = useState<{ kind: 'problem' | 'note'; text: string } | null>(null);
  const [busy, setBusy] = useState(false);
  if (problem) return <p class="problem">{problem}</p>;
  if (!value) return <p class="note">Asking what a run can have …</p>;
  const preset = (given.preset ?? 'quick') as 'quick' | 'paper';
  const set = (key: string, text: string) =>
    setGiven((g) => {
      const { [key]: _, ...rest } = g;
      return text === '' ? rest : { ...rest, [key]: text };
    });
  const flags = value.fields
    .filter((f) => given[f.key] !== undefined)
    .map((f) => `${f.flag} ${shellWord(given[f.key])}`);
  const command = ['ibscope run', ...flags, ...(given.name ? [`--out ${shellWord(given.name)}`] : [])].join(' ');
  const attempt = async (what: () => Promise<void>) => {
    setBusy(true);
    say(null);
    await what().catch((e: Error) => say({ kind: 'problem', text: e.message }));
    setBusy(false);
  };
  const estimate = () =>
    attempt(async () => {
      const { seconds } = await post<{ seconds: number }>('estimate', {}, given);
      say({ kind: 'note', text: `About ${duration(seconds)} on this machine, from timed steps.` });
    });
  const start = () =>
    attempt(async () => {
      const { id } = await post<{ id: string }>('start', {}, given);
      location.hash = hrefOf('/run', { id });
    });
  const field = (f: FormField) => (
    <label key={f.key} for={`option-${f.key}`}>
      {f.flag.slice(2).replaceAll('-', ' ')}
      {f.choices ? (
        <select
          id={`option-${f.key}`}
          name={f.key}
          value={given[f.key] ?? ''}
          onChange={(e) => set(f.key, e.currentTarget.value)}
        >
          <option value="">{f.defaults[preset] || 'default'}</option>
          {f.choices.map((c) => (
            <option key={c} value={c}>
              {c}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={`option-${f.key}`}
          name={f.key}
          value={given[f.key] ?? ''}
          placeholder={f.defaults[preset]}
          onInput={(e) => set(f.key, e.currentTarget.value)}
        />
      )}
      <small>{f.description}</small>
    </label>
  );
  return (
    <>
      <h1>New run</h1>
      {!hasToken() && (
        <p class="problem">
          This page has no token, so it can only show the command. Open the address that `ibscope view` printed to start
          runs here.
        </p>
      )}
      <form
        onSubmit={(e) => {
          e.preventDefault();
          start();
        }}
      >
        <div class="fields">
          <label>
            name
            <input
              name="name"
              value={given.name ?? ''}
              placeholder="from the attack and the time"
              onInput={(e) => set('name', e.currentTarget.value)}
            />
            <small>folder of the run</small>
          </label>
          {value.fields.filter((f) => f.first).map(field)}
        </div>
        <details>
          <summary>More options</summary>
          <div class="fields">{value.fields.filter((f) => !f.first).map(field)}</div>
        </details>
        <h2>The command it stands for</h2>
        <pre class="command" data-command>
          {command}
        </pre>
        <div class="tools-row">
          <button type="button" onClick={() => navigator.clipboard?.writeText(command)}>
            Copy
          </button>
          <button type="button" disabled={busy || !hasToken()} onClick={estimate}>
            How long?
          </button>
          <button type="submit" class="primary" disabled={busy || !hasToken()}>
            Start
          </button>
        </div>
        {said && (
          <p class={said.kind} role={said.kind === 'problem' ? 'alert' : 'status'}>
            {said.text}
          </p>
        )}
      </form>
    </>
  );
}
