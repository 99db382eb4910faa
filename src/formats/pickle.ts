/**
 * Python's pickle format, protocols 0 to 5, read as data: https://docs.python.org/3/library/pickletools.html
 *
 * A pickle is a program that may call anything. Nothing is called here: numbers, texts, bytes and containers are values, and of all the
 * names that a pickle can ask for only those of `pickle-names.ts` and of a `PickleWorld` mean something. Every other name is refused.
 */
import { shown, UserError } from '../base/errors.js';
import {
  LATIN1,
  latin1,
  type Meaning,
  NUMPY_NAMES,
  numberOf,
  type PickleValue,
  pickleText,
  sizeOf,
  UTF8,
} from './pickle-names.js';

export type { PickleValue } from './pickle-names.js';

/** A name on the stack. */
class Named {
  constructor(readonly meaning: Meaning) {}
}

/** What a pickle may ask for beside numbers, texts and containers. */
export interface PickleWorld {
  names: ReadonlyMap<string, Meaning>;
  /** What these names make, for errors. */
  kinds: string;
  /** The value that a persistent id stands for. */
  persistent?(id: unknown): unknown;
}

const NUMPY: PickleWorld = { names: NUMPY_NAMES, kinds: 'numbers, texts, containers and NumPy arrays' };

/**
 * The value in a pickle; `name`: its name in errors. Keys of dicts that Python 2 wrote as `str` become texts. Throws `UserError` for bytes that
 * are no pickle, for a truncated one, for a name that is not known, and for one that asks for far more memory than its bytes take.
 */
export const readPickle = (bytes: Uint8Array, name = 'pickle', world?: PickleWorld): PickleValue =>
  readPickleAt(bytes, 0, name, world).value;

/** The pickle that begins at a byte, and the place behind it. Throws as `readPickle`. */
export function readPickleAt(
  bytes: Uint8Array,
  at: number,
  name: string,
  world = NUMPY,
): { value: PickleValue; end: number } {
  const reader = new Reader(bytes, at, world);
  try {
    return { value: reader.read() as PickleValue, end: reader.at };
  } catch (error) {
    // Whatever a damaged program does wrong, its file is what is wrong.
    throw new UserError(
      `${name}: ${error instanceof RangeError || error instanceof TypeError ? 'is damaged' : (error as Error).message}`,
    );
  }
}

/** Bytes of the longest integer that is read: longer ones take time in the square of their length. */
const MOST_BYTES = 1024;
/** Memory that a pickle may ask for: as many bytes as it has, so many times, and these more. */
const [TIMES, FREE] = [16, 2 ** 20];
/** About the bytes of an empty dict or set. */
const CONTAINER = 64;

/** A machine of one stack. Its opcodes are those of Python's pickletools. */
class Reader {
  /** What its containers and arrays take, about, in bytes. */
  private spent = 0;
  private stack: unknown[] = [];
  /** Stacks below the last marks. */
  private readonly marks: unknown[][] = [];
  private readonly memo = new Map<number, unknown>();
  /** What a state does to a value, of values that take one. */
  private readonly states = new Map<unknown, (state: unknown) => void>();
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
    private readonly world: PickleWorld,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read(): unknown {
    for (;;) {
      const code = String.fromCharCode(this.take(1)[0]);
      if (code === '.') return this.pop();
      const step = STEPS[code];
      if (!step) throw new Error('is no pickle');
      step(this);
    }
  }

  take(n: number): Uint8Array {
    if (!(n >= 0 && n <= this.bytes.length - this.at)) throw new Error('is truncated');
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }

  /** An unsigned little-endian integer of 1, 2, 4 or 8 bytes. */
  size(width: 1 | 2 | 4 | 8): number {
    this.take(width);
    const at = this.at - width;
    if (width === 1) return this.view.getUint8(at);
    if (width === 2) return this.view.getUint16(at, true);
    return width === 4 ? this.view.getUint32(at, true) : Number(this.view.getBigUint64(at, true));
  }

  int32(): number {
    this.take(4);
    return this.view.getInt32(this.at - 4, true);
  }

  double(): number {
    this.take(8);
    return this.view.getFloat64(this.at - 8);
  }

  /** A little-endian integer in two's complement. */
  long(width: number): number | bigint {
    if (width > MOST_BYTES) throw new Error('has an integer that is too large');
    const value = this.take(width).reduceRight((sum, b) => (sum << 8n) | BigInt(b), 0n);
    return numberOf(width > 0 ? BigInt.asIntN(8 * width, value) : 0n);
  }

