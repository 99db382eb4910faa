/** A new run: a form from the schema of the command line, the time the run would take, and the equivalent command. */

import { useState } from 'preact/hooks';
import { shellWord } from '../base/shell.js';
import { duration } from '../report/format.js';
import { type Form, type FormField, get, hasToken, post, useLoaded } from './api.js';
import { Coded } from './coded.js';
import { inForm, labelOf } from './form-words.js';
import { hrefOf } from './route.js';

/** What is filled in: options of a run by their keys, and the parameters of the attack apart. */
interface Given {
  options: Record<string, string>;
  parameters: Record<string, string>;
}

const NOTHING: Given = { options: {}, parameters: {} };

const parameterList = ({ parameters }: Given) => Object.entries(parameters).map(([name, value]) => `${name}=${value}`);

/** The body of a request. */
const bodyOf = (given: Given) => ({
  ...given.options,
  ...(Object.keys(given.parameters).length > 0 && { attackOption: parameterList(given) }),
});

export function NewPage() {
  const { value: form, problem } = useLoaded('form', () => get<Form>('form'));
  const [given, setGiven] = useState<Given>(NOTHING);
  const [message, setMessage] = useState<{ kind: 'problem' | 'note'; text: string } | null>(null);
  const [busy, setBusy] = useState(false);
  if (problem) return <p class="problem">{problem}</p>;
  if (!form) return <p class="note">Reading the options …</p>;
  const set = (part: keyof Given, key: string, text: string) =>
    setGiven((g) => {
      const { [key]: _, ...rest } = g[part];
      const next = { ...g, [part]: text === '' ? rest : { ...rest, [key]: text } };
      // Another attack has other parameters.
      return key === 'attack' && part === 'options' ? { ...next, parameters: {} } : next;
    });
  const command = commandOf(form, given);
  const attempt = async (what: () => Promise<void>) => {
    setBusy(true);
    setMessage(null);
    await what().catch((e: Error) => setMessage({ kind: 'problem', text: inForm(e.message) }));
    setBusy(false);
  };
  const estimate = () =>
    attempt(async () => {
      setMessage({ kind: 'note', text: 'Timing a few steps of this run …' });
      const { seconds } = await post<{ seconds: number }>('estimate', {}, bodyOf(given));
      setMessage({ kind: 'note', text: `About ${duration(seconds)} on this machine, from timed steps.` });
    });
  const start = () =>
    attempt(async () => {
      const { id } = await post<{ id: string }>('start', {}, bodyOf(given));
      location.hash = hrefOf('/run', { id });
    });
  return (
    <>
      <h1>New run</h1>
      <p class="intro">
        Fields marked <Required /> must be filled in. Others may stay empty; a default is shown in grey.
      </p>
      {!hasToken() && (
        <p class="problem">
          Without a token this page can only show the command. To start runs here, open the address that{' '}
          <code>ibscope view</code> printed.
        </p>
      )}
      <form
        onSubmit={(e) => {
          e.preventDefault();
          start();
        }}
      >
        <Fields form={form} given={given} set={set} />
        <Command command={command} busy={busy} estimate={estimate} />
        {message && (
          <p class={message.kind} role={message.kind === 'problem' ? 'alert' : 'status'}>
            <Coded text={message.text} />
          </p>
        )}
      </form>
    </>
  );
}

const Required = () => <span class="required">required</span>;

const commandOf = ({ fields, plugins }: Form, given: Given) => {
  const { options } = given;
  const loads = plugins.map((path) => `--plugin ${shellWord(path)}`);
  const flags = fields.filter((f) => options[f.key] !== undefined).map((f) => `${f.flag} ${shellWord(options[f.key])}`);
  const parameters = parameterList(given).map((text) => `--attack-option ${shellWord(text)}`);
  const out = options.name ? [`--out ${shellWord(options.name)}`] : [];
  return ['npx ibscope run', ...loads, ...flags, ...parameters, ...out].join(' ');
};

interface FieldsProps {
  form: Form;
  given: Given;
  set(part: keyof Given, key: string, text: string): void;
}

/** The name of the run, its options and the parameters of its attack; options that a first run does not choose are folded. */
function Fields({ form: { fields, parameters, needsDir }, given: { options, parameters: chosen }, set }: FieldsProps) {
  const preset = (options.preset ?? 'quick') as 'quick' | 'paper';
  const current = (key: string) => options[key] ?? fields.find((f) => f.key === key)?.defaults[preset] ?? '';
  const field = (f: FormField) => (
    <Field
      key={f.key}
      name={f.key}
      label={labelOf(f.flag)}
      description={f.description}
      choices={f.choices}
      value={options[f.key] ?? ''}
      fallback={f.defaults[preset]}
      required={f.key === 'dataDir' && needsDir.includes(current('dataset'))}
      set={(text) => set('options', f.key, text)}
    />
  );
  const attack = current('attack');
  const own = parameters[attack] ?? [];
  return (
    <>
      <div class="fields">
        <Field
          name="name"
          label="name"
          description="folder of the run"
          value={options.name ?? ''}
          fallback="attack and time"
          set={(text) => set('options', 'name', text)}
        />
        {fields.filter((f) => f.first).map(field)}
      </div>
      {own.length > 0 && (
        <fieldset class="own">
          <legend>Parameters of {attack}</legend>
          <div class="fields">
            {own.map((p) => (
              <Field
                key={`${attack} ${p.name}`}
                name={`parameter-${p.name}`}
                label={p.name}
                description={p.description}
                choices={p.choices}
                value={chosen[p.name] ?? ''}
                fallback={p.default === null ? '' : String(p.default)}
                required={p.required}
                set={(text) => set('parameters', p.name, text)}
              />
            ))}
          </div>
        </fieldset>
      )}
      <details>
        <summary>More options</summary>
        <div class="fields">{fields.filter((f) => !f.first).map(field)}</div>
      </details>
    </>
  );
}

interface FieldProps {
  name: string;
  label: string;
  description: string;
  /** Words to choose from; absent: free text. */
  choices?: readonly string[];
  value: string;
  /** The default; empty where there is none. */
  fallback: string;
  required?: boolean;
  set(text: string): void;
}

/** One option: a list where the option has words to choose from, else free text. */
function Field({ name, label, description, choices, value, fallback, required = false, set }: FieldProps) {
  const id = `option-${name}`;
  return (
    <label for={id}>
      <span>
        {label} {required && <Required />}
      </span>
      {choices ? (
        <select id={id} name={name} value={value} required={required} onChange={(e) => set(e.currentTarget.value)}>
          <option value="">{fallback || 'default'}</option>
          {choices.map((c) => (
            <option key={c} value={c}>
              {c}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          name={name}
          value={value}
          placeholder={fallback}
          required={required}
          onInput={(e) => set(e.currentTarget.value)}
        />
      )}
      <small>{description}</small>
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
