/**
 * Plugins: files of the user that register attacks, data sets and models (`--plugin FILE`).
 *
 * A registration holds in one thread, so every thread loads the files itself: a worker gets `loadedPlugins()` with its job, a child process
 * the same `--plugin` arguments. An environment variable would need neither, but it would also reach commands that do not show it.
 */
import { createHash } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { register } from 'node:module';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from './errors.js';
import { shellWord } from './shell.js';

/** What identifies a plugin in the files of a run: no path of the machine. */
export interface PluginFile {
  /** Name of the file without its folder. */
  name: string;
  /** SHA-256 of the file, not of modules that it imports. */
  sha256: string;
}

interface Wanted {
  /** The path as the user gave it. */
  given: string;
  path: string;
  /** The content that another thread loaded; absent: any. */
  sha256?: string;
}

/** Plugins as plain data, for another thread. */
export interface Plugins {
  /** URL of the library: what `import … from 'ibscope'` means in a plugin. */
  library: string;
  files: readonly Wanted[];
}

/** A plugin that this thread has loaded. */
export type LoadedPlugin = Required<Wanted>;

const loaded: { library: string; files: LoadedPlugin[] } = { library: '', files: [] };

/** The plugin that is being loaded, and how much it has registered. */
let loading: { file: PluginFile; items: number } | undefined;

const origins = new WeakMap<object, PluginFile>();

/** Notes that an attack, data set or model was registered, by the plugin that is being loaded if there is one. */
export function noteRegistered(item: object): void {
  if (!loading) return;
  origins.set(item, loading.file);
  loading.items++;
}

/** The plugin that registered an attack, data set or model; undefined for a built-in one. */
export const pluginOf = (item: object): PluginFile | undefined => origins.get(item);

/** The plugins of this thread, for another thread. */
export const loadedPlugins = (): { library: string; files: readonly LoadedPlugin[] } => loaded;

/** The arguments by which a child process loads the plugins of this thread. */
export const pluginArguments = (): string[] => loaded.files.flatMap(({ path }) => ['--plugin', path]);

/** The plugins that the words of a command line name, in their order. */
export function pluginsIn(argv: readonly string[], library: string): Plugins {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  const given = words.flatMap((word, i) => {
    if (word.startsWith('--plugin=')) return [word.slice('--plugin='.length)];
    return words[i - 1] === '--plugin' ? [word] : [];
  });
  return { library, files: given.map((file) => ({ given: file, path: resolve(file) })) };
}

/**
 * Loads files that this thread has not loaded yet, one after another. Throws `UserError`, one line, for a file that cannot be read, throws,
 * registers nothing, or has another content than `sha256`.
 */
export async function loadPlugins({ library, files }: Plugins): Promise<void> {
  if (files.length === 0) return;
  if (loaded.library === '') resolveLibraryTo(library);
  loaded.library = library;
  for (const file of files) await load(file);
}

/** Makes `ibscope` in an import this very copy: another copy would have lists of its own, which no command reads. */
function resolveLibraryTo(url: string): void {
  const hooks = `let url;
export const initialize = (given) => { url = given; };
export const resolve = (name, context, next) => (name === 'ibscope' ? { url, shortCircuit: true } : next(name, context));`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: url });
}

async function load({ given, path, sha256: expected }: Wanted): Promise<void> {
  // What a worker says may end in the report of a study, which names no place on this machine.
  const called = expected === undefined ? given : basename(given);
  const say = (what: string) => new UserError(`--plugin ${called}: ${what}`);
  const { real, bytes } = await readPlugin(path).catch((error) => {
    throw say(reason(error));
  });
  if (loaded.files.some((f) => f.path === real)) return;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (expected !== undefined && expected !== sha256)
    throw say('the file has changed since the command began; start the command again');
  const current = { file: { name: basename(real), sha256 }, items: 0 };
  loading = current;
  try {
    await import(pathToFileURL(real).href);
  } catch (thrown) {
    throw say(problem(thrown, given));
  } finally {
    loading = undefined;
  }
  if (current.items === 0)
    throw say('it registers nothing; call registerAttack, registerDataset or registerModel of "ibscope" in it');
  loaded.files.push({ given, path: real, sha256 });
}

async function readPlugin(path: string) {
  const real = await realpath(path);
  return { real, bytes: await readFile(real) };
}

function reason({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file';
  return code === 'EISDIR' ? 'it is a folder, not a file' : message;
}

/** What a module threw on import, in one line. */
function problem(thrown: unknown, given: string): string {
  const text = (thrown instanceof Error ? thrown.message : String(thrown)).replace(/\s*\n\s*/g, ' ');
  // An import does not say where a syntax error is. A missing export is of the same class, and its message says enough.
  const hidden = thrown instanceof SyntaxError && !text.startsWith('The requested module');
  return hidden ? `${text}; "node --check ${shellWord(given)}" shows the line` : text;
}
