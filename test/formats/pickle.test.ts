/** Pickles that Python wrote, in every protocol and as Python 2 wrote them; damaged and hostile ones. `test/golden/pickles.py` made them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import type { NdArray } from '../../src/formats/npy.js';
import { type PickleValue, readPickle } from '../../src/formats/pickle.js';

const GOLDEN = join(import.meta.dirname, '../golden/pickles');
const file = (name: string) => new Uint8Array(readFileSync(join(GOLDEN, `${name}.pkl`)));
const FORMS = [
  ...['values-0', 'values-1', 'values-2', 'values-3', 'values-4', 'values-5', 'values-python2'],
  ...['numpy2-0', 'numpy2-2', 'numpy2-4', 'numpy2-5'],
];

const bytes = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

describe('a pickle', () => {
  it.each(FORMS)('%s: every value as Python has it', (name) => {
    const read = readPickle(file(name)) as Map<PickleValue, PickleValue>;
    const get = (key: string) => read.get(key);
    expect(get('none')).toBeNull();
    expect(get('flags')).toEqual([true, false]);
    expect(get('integers')).toEqual([
      ...[0, 1, -1, 255, 256, 65535, 65536, -(2 ** 31), 2 ** 31, 2 ** 53 - 1],
      ...[2n ** 53n + 1n, -(2n ** 70n)],
    ]);
    expect(get('floats')).toEqual([0, -2.5, 1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(get('text')).toEqual(name === 'values-python2' ? bytes('plain') : "a\nß€\\u0041'");
    expect(get('bytes')).toEqual(Uint8Array.from({ length: 512 }, (_, i) => i % 256));
    expect(get('tuples')).toEqual([[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]);
    expect(get('set')).toEqual(new Set([3]));
    const [a, b] = get('twice') as PickleValue[];
    expect(a).toEqual([1, 2]);
    expect(a).toBe(b);
    expect([...(get('ordered') as Map<PickleValue, PickleValue>)]).toEqual([
      ['b', 1],
      ['a', 2],
    ]);
    expect(read.get(7)).toEqual(name === 'values-python2' ? bytes('seven') : 'seven');
    expect(get('c')).toEqual({ dtype: 'i4', shape: [2, 3, 2], data: Int32Array.from({ length: 12 }, (_, i) => i - 3) });
    expect(get('fortran')).toEqual({ dtype: 'f8', shape: [2, 3], data: Float64Array.from([0, 1, 2, 3, 4, 5]) });
    expect(get('half')).toEqual({ dtype: 'f4', shape: [2], data: Float32Array.from([0.5, -2]) });
    expect((get('bool') as NdArray).data).toEqual(Uint8Array.from([1, 0]));
    expect(get('scalar')).toBe(0.25);
  });

  it('that would run something runs nothing, and names what it asks for', () => {
    expect(() => readPickle(file('hostile'), 'x.pkl')).toThrow(
      /^x\.pkl: its pickle asks for "posix\.system", which is never run; numbers, texts, containers and NumPy arrays are read$/,
    );
    expect(existsSync('ran')).toBe(false);
  });

  it.each([
    'cos\nsystem\n(S"touch ran"\ntR.',
    'c__builtin__\neval\n(S"1"\ntR.',
    'cbuiltins\n__import__\n(S"os"\ntR.',
    '(S"touch ran"\nios\nsystem\n.',
    '\x80\x02cposix\nsystem\nU\ttouch ran\x85R.',
    '\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\ttouch ran\x85R.',
    'ccopy_reg\n_reconstructor\n(cos\nsystem\nc__builtin__\nobject\nNtR.',
    '\x80\x02cconstructor\n__proto__\n.',
    '\x82\x01.',
    'Pid\n.',
    'NQ.',
    '\x97.',
  ])('%j is refused in one line', (text) => {
    expect(() => readPickle(bytes(text))).toThrow(/^pickle: [^\n]+$/);
  });

  it('of a long integer is read or refused at once', () => {
    const long = new Uint8Array(5 + 1_000_000 + 1).fill(1);
    long.set([0x8b, 0x40, 0x42, 0x0f, 0]);
    long[long.length - 1] = 46;
    expect(() => readPickle(long)).toThrow('too large');
    expect(readPickle(bytes('\x8a\x00.'))).toBe(0);
    expect(readPickle(bytes('\x8a\x01\x80.'))).toBe(-128);
  });

  it('that is cut off anywhere, or has any byte changed, is read or refused in one line', () => {
    const rng = new Rng(0, 'pickles');
    for (const name of FORMS) {
      const whole = file(name);
      for (let round = 0; round < 300; round++) {
        const damaged = round % 3 === 0 ? whole.slice(0, rng.int(whole.length)) : whole.slice();
        if (round % 3 > 0) for (let k = 0; k < (round % 3) * 2; k++) damaged[rng.int(damaged.length)] = rng.int(256);
        try {
          readPickle(damaged, 'damaged');
        } catch (error) {
          expect((error as Error).name).toBe('UserError');
          expect((error as Error).message).toMatch(/^damaged: [^\n]+$/);
        }
      }
    }
  });
});