  line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) throw new Error('is truncated');
    const text = LATIN1.decode(this.take(end - this.at));
    this.take(1);
    return text;
  }

  push(value: unknown) {
    this.stack.push(value);
  }

  /** A new dict or set: one byte of a pickle makes an empty one. */
  pushContainer(value: Map<unknown, unknown> | Set<unknown>) {
    this.charge(CONTAINER + sizeOf(value));
    this.push(value);
  }

  private charge(bytes: number) {
    this.spent += bytes;
    if (this.spent > FREE + TIMES * this.bytes.length) throw new Error('asks for more memory than its bytes can fill');
  }

  /** Before a name or a state works through values, which may be the same ones again and again. */
  private chargeAll(values: unknown) {
    if (Array.isArray(values)) for (const value of values) this.charge(sizeOf(value));
  }

  pop(): unknown {
    if (this.stack.length === 0) throw new Error('is damaged');
    return this.stack.pop();
  }

  top<T>(): T {
    if (this.stack.length === 0) throw new Error('is damaged');
    return this.stack[this.stack.length - 1] as T;
  }

  mark() {
    this.marks.push(this.stack);
    this.stack = [];
  }

  /** Everything above the last mark. */
  marked(): unknown[] {
    const items = this.stack;
    const below = this.marks.pop();
    if (!below) throw new Error('is damaged');
    this.stack = below;
    return items;
  }

  keep(key = this.memo.size) {
    this.memo.set(key, this.top());
  }

  recall(key: number) {
    if (!this.memo.has(key)) throw new Error('is damaged');
    this.push(this.memo.get(key));
  }

  name(module: unknown, name: unknown) {
    const known = this.world.names.get(`${module}.${name}`);
    if (!known)
      throw new Error(
        `its pickle asks for ${shown(`${module}.${name}`)}, which is never run; ${this.world.kinds} are read`,
      );
    this.push(known.value === undefined ? new Named(known) : known.value);
  }

  persistent(id: unknown) {
    if (!this.world.persistent) throw new Error('refers to something outside it');
    this.push(this.world.persistent(id));
  }

  call(of: unknown, args: unknown) {
    if (!(of instanceof Named) || !Array.isArray(args)) throw new Error('is damaged');
    this.chargeAll(args);
    const value = of.meaning.make(args);
    this.charge(sizeOf(value));
    const { build } = of.meaning;
    if (build) this.states.set(value, (state) => build(value, state));
    this.push(value);
  }

  state() {
    const state = this.pop();
    const build = this.states.get(this.top());
    if (!build) throw new Error('is damaged');
    this.chargeAll(state);
    build(state);
    this.charge(sizeOf(this.top()));
  }

  setItems(items: readonly unknown[]) {
    const dict = this.top<unknown>();
    if (!(dict instanceof Map) || items.length % 2) throw new Error('is damaged');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] instanceof Uint8Array ? pickleText(items[i]) : items[i];
      dict.set(key, items[i + 1]);
    }
  }

  append(items: readonly unknown[]) {
    const list = this.top<unknown>();
    if (!Array.isArray(list)) throw new Error('is damaged');
    for (const item of items) list.push(item);
  }

  add(items: readonly unknown[]) {
    const set = this.top<unknown>();
    if (!(set instanceof Set)) throw new Error('is damaged');
    for (const item of items) set.add(item);
  }
}

/** A number as text; `01` and `00` are how protocol 0 writes True and False, and an `L` ends an integer of Python 2. */
function integer(text: string): number | bigint | boolean {
  if (text === '01' || text === '00') return text === '01';
  if (text.length > 2 * MOST_BYTES) throw new Error('has an integer that is too large');
  if (!/^\s*[-+]?\d+L?\s*$/.test(text)) throw new Error('is damaged');
  return numberOf(BigInt(text.trim().replace(/L$/, '').replace(/^\+/, '')));
}

function float(text: string): number {
  const value = Number(text.trim().replace('inf', 'Infinity'));
  if (Number.isNaN(value) && text.trim() !== 'nan') throw new Error('is damaged');
  return value;
}

