import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.js';
import {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  type Tensor,
  tensor,
  writeSafetensors,
} from '../../src/formats/safetensors.js';

const folder = mkdtempSync(join(tmpdir(), 'ibscope-safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));
const official = join(import.meta.dirname, '../golden/formats/official.safetensors');

/** What test/golden/formats.py stores. */
const content: Record<string, Tensor> = {
  flags: tensor(Uint8Array.of(1, 0, 1), [3], 'BOOL'),
  weights: tensor(Float32Array.of(0, 0.25, 0.5, 0.75, 1, 1.25), [2, 3]),
  counts: tensor(BigInt64Array.of(-1n, 2n ** 40n), [2]),
  wide: tensor(Float64Array.of(0.1), [1]),
  steps: tensor(Int32Array.of(7), [1]),
  bytes: tensor(Uint8Array.of(255, 0), [2]),
};

describe('safetensors', () => {
  test('a file of the official library is read', async () => {
    const { tensors, metadata } = await readSafetensors(official);
    expect(tensors).toEqual(content);
    expect(metadata).toEqual({ epoch: '10' });
  });

  test('what is written is byte for byte what the official library writes', () => {
    expect(Buffer.from(encodeSafetensors(content, { epoch: '10' }))).toEqual(readFileSync(official));
  });

  test('what is written to disk is read back, empty and scalar tensors included', async () => {
    const path = join(folder, 'deep', 'a.safetensors');
    const odd = { ...content, empty: tensor(new Float32Array(0), [0, 4]), scalar: tensor(Float32Array.of(3), []) };
    await writeSafetensors(path, odd);
    expect(await readSafetensors(path)).toEqual({ tensors: odd, metadata: {} });
  });

  test('aligned tensors share the memory of the file; unaligned ones are copied', () => {
    const bytes = encodeSafetensors(content);
    const tensors = Object.values(decodeSafetensors(bytes).tensors);
    expect(tensors.length).toBeGreaterThan(0);
    for (const t of tensors) expect(t.data.buffer).toBe(bytes.buffer);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeSafetensors(shifted.subarray(1)).tensors).toEqual(content);
  });
});

describe('floats of 16 bits', () => {
  /** Bits and values by IEEE 754 (F16: 5 bits of exponent, 10 of fraction; BF16: 8 and 7). */
  const halves: Record<string, [bits: number, value: number][]> = {
    F16: [
      [0x3c00, 1],
      [0xc000, -2],
      [0x3555, 0.333251953125],
      [0x0001, 2 ** -24],
      [0x7c00, Number.POSITIVE_INFINITY],
      [0x7e00, Number.NaN],
    ],
    BF16: [
      [0x3f80, 1],
      [0xc000, -2],
      [0x3eab, 0.333984375],
      [0x0001, 2 ** -133],
      [0xff80, Number.NEGATIVE_INFINITY],
      [0x7fc0, Number.NaN],
    ],
  };
  test.each(Object.entries(halves))('%s is read as the same numbers in F32, wherever it lies', (dtype, values) => {
    const bits = Uint16Array.from(values, ([b]) => b);
    const json = JSON.stringify({ a: { dtype, shape: [2, 3], data_offsets: [0, 12] } });
    for (const pad of [0, 1]) {
      const head = Buffer.alloc(8 + json.length + pad, ' ');
      head.writeBigUInt64LE(BigInt(json.length + pad));
      head.write(json, 8);
      const { tensors } = decodeSafetensors(Buffer.concat([head, new Uint8Array(bits.buffer)]));
      expect(tensors.a).toEqual({ dtype: 'F32', shape: [2, 3], data: Float32Array.from(values, ([, v]) => v) });
    }
  });
});

describe('safetensors that cannot be read', () => {
  const file = (header: unknown, data = 0) => {
    const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
    const head = Buffer.alloc(8);
    head.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([head, json, Buffer.alloc(data)]);
  };
  const entry = (shape: unknown, offsets: unknown, dtype = 'F32') => ({ dtype, shape, data_offsets: offsets });
  test.each([
    ['no header', Buffer.alloc(4), /truncated/],
    ['a header longer than the file', Buffer.alloc(8, 255), /header of 18446744073709551615 bytes/],
    ['a header that is no JSON', file('{"a":'), /not JSON/],
    ['a header that is a list', file([]), /not an object/],
    [
      'an unknown dtype',
      file({ a: entry([1], [0, 1], 'F8_E5M2') }, 1),
      /dtype "F8_E5M2": one of I64, F64, F32.*F16, BF16/,
    ],
    ['a dtype of the prototype', file({ a: entry([1], [0, 4], 'toString') }, 4), /dtype "toString"/],
    ['a negative shape', file({ a: entry([-1], [0, 4]) }, 4), /no valid shape/],
    ['offsets that contradict the shape', file({ a: entry([2], [0, 4]) }, 4), /takes 8 bytes/],
    ['data that ends early', file({ a: entry([2], [0, 8]) }, 7), /is truncated: tensor "a" ends/],
    ['overlapping tensors', file({ a: entry([1], [0, 4]), b: entry([1], [0, 4]) }, 4), /tensor "b" begins at 0/],
    ['a gap between tensors', file({ a: entry([1], [0, 4]), b: entry([1], [8, 12]) }, 12), /tensor "b" begins at 8/],
    ['bytes behind the last tensor', file({ a: entry([1], [0, 4]) }, 9), /5 bytes after the last tensor/],
    ['metadata that is no text', file({ __metadata__: { a: 1 } }), /__metadata__/],
  ])('%s is refused with the reason', (_, bytes, why) => {
    expect(() => decodeSafetensors(bytes, 'x')).toThrow(why);
    expect(() => decodeSafetensors(bytes, 'x')).toThrow(UserError);
  });

  test('a tensor called __proto__ is a tensor like others', () => {
    const { tensors } = decodeSafetensors(file('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1));
    expect(Object.keys(tensors)).toEqual(['__proto__']);
  });

  test('a tensor whose shape does not fit its data is never written', () => {
    expect(() => encodeSafetensors({ a: { dtype: 'F32', shape: [3], data: new Float32Array(2) } })).toThrow(/2 values/);
    expect(() => encodeSafetensors({ a: { dtype: 'F32', shape: [2], data: new Float64Array(2) } })).toThrow(/F32/);
  });
});
