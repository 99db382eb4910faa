/**
 * Files of PyTorch's `torch.save`: a ZIP file with a pickle `data.pkl` and a member `data/KEY` for each storage of a tensor
 * (https://docs.pytorch.org/docs/stable/notes/serialization.html), or the form before PyTorch 1.6: five pickles and the storages behind them.
 *
 * Nothing is run (`pickle.ts`). A tensor is an array in C order; float16 and bfloat16 become float32. A storage is read once and alone, and contiguous
 * tensors share its memory, so that a large file is held once.
 */
import { open, readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { shown, UserError } from '../base/errors.js';
import { type NdArray, type NpyDtype, type StoredDtype, type TypedArray, valuesOf } from './npy.js';
import { type PickleValue, type PickleWorld, readPickle, readPickleAt } from './pickle.js';
import { type Meaning, NUMPY_NAMES, shapeOf } from './pickle-names.js';

/** Dtypes of storages by their class in `torch`. */
const STORAGES: Record<string, StoredDtype> = {
  FloatStorage: 'f4',
  DoubleStorage: 'f8',
  HalfStorage: 'f2',
  BFloat16Storage: 'bf2',
  LongStorage: 'i8',
  IntStorage: 'i4',
  ShortStorage: 'i2',
  CharStorage: 'i1',
  ByteStorage: 'u1',
  BoolStorage: 'b1',
};
const DTYPES = 'float16 bfloat16 float32 float64 uint8 int8 int16 int32 int64 bool'.split(' ');
/** The first pickle of the old form. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
/** Tensors whose values are not in the order of their storage are copied: at most so many times the bytes of their file, and these more. */
const [TIMES, FREE] = [16, 2 ** 20];

interface Storage {
  key: string;
  kind: StoredDtype;
  /** Number of values. */
  size: number;
  tensors: { array: NdArray; offset: number; strides: number[] }[];
}

const damaged = (why = 'is damaged') => new Error(why);
const widthOf = (kind: StoredDtype) => Number(kind.slice(-1));
const count = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** The storages that a pickle refers to, each with the tensors that it holds. */
class Storages {
  readonly all = new Map<string, Storage>();
  private copied = 0;

  /** `bytes`: length of the file. */
  constructor(private readonly bytes: number) {}

  world(): PickleWorld {
    const tensor: Meaning = { make: (args) => this.tensor(args) };
    const itself: Meaning = { make: ([value]) => value };
    const constant = (value: string): [string, Meaning] => [value, { value, make: () => damaged() }];
    const names = new Map<string, Meaning>([
      ...NUMPY_NAMES,
      ['torch._utils._rebuild_tensor', tensor],
      ['torch._utils._rebuild_tensor_v2', tensor],
      ['torch._utils._rebuild_parameter', itself],
      ['torch.Size', itself],
      ['torch.device', itself],
      ['collections.Counter', { make: ([counts]) => (counts instanceof Map ? counts : new Map()) }],
      ...Object.keys(STORAGES).map((name) => constant(`torch.${name}`)),
      ...DTYPES.map((name) => constant(`torch.${name}`)),
    ]);
    const kinds = 'state dicts, tensors, numbers, texts, containers and NumPy arrays';
    return { names, kinds, persistent: (id) => this.storage(id) };
  }

  private storage(id: unknown): Storage {
    const [what, type, key, , size, view] = Array.isArray(id) ? id : [];
    const kind = typeof type === 'string' ? STORAGES[type.replace(/^torch\./, '')] : undefined;
    if (what !== 'storage' || !kind || typeof key !== 'string' || !isWhole(size)) throw damaged();
    if (view)
      throw new Error('holds views of storages, which PyTorch wrote before 0.4; load it there and save it again');
    const before = this.all.get(key);
    if (before && (before.kind !== kind || before.size !== size)) throw damaged();
    const storage = before ?? { key, kind, size, tensors: [] };
    this.all.set(key, storage);
    return storage;
  }

  /** A tensor without its values yet. */
  private tensor([of, offset, size, stride]: readonly unknown[]): NdArray {
    const storage = this.all.get((of as Storage)?.key);
    if (!storage || storage !== of || !isWhole(offset)) throw damaged();
    const [shape, strides] = [shapeOf(size), shapeOf(stride)];
    if (shape.length !== strides.length) throw damaged();
    const total = count(shape);
    const last = shape.reduce((at, n, axis) => at + (n - 1) * strides[axis], offset);
    if (!Number.isSafeInteger(total) || (total > 0 && !(last < storage.size)))
      throw new Error(`has a tensor (${shape}) that reaches beyond its storage of ${storage.size} values`);
    if (!inOrder(shape, strides)) this.copied += total * widthOf(storage.kind);
    if (this.copied > FREE + TIMES * this.bytes)
      throw new Error(`has a tensor (${shape}) of more values than its ${this.bytes} bytes can fill`);
    const { kind } = storage;
    const dtype: NpyDtype = kind === 'f2' || kind === 'bf2' ? 'f4' : kind;
    const array: NdArray = { data: new Uint8Array(0), shape, dtype };
    storage.tensors.push({ array, offset, strides });
    return array;
  }
}

/** Whether the values of a tensor lie one behind the other, the last axis fastest. */
function inOrder(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return count(shape) === 0;
    step *= shape[axis];
  }
  return true;
}

/** Gives the tensors of a storage their values; `raw` owns its buffer from byte 0. */
function fill({ kind, tensors }: Storage, raw: Uint8Array<ArrayBuffer>, bigEndian: boolean): void {
  const values = valuesOf(kind, raw, bigEndian);
  for (const { array, offset, strides } of tensors) {
    const total = count(array.shape);
    array.data = inOrder(array.shape, strides)
      ? values.subarray(offset, offset + total)
      : gathered(values, offset, array.shape, strides);
  }
}

