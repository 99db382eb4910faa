/**
 * What the names mean that pickles may ask for: Python's containers and the constructors of NumPy's arrays (`pickle.ts` reads the format).
 */
import { arrayOf, type NdArray } from './npy.js';

/** Python's `None` is null, a tuple or list an array, a dict a Map, an integer beyond 2⁵³ a BigInt, and `bytes` (Python 2: `str`) a Uint8Array. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | NdArray
  | PickleValue[]
  | Set<PickleValue>
  | Map<PickleValue, PickleValue>;

/** What a name of a pickle stands for: a function of its arguments, and what a later state (`__setstate__`) makes of its value. */
export interface Meaning {
  /** What the name itself is, where it is no function. */
  value?: PickleValue;
  make(args: readonly unknown[]): unknown;
  build?(value: unknown, state: unknown): void;
}

/** The type of an array while it is read: `f4` and, from its state, the byte order. */
class Dtype {
  order = '|';
  constructor(readonly kind: string) {}
  get type() {
    return this.order + this.kind;
  }
}

/** A decoder takes longer to make than a short text to decode. */
export const [LATIN1, UTF8] = [new TextDecoder('latin1'), new TextDecoder()];

const refused = () => {
  throw new Error('has an array in an unknown form');
};
const plain = (why: string) => new Error(why);
const bytesOf = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? value : typeof value === 'string' ? latin1(value) : refused();
export const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
/** NumPy and PyTorch have at most 64 axes. */
export const shapeOf = (value: unknown): number[] =>
  Array.isArray(value) && value.length <= 64 && value.every((n) => Number.isSafeInteger(n) && n >= 0)
    ? value
    : refused();
const dtypeOf = (value: unknown): Dtype => (value instanceof Dtype ? value : refused());

/** An array that `_reconstruct` makes empty, and that its state fills. */
const ARRAY: Meaning = {
  make: () => ({ data: new Uint8Array(0), shape: [0], dtype: 'u1' }),
  build(value, state) {
    if (!Array.isArray(state) || state.length !== 5) return refused();
    const [, shape, dtype, fortran, raw] = state;
    const layout = { type: dtypeOf(dtype).type, shape: shapeOf(shape), fortran: fortran === true };
    Object.assign(value as NdArray, arrayOf(layout, bytesOf(raw), plain));
  },
};

const DTYPE: Meaning = {
  make: ([kind]) => new Dtype(LATIN1.decode(bytesOf(kind))),
  build(value, state) {
    const [, order] = Array.isArray(state) ? state : [];
    if (order !== undefined) (value as Dtype).order = LATIN1.decode(bytesOf(order));
  },
};

/** `_frombuffer(bytes, dtype, shape, order)`, of protocol 5. */
const BUFFER: Meaning = {
  make: ([raw, dtype, shape, order]) =>
    arrayOf({ type: dtypeOf(dtype).type, shape: shapeOf(shape), fortran: order === 'F' }, bytesOf(raw), plain),
};

const SCALAR: Meaning = {
  make([dtype, raw]) {
    const [value] = arrayOf({ type: dtypeOf(dtype).type, shape: [], fortran: false }, bytesOf(raw), plain).data;
    return typeof value === 'bigint' ? numberOf(value) : value;
  },
};

/** A class that is only handed on to `_reconstruct`. */
export const CLASS: Meaning = { make: refused };

const modules = (names: readonly string[], name: string, meaning: Meaning): [string, Meaning][] =>
  names.map((module) => [`${module}.${name}`, meaning]);
const NUMPY = ['numpy.core.multiarray', 'numpy._core.multiarray'];

export const NUMPY_NAMES: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ...modules(NUMPY, '_reconstruct', ARRAY),
  ...modules(NUMPY, 'scalar', SCALAR),
  ...modules(['numpy.core.numeric', 'numpy._core.numeric'], '_frombuffer', BUFFER),
  ['numpy.ndarray', CLASS],
  ['numpy.dtype', DTYPE],
  // Protocol 2 writes bytes as text and its encoding.
  ['_codecs.encode', { make: ([text]) => bytesOf(text) }],
  ['collections.OrderedDict', { make: ([pairs]) => new Map(pairs as [PickleValue, PickleValue][]), build: () => {} }],
  ...modules(['builtins', '__builtin__'], 'set', { make: ([of]) => new Set(of as PickleValue[]) }),
  ...modules(['builtins', '__builtin__'], 'bytearray', { make: ([of]) => bytesOf(of) }),
]);

/** A text of a pickle, or bytes that hold one. Python 2 had one type for both. */
export const pickleText = (value: unknown): string | null =>
  typeof value === 'string' ? value : value instanceof Uint8Array ? UTF8.decode(value) : null;

/** An integer as a number where a number holds it. */
export const numberOf = (value: bigint): number | bigint => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

/** About the bytes that a value takes, without what its items take. */
export function sizeOf(value: unknown): number {
  if (Array.isArray(value) || typeof value === 'string' || value instanceof Uint8Array)
    return Array.isArray(value) ? 8 * value.length : value.length;
  if (value instanceof Set || value instanceof Map) return 8 * value.size;
  return isArray(value) ? value.data.byteLength : 0;
}

/** Whether a value of a pickle is an array of NumPy, or a tensor. */
export const isArray = (value: unknown): value is NdArray =>
  typeof value === 'object' && value !== null && 'dtype' in value;
