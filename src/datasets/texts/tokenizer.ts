/** Tokenizers of others: `tokenizer.json` of the Hugging Face kind, read by their own library. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { shown, UserError } from '../../base/errors.js';

/** Cuts a text into tokens. */
export type Split = (text: string) => string[];

const FILE = 'tokenizer.json';

/** A file as JSON; null where it is missing and need not be there. */
async function readJson(path: string, needed: boolean): Promise<object | null> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null && !needed) return null;
  if (text === null) throw new UserError(`--tokenizer ${path}: no such file`);
  try {
    const found: unknown = JSON.parse(text);
    if (found !== null && typeof found === 'object') return found;
  } catch {}
  throw new UserError(`--tokenizer ${path}: is not JSON of a tokenizer`);
}

/**
 * The tokenizer of a `tokenizer.json`, or of a folder with one; `tokenizer_config.json` beside it is read too. Special tokens are not added: the network has a class token of its
 * own. Throws `UserError` for a file that is missing, or that holds none.
 */
export async function readTokenizer(path: string): Promise<Split> {
  const isFolder = (await stat(path).catch(() => null))?.isDirectory();
  const file = isFolder ? join(path, FILE) : path;
  const json = await readJson(file, true);
  const config = (await readJson(join(dirname(file), 'tokenizer_config.json'), false)) ?? {};
  const { Tokenizer } = await import('@huggingface/tokenizers');
  try {
    const tokenizer = new Tokenizer(json!, config);
    // Some faults show only when a text is cut.
    tokenizer.encode('a', { add_special_tokens: false });
    return (text) => tokenizer.encode(text, { add_special_tokens: false }).tokens;
  } catch (error) {
    throw new UserError(
      `--tokenizer ${file}: holds no tokenizer that is read (${shown((error as Error).message.split('\n')[0])})`,
    );
  }
}
