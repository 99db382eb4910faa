import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { encodeNpy, ndarray } from '../../src/formats/npy.js';
import { decodeNpz, encodeNpz, readNpz, writeNpz } from '../../src/formats/npz.js';

const golden = join(import.meta.dirname, '../golden/formats');
const folder = mkdtempSync(join(tmpdir(), 'ibscope-npz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const arrays = {
  images: ndarray(
    Uint8Array.from({ length: 5000 }, (_, i) => i),
    [50, 100],
  ),
  labels: ndarray(BigInt64Array.of(1n, -2n), [2]),
  flags: ndarray(Uint8Array.of(1, 0, 1), [3], 'b1'),
  empty: ndarray(new Float32Array(0), [0, 3]),
};

describe('NPZ', () => {
  test.each(['stored', 'deflated'])('%s by NumPy is read', async (name) => {
    const read = await readNpz(join(golden, `${name}.npz`));
    expect(Object.keys(read).sort()).toEqual(['flags', 'images', 'labels']);
    expect(read.images).toMatchObject({ dtype: 'u1', shape: [2, 3, 2] });
    expect([...read.labels.data]).toEqual([0n, 1n, 2n, 3n]);
    expect([...read.flags.data]).toEqual([1, 0]);
  });

  test.each([0, 1, 6] as const)('at level %i what is written is what is read', async (level) => {
    const path = join(folder, `level${level}.npz`);
    await writeNpz(path, arrays, { level });
    expect(await readNpz(path)).toEqual(arrays);
  });

  test('deflating makes a regular array smaller, storing does not', () => {
    expect(encodeNpz(arrays, { level: 6 }).length).toBeLessThan(2000);
    expect(encodeNpz(arrays, { level: 0 }).length).toBeGreaterThan(5000);
  });

  test('a file appears whole or not at all: a failed write leaves nothing behind', async () => {
    const path = join(folder, 'bad', 'a.npz');
    await expect(writeNpz(path, { '../a': arrays.labels })).rejects.toThrow(/unsafe/);
    await writeNpz(path, { a: arrays.labels });
    expect(readdirSync(join(folder, 'bad'))).toEqual(['a.npz']);
  });

  test('the same arrays give the same bytes', () => {
    expect(encodeNpz(arrays)).toEqual(encodeNpz(arrays));
  });
});

describe('NPZ that cannot be read', () => {
  test('a bomb is refused by what it announces, before it is unpacked', () => {
    const bomb = encodeNpz({ zeros: ndarray(new Uint8Array(1e7), [1e7]) }, { level: 9 });
    expect(bomb.length).toBeLessThan(1e5);
    expect(() => decodeNpz(bomb, 'bomb.npz', { limit: 1e6 })).toThrow('bomb.npz: unpacks to more than 1000000 bytes');
    expect(decodeNpz(bomb, 'bomb.npz', { limit: 2e7 }).zeros.shape).toEqual([1e7]);
  });

  test('a bomb that lies about its size is cut to what it announced, and refused', () => {
    const bomb = encodeNpz({ zeros: ndarray(new Uint8Array(1e7), [1e7]) }, { level: 9 });
    const view = new DataView(bomb.buffer, bomb.byteOffset);
    const central = Buffer.from(bomb).lastIndexOf(Buffer.from('PK\x01\x02'));
    view.setUint32(central + 24, 1000, true);
    expect(() => decodeNpz(bomb, 'liar.npz', { limit: 1e6 })).toThrow(UserError);
  });

  test('a member that announces more than its packed bytes can hold is refused before memory is asked for', () => {
    const liar = encodeNpz({ zeros: ndarray(new Uint8Array(1e6), [1e6]) }, { level: 9 });
    const view = new DataView(liar.buffer, liar.byteOffset);
    view.setUint32(Buffer.from(liar).lastIndexOf(Buffer.from('PK\x01\x02')) + 24, 2 ** 32 - 2, true);
    expect(() => decodeNpz(liar, 'liar.npz')).toThrow(/liar.npz: member "zeros.npy" announces 4294967294 bytes/);
  });

  test('of a file that has more, only the arrays asked for are read', () => {
    const zip = zipSync({ 'a.npy': encodeNpy(arrays.labels), 'readme.txt': new Uint8Array(3) });
    expect(decodeNpz(zip, 'x.npz', { only: ['a', 'b'] })).toEqual({ a: arrays.labels });
  });

  test.each(['../a.npy', '/etc/a.npy', 'a/../../b.npy', 'C:\\a.npy'])('the member name %s is refused', (name) => {
    const zip = zipSync({ [name]: encodeNpy(arrays.labels) });
    expect(() => decodeNpz(zip, 'evil.npz')).toThrow(/evil.npz: unsafe member name/);
  });

  test('a cut or foreign file is a user error', () => {
    const whole = readFileSync(join(golden, 'deflated.npz'));
    for (const length of [0, 10, 200, whole.length - 1]) {
      expect(() => decodeNpz(whole.subarray(0, length), 'cut.npz')).toThrow(UserError);
    }
    expect(() => decodeNpz(zipSync({ 'readme.txt': new Uint8Array(3) }), 'x.npz')).toThrow(
      /"readme.txt" is not an .npy/,
    );
  });

  test('a missing file is named', async () => {
    writeFileSync(join(folder, 'text.npz'), 'not a zip file, but long enough to be searched for one');
    await expect(readNpz(join(folder, 'text.npz'))).rejects.toThrow(/is not a whole NPZ/);
    await expect(readNpz(join(folder, 'none.npz'))).rejects.toThrow(/none.npz: no such file/);
  });
});
