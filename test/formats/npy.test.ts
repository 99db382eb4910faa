import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import { decodeNpy, encodeNpy, ndarray, readNpy } from '../../src/formats/npy.js';

const golden = join(import.meta.dirname, '../golden/formats');
const load = (name: string) => decodeNpy(readFileSync(join(golden, name)), name);
const ramp = Array.from({ length: 12 }, (_, i) => i - 3);

/** What test/golden/formats.py stores under that dtype. */
function expected(kind: string): (number | bigint)[] {
  const bits = 8 * Number(kind[1]);
  if (kind[0] === 'f') return ramp.map((v) => v / 8);
  if (bits === 64) return ramp.map((v) => (kind[0] === 'u' ? BigInt.asUintN(64, BigInt(v)) : BigInt(v)));
  return ramp.map((v) => (kind[0] === 'u' && v < 0 ? v + 2 ** bits : v));
}

describe('NPY as NumPy writes it', () => {
  const kinds = ['u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8', 'f2', 'f4', 'f8'];
  const files = kinds.flatMap((k) => (k[1] === '1' ? [k] : [k, `${k}-big`]));
  test.each(files)('%s is read to the same values', async (file) => {
    const array = await readNpy(join(golden, `${file}.npy`));
    const kind = file.slice(0, 2);
    expect(Array.from<number | bigint>(array.data)).toEqual(expected(kind));
    expect(array.shape).toEqual([2, 3, 2]);
    expect(array.dtype).toBe(kind === 'f2' ? 'f4' : kind);
  });

  test('booleans are 0 and 1', () => {
    expect([...load('b1.npy').data]).toEqual(ramp.map((v) => (v % 2 === 0 ? 1 : 0)));
  });

  test('Fortran order comes out in C order', () => {
    expect([...load('fortran.npy').data]).toEqual(ramp);
    expect(readFileSync(join(golden, 'fortran.npy'), 'latin1')).toContain("'fortran_order': True");
  });

  test('versions 2 and 3 and a scalar are read', () => {
    expect([...load('version2.npy').data]).toEqual(ramp);
    expect([...load('version3.npy').data]).toEqual(ramp);
    expect(load('scalar.npy')).toMatchObject({ shape: [], data: Float64Array.of(2.5) });
  });

  test('half floats at the edges of their range', () => {
    expect([...load('half-edges.npy').data]).toEqual([
      0,
      -0,
      1,
      65504,
      2 ** -24,
      2 ** -14,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
  });

  test.each(kinds.filter((k) => k !== 'f2'))('%s is written byte for byte as NumPy writes it', (kind) => {
    expect(Buffer.from(encodeNpy(load(`${kind}.npy`)))).toEqual(readFileSync(join(golden, `${kind}.npy`)));
  });
});

describe('NPY that cannot be read', () => {
  const whole = readFileSync(join(golden, 'f8.npy'));
  test.each([
    ['object.npy', /Python objects/],
    ['record.npy', /records with fields/],
    ['complex.npy', /dtype "<c16": one of/],
    ['stored.npz', /is not an NPY file/],
  ])('%s is refused with the reason', (file, why) => {
    expect(() => load(file)).toThrow(why);
    expect(() => load(file)).toThrow(UserError);
  });

  test('bfloat16, which NumPy knows as two bytes, is named', () => {
    const bytes = Buffer.from(whole);
    bytes.set(Buffer.from("'<V2'"), bytes.indexOf("'<f8'"));
    expect(() => decodeNpy(bytes, 'x.npy')).toThrow(
      /^x\.npy: has the dtype "V2", as bfloat16 is saved; save it as float32$/,
    );
  });

  test('a file cut anywhere is refused, never padded', () => {
    for (let length = 0; length < whole.length; length += 7) {
      expect(() => decodeNpy(whole.subarray(0, length), 'cut.npy')).toThrow(UserError);
    }
    expect(() => decodeNpy(whole.subarray(0, -1), 'cut.npy')).toThrow('takes 96 bytes, 95 are there');
  });

  test('a shape beyond memory is refused before it is allocated', () => {
    const bytes = encodeNpy(ndarray(Float64Array.of(1), [1]));
    const text = Buffer.from(bytes).toString('latin1').replace("'shape': (1,), }        ", "'shape': (999999999,), }");
    expect(() => decodeNpy(Buffer.from(text, 'latin1'), 'huge.npy')).toThrow(/huge.npy: is truncated/);
  });

  test('a missing file is named', async () => {
    await expect(readNpy('/nowhere/a.npy')).rejects.toThrow('/nowhere/a.npy: no such file');
  });
});

test('ndarray refuses a shape that does not hold the data', () => {
  expect(() => ndarray(new Float32Array(5), [2, 3])).toThrow(/does not hold 5/);
});
