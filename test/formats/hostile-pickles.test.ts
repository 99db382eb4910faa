/** Pickles and files of `torch.save` that were damaged at random, or written to run something or to fill the memory. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { readPickle } from '../../src/formats/pickle.js';
import { readTorch } from '../../src/formats/torch.js';

const GOLDEN = join(import.meta.dirname, '../golden');
const contents = new Map<string, Uint8Array>();
function file(name: string): Uint8Array {
  const content = contents.get(name) ?? new Uint8Array(readFileSync(join(GOLDEN, name)));
  contents.set(name, content);
  return content;
}
const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
let box: string;
beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-hostile-'));
});
afterAll(() => rm(box, { recursive: true, force: true }));

/** A torch file whose pickle is `pickle`. */
const withPickle = (pickle: Uint8Array) => zipSync({ ...members, 'zip/data.pkl': pickle }, { level: 0 });
const members = unzipSync(file('torch/zip.pt'));

async function readFileOf(content: Uint8Array) {
  const path = join(box, 'x.pt');
  await writeFile(path, content);
  return readTorch(path);
}

/** The message, after a check that it is one line of a user's error; null where a value was read. */
async function refusal(read: () => unknown): Promise<string | null> {
  try {
    await read();
    return null;
  } catch (error) {
    expect((error as Error).name, (error as Error).message).toBe('UserError');
    expect((error as Error).message).toMatch(/^[^\n]+: [^\n]{1,600}$/);
    return (error as Error).message;
  }
}

describe('2 000 damaged files', () => {
  /** Cuts, changed bytes, inserted and repeated stretches. */
  function damaged(whole: Uint8Array, rng: Rng): Uint8Array {
    const at = rng.int(whole.length);
    const kind = rng.int(5);
    if (kind === 0) return whole.slice(0, at);
    const some = whole.slice(at, at + 1 + rng.int(20));
    if (kind === 1) return new Uint8Array(Buffer.concat([whole.subarray(0, at), some, whole.subarray(at)]));
    if (kind === 2) return new Uint8Array(Buffer.concat([whole.subarray(0, at), whole.subarray(at + some.length)]));
    const out = whole.slice();
    for (let k = 0; k < 1 + rng.int(6); k++) out[rng.int(out.length)] = rng.int(256);
    return out;
  }

  it('are read or refused in one line', async () => {
    const rng = new Rng(0, 'hostile pickles');
    const pickles = (await readdir(join(GOLDEN, 'pickles'))).filter((name) => !name.startsWith('cifar'));
    const torch = members['zip/data.pkl'];
    let refused = 0;
    for (let round = 0; round < 2000; round++) {
      const form = round % 10;
      const message = await refusal(() => {
        if (form < 7) return readPickle(damaged(file(`pickles/${pickles[rng.int(pickles.length)]}`), rng), 'x');
        if (form < 9) return readFileOf(withPickle(damaged(torch, rng)));
        return readFileOf(damaged(file(rng.int(2) ? 'torch/zip.pt' : 'torch/old.pt'), rng));
      });
      if (message !== null) refused++;
    }
    // Both happen often; a change inside a number is no damage that can be seen.
    expect(refused).toBeGreaterThan(800);
    expect(refused).toBeLessThan(1950);
  });
});

const RUN = [
  ['os', 'system'],
  ['posix', 'system'],
  ['nt', 'system'],
  ['builtins', 'eval'],
  ['builtins', 'exec'],
  ['builtins', '__import__'],
  ['builtins', 'getattr'],
  ['builtins', 'open'],
  ['__builtin__', 'eval'],
  ['__builtin__', 'apply'],
  ['subprocess', 'Popen'],
  ['subprocess', 'check_output'],
  ['pty', 'spawn'],
  ['runpy', '_run_code'],
  ['importlib', 'import_module'],
  ['webbrowser', 'open'],
  ['torch', 'load'],
  ['torch.hub', 'load'],
  ['numpy', 'load'],
  ['copyreg', '_reconstructor'],
] as const;