const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** The bytes of a text in quotes, as Python 2 shows it. */
function quoted(line: string): Uint8Array {
  const text = /^(['"])(.*)\1$/s.exec(line.trim())?.[2];
  if (text === undefined) throw new Error('is damaged');
  return latin1(
    text.replace(/\\(x[\da-fA-F]{2}|[0-7]{1,3}|.)/gs, (_, of: string) =>
      /^x../.test(of)
        ? String.fromCharCode(Number.parseInt(of.slice(1), 16))
        : /^[0-7]/.test(of)
          ? String.fromCharCode(Number.parseInt(of, 8) & 255)
          : (ESCAPES[of] ?? of),
    ),
  );
}

/** Text in Python's raw-unicode-escape. */
const unescaped = (text: string) =>
  text.replace(/\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})/g, (_, four, eight) =>
    String.fromCodePoint(Number.parseInt(four ?? eight, 16)),
  );

const utf8 = (bytes: Uint8Array) => UTF8.decode(bytes);
const copied = (bytes: Uint8Array) => new Uint8Array(bytes);

/** Every opcode by its character. Extensions, persistent ids as text and out-of-band buffers are refused: no data set has them. */
const STEPS: Record<string, (r: Reader) => void> = {
  '\x80': (r) => r.take(1),
  '\x95': (r) => r.take(8),
  N: (r) => r.push(null),
  '\x88': (r) => r.push(true),
  '\x89': (r) => r.push(false),
  I: (r) => r.push(integer(r.line())),
  L: (r) => r.push(integer(r.line())),
  J: (r) => r.push(r.int32()),
  K: (r) => r.push(r.size(1)),
  M: (r) => r.push(r.size(2)),
  '\x8a': (r) => r.push(r.long(r.size(1))),
  '\x8b': (r) => r.push(r.long(r.size(4))),
  F: (r) => r.push(float(r.line())),
  G: (r) => r.push(r.double()),
  S: (r) => r.push(quoted(r.line())),
  U: (r) => r.push(copied(r.take(r.size(1)))),
  T: (r) => r.push(copied(r.take(r.size(4)))),
  C: (r) => r.push(copied(r.take(r.size(1)))),
  B: (r) => r.push(copied(r.take(r.size(4)))),
  '\x8e': (r) => r.push(copied(r.take(r.size(8)))),
  '\x96': (r) => r.push(copied(r.take(r.size(8)))),
  V: (r) => r.push(unescaped(r.line())),
  '\x8c': (r) => r.push(utf8(r.take(r.size(1)))),
  X: (r) => r.push(utf8(r.take(r.size(4)))),
  '\x8d': (r) => r.push(utf8(r.take(r.size(8)))),
  '(': (r) => r.mark(),
  '1': (r) => r.marked(),
  '0': (r) => r.pop(),
  '2': (r) => r.push(r.top()),
  ']': (r) => r.push([]),
  ')': (r) => r.push([]),
  '}': (r) => r.pushContainer(new Map()),
  '\x8f': (r) => r.pushContainer(new Set()),
  l: (r) => r.push(r.marked()),
  t: (r) => r.push(r.marked()),
  '\x85': (r) => r.push([r.pop()]),
  '\x86': (r) => r.push([r.pop(), r.pop()].reverse()),
  '\x87': (r) => r.push([r.pop(), r.pop(), r.pop()].reverse()),
  '\x91': (r) => r.pushContainer(new Set(r.marked())),
  a: (r) => {
    const item = r.pop();
    r.append([item]);
  },
  e: (r) => r.append(r.marked()),
  '\x90': (r) => r.add(r.marked()),
  d: (r) => {
    const items = r.marked();
    r.pushContainer(new Map());
    r.setItems(items);
  },
  s: (r) => {
    const pair = [r.pop(), r.pop()].reverse();
    r.setItems(pair);
  },
  u: (r) => r.setItems(r.marked()),
  p: (r) => r.keep(Number(r.line())),
  q: (r) => r.keep(r.size(1)),
  r: (r) => r.keep(r.size(4)),
  '\x94': (r) => r.keep(),
  g: (r) => r.recall(Number(r.line())),
  h: (r) => r.recall(r.size(1)),
  j: (r) => r.recall(r.size(4)),
  c: (r) => r.name(r.line(), r.line()),
  '\x93': (r) => {
    const [name, module] = [r.pop(), r.pop()];
    r.name(pickleText(module), pickleText(name));
  },
  Q: (r) => r.persistent(r.pop()),
  R: (r) => {
    const args = r.pop();
    r.call(r.pop(), args);
  },
  '\x81': (r) => {
    const args = r.pop();
    r.call(r.pop(), args);
  },
  i: (r) => {
    const args = r.marked();
    r.name(r.line(), r.line());
    r.call(r.pop(), args);
  },
  o: (r) => {
    const [of, ...args] = r.marked();
    r.call(of, args);
  },
  b: (r) => r.state(),
};