/** A copy of strided values in C order. */
function gathered(values: TypedArray, offset: number, shape: readonly number[], strides: readonly number[]) {
  const total = count(shape);
  const out = new (values.constructor as new (n: number) => TypedArray)(total);
  const index = shape.map(() => 0);
  for (let i = 0, at = offset; i < total; i++) {
    out[i] = values[at];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

/**
 * The value that `torch.save` wrote; tensors are arrays. Throws `UserError` for a file that is missing, damaged or another one, and for a pickle that
 * asks for a name which is not known, such as a class of a model.
 */
export async function readTorch(path: string): Promise<PickleValue> {
  const { head, size } = await headOf(path);
  try {
    if (head[0] === 0x50 && head[1] === 0x4b) return await readZip(path, size);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: ${oneLine(error)}`);
  }
  if (head[0] !== 0x80) throw new UserError(`${path}: is no file of torch.save`);
  return readOld(
    path,
    await readFile(path).catch((error) => Promise.reject(new UserError(`${path}: ${oneLine(error)}`))),
  );
}

/** Whether a file begins as those of `torch.save` do: as a ZIP file, or as a pickle. Throws `UserError` if it cannot be read. */
export async function isTorch(path: string): Promise<boolean> {
  const { head } = await headOf(path);
  return (head[0] === 0x50 && head[1] === 0x4b) || head[0] === 0x80;
}

const oneLine = (error: unknown) =>
  String((error as Error).message)
    .split('\n')[0]
    .slice(0, 200);

async function headOf(path: string): Promise<{ head: Uint8Array; size: number }> {
  try {
    const file = await open(path);
    try {
      const head = new Uint8Array(2);
      await file.read(head, 0, 2, 0);
      return { head, size: (await file.stat()).size };
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(`${path}: ${code === 'ENOENT' ? 'no such file' : oneLine(error)}`);
  }
}

async function readZip(path: string, size: number): Promise<PickleValue> {
  const { openPromise } = await import('yauzl');
  const zip = await openPromise(path, { autoClose: false });
  try {
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
    const main = [...entries.keys()].find((name) => /^([^/]*\/)?data\.pkl$/.test(name));
    if (main === undefined) throw new Error('is a ZIP file, but none of torch.save: it has no data.pkl');
    const folder = main.slice(0, -'data.pkl'.length);
    if (entries.has(`${folder}constants.pkl`))
      throw new Error('holds a TorchScript model; torch.save(model.state_dict(), …) writes its weights');
    const storages = new Storages(size);
    const value = readPickle(await memberOf(zip, entries, main), path, storages.world());
    const order = entries.has(`${folder}byteorder`) ? await memberOf(zip, entries, `${folder}byteorder`) : null;
    const bigEndian = order !== null && new TextDecoder().decode(order) === 'big';
    for (const storage of storages.all.values()) {
      if (storage.tensors.length === 0) continue;
      const bytes = storage.size * widthOf(storage.kind);
      fill(storage, await memberOf(zip, entries, `${folder}data/${storage.key}`, bytes), bigEndian);
    }
    return value;
  } finally {
    zip.close();
  }
}

/** The content of a member, which has `bytes` bytes where that is known. It is stored as it is, so that it is no larger than its file. */
async function memberOf(
  zip: ZipFile,
  entries: ReadonlyMap<string, Entry>,
  name: string,
  bytes?: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const entry = entries.get(name);
  if (!entry) throw new Error(`is damaged: it has no ${shown(name)}`);
  if (entry.compressionMethod !== 0)
    throw new Error(`its ${shown(name)} is compressed; torch.save stores what it writes`);
  const size = entry.uncompressedSize;
  if (bytes !== undefined && size !== bytes)
    throw new Error(`is damaged: its ${shown(name)} has ${size} bytes, its tensors take ${bytes}`);
  if (size > zip.fileSize) throw new Error(`is truncated: its ${shown(name)} has ${size} bytes`);
  const out = new Uint8Array(size);
  let at = 0;
  let sum = 0;
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    out.set(chunk, at);
    at += chunk.length;
    sum = crc32(chunk, sum);
  }
  if (at !== size || sum !== entry.crc32) throw new Error(`is damaged: the checksum of its ${shown(name)} is wrong`);
  return out;
}

/** The form before PyTorch 1.6. */
function readOld(path: string, bytes: Uint8Array): PickleValue {
  const storages = new Storages(bytes.length);
  const next = (at: number) => readPickleAt(bytes, at, path, storages.world());
  const magic = next(0);
  if (magic.value !== MAGIC) throw new UserError(`${path}: is a pickle, but none of torch.save`);
  const system = next(next(magic.end).end);
  const main = next(system.end);
  const keys = next(main.end);
  let at = keys.end;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of Array.isArray(keys.value) ? keys.value : []) {
    const storage = storages.all.get(String(key));
    if (!storage || at + 8 > bytes.length || Number(view.getBigUint64(at, true)) !== storage.size)
      throw new UserError(`${path}: is damaged: its storages are not those of its tensors`);
    const end = at + 8 + storage.size * widthOf(storage.kind);
    if (end > bytes.length) throw new UserError(`${path}: is truncated`);
    fill(storage, new Uint8Array(bytes.subarray(at + 8, end)), false);
    storages.all.delete(storage.key);
    at = end;
  }
  const missing = [...storages.all.values()].find(({ tensors }) => tensors.length > 0);
  if (missing) throw new UserError(`${path}: is damaged: it lacks the storage ${shown(missing.key)}`);
  return main.value;
}
