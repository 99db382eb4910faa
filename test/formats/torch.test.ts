/** Files of `torch.save` in both its forms, against the values that PyTorch wrote (`test/golden/torch_files.py`); damaged and hostile ones. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NdArray } from '../../src/formats/npy.js';
import type { PickleValue } from '../../src/formats/pickle.js';
import { readTorch } from '../../src/formats/torch.js';

type Dict = Map<PickleValue, PickleValue>;
const GOLDEN = join(import.meta.dirname, '../golden/torch');
const golden = (name: string) => join(GOLDEN, name);
let box: string;
let expected: Record<string, { shape: number[]; data: number[] }>;

beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-torch-'));
  expected = JSON.parse(await readFile(golden('expected.json'), 'utf8'));
});
afterAll(() => rm(box, { recursive: true, force: true }));

/** The members of `zip.pt`, some of them changed, as a file. */
async function changed(change: (members: Record<string, Uint8Array>) => void, level: 0 | 6 = 0): Promise<string> {
  const members = unzipSync(new Uint8Array(await readFile(golden('zip.pt'))));
  change(members);
  const path = join(box, 'changed.pt');
  await writeFile(path, zipSync(members, { level }));
  return path;
}

describe('a file of torch.save', () => {
  it.each(['zip.pt', 'old.pt'])('%s: every tensor as PyTorch has it, and every value', async (name) => {
    const read = (await readTorch(golden(name))) as Dict;
    const tensors = [...(read.get('tensors') as Dict), ...(read.get('state_dict') as Dict)];
    expect(tensors.map(([key]) => key)).toEqual(Object.keys(expected));
    for (const [key, value] of tensors) {
      const { data, shape } = value as NdArray;
      expect({ shape, data: Array.from<number | bigint, number>(data, Number) }, String(key)).toEqual(
        expected[String(key)],
      );
    }
    expect(read.get('epoch')).toBe(3);
    expect(read.get('size')).toEqual([1, 2]);
    expect(read.get('device')).toBe('cpu');
    expect(read.get('dtype')).toBe('torch.float32');
    expect([...(read.get('index') as Dict).keys()]).toEqual([7]);
    expect((read.get('flags') as NdArray).data).toEqual(Float64Array.from([0, 1]));
    expect(read.get('counter')).toEqual(new Map([[30, 1]]));
  });

  it('that is big-endian has the same values', async () => {
    const path = await changed((members) => {
      const name = (what: string) => Object.keys(members).find((n) => n.endsWith(what))!;
      // The number of the storage is the text after its class: X, four bytes of length, one digit.
      const pickle = strFromU8(members[name('/data.pkl')], true);
      const wide = pickle[pickle.indexOf('X', pickle.indexOf('DoubleStorage')) + 5];
      for (let i = 0; i < members[name(`/data/${wide}`)].length; i += 8)
        members[name(`/data/${wide}`)].subarray(i, i + 8).reverse();
      members[name('/data.pkl').replace('data.pkl', 'byteorder')] = strToU8('big');
    });
    const tensors = ((await readTorch(path)) as Dict).get('tensors') as Dict;
    expect([...(tensors.get('float64') as NdArray).data]).toEqual(expected.float64.data);
  });

  it('shares the memory of a storage between contiguous tensors', async () => {
    const read = ((await readTorch(golden('zip.pt'))) as Dict).get('tensors') as Dict;
    const [row, one] = ['row', 'one axis of one'].map((name) => read.get(name) as NdArray);
    expect(row.data.buffer.byteLength).toBe(24 * 8);
    expect(one.data.length).toBe(8);
  });

  it('with a whole model in it is refused by the name of its class', async () => {
    await expect(readTorch(golden('module.pt'))).rejects.toThrow(
      /module\.pt: its pickle asks for "torch\.nn\.modules\.linear\.Linear", which is never run; state dicts, tensors, [^\n]* are read$/,
    );
  });

  it.each([
    [
      'a storage that is too short',
      (m: Record<string, Uint8Array>, at: string) => (m[`${at}data/0`] = new Uint8Array(4)),
      /has 4 bytes, its tensors take 96$/,
    ],
    ['no storage', (m: Record<string, Uint8Array>, at: string) => delete m[`${at}data/0`], /it has no "zip\/data\/0"$/],
    [
      'no pickle',
      (m: Record<string, Uint8Array>, at: string) => delete m[`${at}data.pkl`],
      /none of torch\.save: it has no data\.pkl$/,
    ],
    [
      'code',
      (m: Record<string, Uint8Array>, at: string) => (m[`${at}constants.pkl`] = new Uint8Array(1)),
      /holds a TorchScript model; /,
    ],
  ])('with %s is refused', async (_, change, line) => {
    await expect(readTorch(await changed((members) => change(members, 'zip/')))).rejects.toThrow(line);
  });

  it('whose tensors reach beyond their storage, or claim more than the file, is refused before they are made', async () => {
    const resized = (from: string, to: string) =>
      changed((members) => {
        const pickle = strFromU8(members['zip/data.pkl'], true);
        expect(pickle).toContain(from);
        members['zip/data.pkl'] = strToU8(pickle.replace(from, to), true);
      });
    // The size (2, 3, 4) of the first tensor, and the size (2, 3) of the expanded one.
    await expect(readTorch(await resized('K\x02K\x03K\x04\x87', 'K\x02K\x03K\x05\x87'))).rejects.toThrow(
      /has a tensor \(2,3,5\) that reaches beyond its storage of 24 values$/,
    );
    await expect(readTorch(await resized('K\x02K\x03\x86', 'K\x02J\x00\x00\x00\x7f\x86'))).rejects.toThrow(
      /has a tensor \(2,2130706432\) of more values than its \d+ bytes can fill$/,
    );
  });

  it('that is compressed, cut off, or none, is refused in one line', async () => {
    await expect(readTorch(await changed(() => {}, 6))).rejects.toThrow(
      /is compressed; torch\.save stores what it writes$/,
    );
    for (const name of ['zip.pt', 'old.pt']) {
      const whole = await readFile(golden(name));
      for (const length of [0, 1, 2, 30, 400, whole.length >> 1, whole.length - 1]) {
        await writeFile(join(box, 'cut.pt'), whole.subarray(0, length));
        await expect(readTorch(join(box, 'cut.pt'))).rejects.toThrow(/cut\.pt: [^\n]+$/);
      }
    }
    await expect(readTorch(join(box, 'none.pt'))).rejects.toThrow(/none\.pt: no such file$/);
    await expect(readTorch(box)).rejects.toHaveProperty('name', 'UserError');
  });
});