const u4 = (n: number) => String.fromCharCode(n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24);
const short = (text: string) => `\x8c${String.fromCharCode(text.length)}${text}`;
const FORMS: Record<string, (module: string, name: string) => string> = {
  'REDUCE of protocol 0': (m, n) => `c${m}\n${n}\n(S'touch ran'\ntR.`,
  'REDUCE of protocol 2': (m, n) => `\x80\x02c${m}\n${n}\nU\ttouch ran\x85R.`,
  STACK_GLOBAL: (m, n) => `\x80\x04${short(m)}${short(n)}\x93${short('touch ran')}\x85R.`,
  INST: (m, n) => `(S'touch ran'\ni${m}\n${n}\n.`,
  OBJ: (m, n) => `(c${m}\n${n}\nS'touch ran'\no.`,
  NEWOBJ: (m, n) => `\x80\x02c${m}\n${n}\nU\ttouch ran\x85\x81.`,
  NEWOBJ_EX: (m, n) => `\x80\x04${short(m)}${short(n)}\x93${short('touch ran')}\x85}\x92.`,
  'BUILD of its result': (m, n) => `\x80\x02c${m}\n${n}\n)R}U\x07__reduceU\ttouch ransb.`,
  'in a list in a dict, from the memo': (m, n) =>
    `\x80\x02}q\x00U\x06labels]q\x01(K\x01c${m}\n${n}\nq\x02h\x02U\ttouch ran\x85Res.`,
  'as the class of an array': (m, n) =>
    `\x80\x02cnumpy.core.multiarray\n_reconstruct\nc${m}\n${n}\nK\x00\x85U\x01b\x87R.`,
};

describe('200 pickles that would run something', () => {
  const all = RUN.flatMap((of) => Object.keys(FORMS).map((form) => [...of, form] as const));

  it('run nothing and are refused by the name that they ask for', async () => {
    expect(all.length).toBe(200);
    for (const [i, [module, name, form]] of all.entries()) {
      const text = bytes(FORMS[form](module, name));
      const message = await refusal(() => (i % 2 ? readFileOf(withPickle(text)) : readPickle(text, 'x')));
      expect(message, form).toContain(`asks for "${module}.${name}", which is never run`);
    }
    expect(existsSync('ran')).toBe(false);
  });
});

/** A list of `n` small integers, left in memo 0. */
const list = (n: number) => `]q\x00(${'K\x01'.repeat(n)}e`;

describe('a pickle that would take all memory or time', () => {
  it.each([
    ['sets of one list', `${list(10_000)}0${'c__builtin__\nset\nh\x00\x85R0'.repeat(10_000)}N.`],
    ['bytes of one text', `X${u4(50_000)}${'a'.repeat(50_000)}q\x00${'c_codecs\nencode\nh\x00\x85R0'.repeat(10_000)}.`],
    ['empty dicts', `${'}'.repeat(300_000)}.`],
    [
      'one pair, again and again',
      `]q\x01(K\x01K\x02\x86q\x02${'h\x02'.repeat(10_000)}e0${'ccollections\nOrderedDict\nh\x01\x85R0'.repeat(10_000)}N.`,
    ],
  ])('%s is refused', async (_, text) => {
    expect(await refusal(() => readPickle(bytes(text), 'x'))).toBe('x: asks for more memory than its bytes can fill');
  });

  it.each([
    ['an integer of 2 GB', `\x8b${u4(0x7fffffff)}\x01.`, /too large/],
    ['an integer of negative length', `\x8b${u4(0xffffffff)}\x01.`, /too large/],
    ['an integer of 100 000 digits', `I${'9'.repeat(100_000)}\n.`, /too large/],
    ['bytes of 2⁶³', `\x8e${'\xff'.repeat(7)}\x7fa.`, /truncated/],
    ['a text of 4 GB', `X${u4(0xffffffff)}a.`, /truncated/],
    ['a byte array of 2⁶⁴ − 1', `\x96${'\xff'.repeat(8)}a.`, /truncated/],
    ['an extension', '\x82\x01.', /no pickle/],
    ['an extension of 4 bytes', '\x84\x01\x00\x00\x00.', /no pickle/],
    ['a persistent id', 'NQ.', /refers to something outside it/],
    ['a persistent id as text', 'Pid\n.', /no pickle/],
    ['marks without end', '('.repeat(100_000), /truncated/],
    ['a memo that is not there', 'h\x09.', /damaged/],
    ['a mark that is not there', 't.', /damaged/],
    ['a state for a list', ']}b.', /damaged/],
    ['items for a number', 'K\x01(K\x01K\x02u.', /damaged/],
    ['a call of a number', 'K\x01)R.', /damaged/],
  ])('%s is refused', async (_, text, line) => {
    expect(await refusal(() => readPickle(bytes(text), 'x'))).toMatch(line);
  });

  it('of 200 000 lists in one another, or of one list in itself, is read', () => {
    let value = readPickle(bytes(`${']'.repeat(200_000)}${'a'.repeat(199_999)}.`));
    let depth = 0;
    while (Array.isArray(value)) {
      value = value[0];
      depth++;
    }
    expect(depth).toBe(200_000);
    const itself = readPickle(bytes(']q\x00h\x00a.')) as unknown[];
    expect(itself[0]).toBe(itself);
  });
});
