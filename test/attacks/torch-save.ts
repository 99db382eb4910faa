/** Writes files as `torch.save` does, of plain values, NumPy arrays and tensors: what records of others consist of. */
import { zipSync } from 'fflate';

/** A NumPy integer, as which BackdoorBench keeps indices. */
export class NumpyInt {
  constructor(readonly value: number) {}
}
/** A tensor of float32, int64 or uint8. */
export class Saved {
  constructor(
    readonly data: Float32Array | BigInt64Array | Uint8Array,
    readonly shape: number[],
  ) {}
}
export type Savable =
  | null
  | boolean
  | number
  | string
  | Float64Array
  | NumpyInt
  | Saved
  | Savable[]
  | Map<Savable, Savable>;

const raw = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const u4 = (n: number) => raw(Uint32Array.of(n)).toString('latin1');
const name = (module: string, of: string) => `c${module}\n${of}\n`;
const bytes = (of: Buffer) => `B${u4(of.length)}${of.toString('latin1')}`;
const dtype = (kind: string) =>
  `${name('numpy', 'dtype')}(${pickled(kind)}\x89\x88tR(K\x03${pickled('<')}NNNJ${'\xff'.repeat(4)}J${'\xff'.repeat(4)}K\x00tb`;

/** The opcodes of a value, one character a byte; tensors are put into `storages`. */
function pickled(value: Savable, storages: Saved[] = []): string {
  const all = (items: readonly Savable[]) => items.map((item) => pickled(item, storages)).join('');
  if (value === null) return 'N';
  if (typeof value === 'boolean') return value ? '\x88' : '\x89';
  if (typeof value === 'number' && Number.isInteger(value)) return `J${raw(Int32Array.of(value)).toString('latin1')}`;
  if (typeof value === 'number') return `G${raw(Float64Array.of(value)).reverse().toString('latin1')}`;
  if (typeof value === 'string') return `X${u4(Buffer.byteLength(value))}${Buffer.from(value).toString('latin1')}`;
  if (Array.isArray(value)) return `](${all(value)}e`;
  if (value instanceof Map) return `}(${all([...value].flat())}u`;
  if (value instanceof NumpyInt)
    return `${name('numpy.core.multiarray', 'scalar')}(${dtype('i8')}${bytes(raw(BigInt64Array.of(BigInt(value.value))))}tR`;
  if (value instanceof Float64Array)
    return `${name('numpy.core.multiarray', '_reconstruct')}(${name('numpy', 'ndarray')}(K\x00t${bytes(Buffer.from('b'))}tR(K\x01(${pickled(value.length)}t${dtype('f8')}\x89${bytes(raw(value))}tb`;
  const { data, shape } = value;
  const kind = data instanceof Float32Array ? 'Float' : data instanceof BigInt64Array ? 'Long' : 'Byte';
  const key = String(storages.push(value) - 1);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const tuple = (list: readonly number[]) => `(${list.map((n) => pickled(n)).join('')}t`;
  const storage = `(${pickled('storage')}${name('torch', `${kind}Storage`)}${pickled(key)}${pickled('cpu')}${pickled(data.length)}tQ`;
  return `${name('torch._utils', '_rebuild_tensor_v2')}(${storage}K\x00${tuple(shape)}${tuple(strides)}\x89${name('collections', 'OrderedDict')})RtR`;
}

/** The bytes of a file with `value`. */
export function torchSave(value: Savable): Uint8Array {
  const storages: Saved[] = [];
  const pickle = Buffer.from(`\x80\x03${pickled(value, storages)}.`, 'latin1');
  const members: Record<string, Uint8Array> = { 'archive/data.pkl': new Uint8Array(pickle) };
  storages.forEach(({ data }, key) => {
    members[`archive/data/${key}`] = new Uint8Array(raw(data));
  });
  return zipSync({ ...members, 'archive/version': new Uint8Array(Buffer.from('3\n')) }, { level: 0 });
}
