/** A new run: a form from the schema of the command line, the time the run would take, and the equivalent command. */

import { useState } from 'preact/hooks';
import { shellWord } from '../base/shell.js';
import { duration } from '../report/format.js';
import { type FormField, get, hasToken, post, useLoaded } from './api.js';
import { hrefOf } from './route.js';

export function NewPage() {
  // `plugins`: paths of the plugins that the server has loaded.
  const { value, problem } = useLoaded('form', () => get<{ fields: FormField[]; plugins: string[] }>('form'));
  const [given, setGiven] = useState<Record<string, string>>({});
  const [message, setMessage] = useState<{ kind: 'problem' | 'note'; text: string } | null>(null);
  const [busy, setBusy] = useState(false);
  if (problem) return <p class="problem">{problem}</p>;
  if (!value) return <p class="note">Reading the options …</p>;
  const set = (key: string, text: string) =>
    setGiven((g) => {
      const { [key]: _, ...rest } = g;
      return text === '' ? rest : { ...rest, [key]: text };
    });
  const command = commandOf(value, given);
  const attempt = async (what: () => Promise<void>) => {
    setBusy(true);
    setMessage(null);
    await what().catch((e: Error) => setMessage({ kind: 'problem', text: e.message }));
    setBusy(false);
  };
  const estimate = () =>
    attempt(async () => {
      const { seconds } = await post<{ seconds: number }>('estimate', {}, given);
      setMessage({ kind: 'note', text: `About ${duration(seconds)} on this machine, from timed steps.` });
    });
  const start = () =>
    attempt(async () => {
      const { id } = await post<{ id: string }>('start', {}, given);
      location.hash = hrefOf('/run', { id });
    });
  return (
    <>
      <h1>New run</h1>
      {!hasToken() && (
        <p class="problem">
          Without a token this page can only show the command. To start runs here, open the address that `ibscope view`
          printed.
        </p>
      )}
      <form
        onSubmit={(e) => {
          e.preventDefault();
          start();
        }}
      >
        <Fields fields={value.fields} given={given} set={set} />
        <Command command={command} busy={busy} estimate={estimate} />
        {message && (
          <p class={message.kind} role={message.kind === 'problem' ? 'alert' : 'status'}>
            {message.text}
          </p>
        )}
      </form>
    </>
  );
}

const commandOf = (
  { fields, plugins }: { fields: readonly FormField[]; plugins: readonly string[] },
  given: Record<string, string>,
) => {
  const loads = plugins.map((path) => `--plugin ${shellWord(path)}`);
  const flags = fields.filter((f) => given[f.key] !== undefined).map((f) => `${f.flag} ${shellWord(given[f.key])}`);
  return ['ibscope run', ...loads, ...flags, ...(given.name ? [`--out ${shellWord(given.name)}`] : [])].join(' ');
};

interface FieldsProps {
  fields: readonly FormField[];
  given: Record<string, string>;
  set(key: string, text: string): void;
}

/** The name of the run and its options; those that a first run does not choose are folded. */
function Fields({ fields, given, set }: FieldsProps) {
  const preset = (given.preset ?? 'quick') as 'quick' | 'paper';
  const field = (f: FormField) => (
    <Field
      key={f.key}
      field={f}
      value={given[f.key] ?? ''}
      fallback={f.defaults[preset]}
      set={(text) => set(f.key, text)}
    />
  );
  return (
    <>
      <div class="fields">
        <label>
          name
          <input
            name="name"
            value={given.name ?? ''}
            placeholder="attack and time"
            onInput={(e) => set('name', e.currentTarget.value)}
          />
          <small>Folder of the run</small>
        </label>
        {fields.filter((f) => f.first).map(field)}
      </div>
      <details>
        <summary>More options</summary>
        <div class="fields">{fields.filter((f) => !f.first).map(field)}</div>
      </details>
    </>
  );
}

interface FieldProps {
  field: FormField;
  value: string;
  /** The default of the chosen preset. */
  fallback: string;
  set(text: string): void;
}

/** One option: a list where the option has words to choose from, else free text. */
function Field({ field, value, fallback, set }: FieldProps) {
  const id = `option-${field.key}`;
  return (
    <label for={id}>
      {field.flag.slice(2).replaceAll('-', ' ')}
      {field.choices ? (
        <select id={id} name={field.key} value={value} onChange={(e) => set(e.currentTarget.value)}>
          <option value="">{fallback || 'default'}</option>
          {field.choices.map((c) => (
            <option key={c} value={c}>
              {c}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          name={field.key}
          value={value}
          placeholder={fallback}
          onInput={(e) => set(e.currentTarget.value)}
        />
      )}
      <small>{field.description}</small>
    </label>
  );
}

/** The equivalent command, and the buttons that copy it, estimate its time and start it. */
function Command({ command, busy, estimate }: { command: string; busy: boolean; estimate(): void }) {
  return (
    <>
      <h2>Equivalent command</h2>
      <pre class="command" data-command>
        {command}
      </pre>
      <div class="tools-row">
        <button type="button" onClick={() => navigator.clipboard?.writeText(command)}>
          Copy
        </button>
        <button type="button" disabled={busy || !hasToken()} onClick={estimate}>
          Estimate time
        </button>
        <button type="submit" class="primary" disabled={busy || !hasToken()}>
          Start
        </button>
      </div>
    </>
  );
}
