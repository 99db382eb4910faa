/**
 * Writes ONNX models: the part of `onnx.proto` (IR version 8) that a float graph needs, field by field.
 * The numbers are the field numbers of onnx.proto.
 */
import { createHash } from 'node:crypto';
import protobuf from 'protobufjs/minimal.js';

const { Writer } = protobuf;
type Writer = protobuf.Writer;

/** Kinds of elements that a tensor may have. */
export type DType = 'float32' | 'uint8' | 'int32' | 'int64' | 'bool';

const ELEMENT: Record<DType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };
const OPSET = 18;

/** An attribute of an ONNX node: whole numbers, text, or floats that are marked as such. */
export type Attribute = number | string | readonly number[] | { float: number } | { floats: readonly number[] };

function writeString(w: Writer, field: number, s: string) {
  w.uint32((field << 3) | 2).string(s);
}

function writeMessage(w: Writer, field: number, body: (w: Writer) => void) {
  w.uint32((field << 3) | 2).fork();
  body(w);
  w.ldelim();
}

function writeVarint(w: Writer, field: number, value: number) {
  w.uint32(field << 3).int64(value);
}

/** Plain numbers and lists are ints; floats are marked, because 1 and 1.0 are the same to JavaScript. */
function writeAttribute(w: Writer, name: string, value: Attribute) {
  writeString(w, 1, name);
  if (typeof value === 'number') {
    writeVarint(w, 3, value);
    writeVarint(w, 20, 2);
  } else if (typeof value === 'string') {
    writeString(w, 4, value);
    writeVarint(w, 20, 3);
  } else if ('float' in value) {
    w.uint32((2 << 3) | 5).float(value.float);
    writeVarint(w, 20, 1);
  } else if ('floats' in value) {
    for (const f of value.floats) w.uint32((7 << 3) | 5).float(f);
    writeVarint(w, 20, 6);
  } else {
    for (const i of value) writeVarint(w, 8, i);
    writeVarint(w, 20, 7);
  }
}

interface NodeRecord {
  name: string;
  op: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: Record<string, Attribute>;
}

interface ValueInfo {
  name: string;
  dtype: DType;
  /** A text is a size that is left open, by its name. */
  shape: readonly (number | string)[];
}

interface Constant {
  name: string;
  dtype: DType;
  shape: readonly number[];
  raw: Uint8Array;
}

/** An input's value that is written into the file, as other programs expect it there. */
export interface Weight {
  data: Float32Array;
  shape: readonly number[];
  /** The order in which the graph reads its axes, where that is another. */
  perm?: readonly number[];
}

/** Of one value or of several of one shape, place by place. */
const POINTWISE = ['Add', 'Relu'];

/** Collects nodes, constants, inputs and outputs, and serialises them as one ModelProto. */
export class GraphBuilder {
  private readonly nodes: NodeRecord[] = [];
  private readonly constants = new Map<string, Constant>();
  private readonly known = new Map<string, string>();
  private readonly inputs: ValueInfo[] = [];
  private outputs: ValueInfo[] = [];
  private counter = 0;
  /** Names of outputs by those their values had before. */
  private readonly given = new Map<string, string>();

  /** `weights`: inputs that are written into the file. `portable`: for any runtime, not for speed on this one. */
  constructor(
    private readonly weights: ReadonlyMap<string, Weight> = new Map(),
    readonly portable = false,
  ) {}

  /** Declares an input, and returns its name. One that is a weight is written into the file. */
  input(name: string, dtype: DType, shape: readonly number[]): string {
    const weight = this.weights.get(name);
    if (weight) {
      const { data, perm } = weight;
      const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.constants.set(name, { name, dtype, shape: weight.shape, raw });
      return perm ? this.node('Transpose', [name], { perm }) : name;
    }
    this.inputs.push({ name, dtype, shape });
    return name;
  }

  /** Declares `value` as the graph output `name`. Its node writes it there itself, if it can, and no copy is made. */
  output(name: string, value: string, dtype: DType, shape: readonly number[]) {
    const given = this.given.get(value);
    const made = given === undefined && this.nodes.find((n) => n.outputs[0] === value);
    if (made) {
      made.outputs[0] = name;
      this.given.set(value, name);
    } else
      this.nodes.push({ name, op: 'Identity', domain: '', inputs: [given ?? value], outputs: [name], attributes: {} });
    this.outputs.push({ name, dtype, shape });
  }

  /** A node with one output; a node that was asked for before is not written again. */
  node(op: string, inputs: string[], attributes: Record<string, Attribute> = {}, domain = ''): string {
    const simpler = this.portable && this.withoutTransposes(op, inputs, attributes);
    if (simpler) return simpler;
    const key = JSON.stringify([op, domain, inputs, attributes]);
    const seen = this.known.get(key);
    if (seen !== undefined) return seen;
    const name = `${op}_${this.counter++}`;
    this.nodes.push({ name, op, domain, inputs, outputs: [name], attributes });
    this.known.set(key, name);
    return name;
  }

  /**
   * What `node` is asked for, with transposes moved behind what works place by place, to where they meet their inverse. So
   * operators that want images as [n, c, h, w] follow one another without any.
   */
  private withoutTransposes(op: string, inputs: string[], attributes: Record<string, Attribute>): string | undefined {
    const made = inputs.map((i) => this.nodes.find((n) => n.op === 'Transpose' && n.outputs[0] === i));
    const perm = made[0]?.attributes.perm as readonly number[] | undefined;
    if (!perm) return undefined;
    if (op === 'Transpose') {
      const both = (attributes.perm as readonly number[]).map((axis) => perm[axis]);
      const [x] = made[0]!.inputs;
      return both.every((axis, i) => axis === i) ? x : this.node('Transpose', [x], { perm: both });
    }
    if (!POINTWISE.includes(op) || made.some((n) => String(n?.attributes.perm) !== String(perm))) return undefined;
    const straight = made.map((n) => n!.inputs[0]);
    return this.node('Transpose', [this.node(op, straight, attributes)], { perm });
  }

  /** Activations [h, w, n, c] as [n, c, h, w], and those as the former: the same permutation. */
  asImages(x: string): string {
    return this.node('Transpose', [x], { perm: [2, 3, 0, 1] });
  }

  /** Activations [h, w, n, c] through an operator that wants [n, c, h, w]. */
  onImages(x: string, f: (images: string) => string): string {
    return this.asImages(f(this.asImages(x)));
  }

  /** A float32 constant. */
  floats(values: Float32Array | readonly number[], shape: readonly number[] = [values.length]): string {
    const data = values instanceof Float32Array ? values : Float32Array.from(values);
    return this.constant('float32', shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** An int64 constant: shapes, axes, starts. */
  ints(values: readonly number[], shape: readonly number[] = [values.length]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.constant('int64', shape, new Uint8Array(data.buffer));
  }

  /** A float32 constant without axes. */
  scalar(value: number): string {
    return this.floats([value], []);
  }

  private constant(dtype: DType, shape: readonly number[], raw: Uint8Array): string {
    // By content at any length: nodes that read equal constants are equal only if they read the same one.
    const content = raw.length <= 256 ? raw : createHash('sha256').update(raw).digest('base64');
    const key = `${dtype}[${shape}]${content}`;
    let c = this.constants.get(key);
    if (!c) {
      c = { name: `const_${this.constants.size}`, dtype, shape, raw };
      this.constants.set(key, c);
    }
    return c.name;
  }

  /** Products with a transposed factor become one node of ONNX Runtime's own, which reads the factor as it lies. */
  private fuseTransposes() {
    const maker = new Map(this.nodes.map((n) => [n.outputs[0], n]));
    const straight = (name: string) => {
      const made = maker.get(name);
      const perm = made?.op === 'Transpose' ? (made.attributes.perm as readonly number[]) : [];
      const r = perm.length;
      const swaps = r > 1 && perm.every((a, i) => a === (i === r - 1 ? r - 2 : i === r - 2 ? r - 1 : i));
      return swaps ? made!.inputs[0] : undefined;
    };
    for (const n of this.nodes) {
      if (n.op !== 'MatMul') continue;
      const [a, b] = n.inputs.map(straight);
      if (a === undefined && b === undefined) continue;
      n.op = 'FusedMatMul';
      n.domain = 'com.microsoft';
      n.inputs = [a ?? n.inputs[0], b ?? n.inputs[1]];
      n.attributes = { transA: a === undefined ? 0 : 1, transB: b === undefined ? 0 : 1 };
    }
  }

  /** The nodes that some output depends on, in order. */
  private needed(): NodeRecord[] {
    const read = new Set(this.outputs.map((o) => o.name));
    return this.nodes
      .toReversed()
      .filter((n) => {
        const used = n.outputs.some((o) => read.has(o));
        if (used) for (const i of n.inputs) read.add(i);
        return used;
      })
      .reverse();
  }

  /**
   * Nodes in the order that makes ONNX Runtime hold the least. It runs a graph depth first from its ends, the last end in the
   * file first, and of a node's inputs the one that stands last in the file first. So inputs stand by depth: what hangs on a
   * long chain is computed before what hangs on a short one, and a weight's transform just before it is read. The ends stand
   * the other way round: a gradient that needs little of the backward pass is done with before the pass goes on.
   */
  private ordered(nodes: NodeRecord[]): NodeRecord[] {
    const depth = new Map<string, number>();
    const read = new Set(nodes.flatMap((n) => n.inputs));
    const of = (n: NodeRecord) => depth.get(n.outputs[0])!;
    for (const n of nodes) depth.set(n.outputs[0], 1 + Math.max(0, ...n.inputs.map((i) => depth.get(i) ?? 0)));
    const ends = nodes.filter((n) => !read.has(n.outputs[0]));
    const inner = nodes.filter((n) => read.has(n.outputs[0]));
    return [...inner.sort((a, b) => of(a) - of(b)), ...ends.sort((a, b) => of(b) - of(a))];
  }

  /**
   * Leaves the size of the batch open, `batch`. `other` is the same graph at another size: lists of integers that differ (the
   * targets of reshapes) become linear in the size found at run time in the first axis of the first input.
   */
  openBatch(size: number, other: GraphBuilder, otherSize: number) {
    const linear: NodeRecord[] = [];
    const theirs = [...other.constants.values()];
    const add = (op: string, inputs: string[], attributes: Record<string, Attribute> = {}) => {
      const name = `batch_${linear.length}`;
      linear.push({ name, op, domain: '', inputs, outputs: [name], attributes });
      return name;
    };
    const n = add('Gather', [add('Shape', [this.inputs[0].name]), this.ints([0])], { axis: 0 });
    [...this.constants.values()].forEach((ours, i) => {
      if (ours.dtype !== 'int64' || theirs[i] === undefined) return;
      const [a, b] = [ours, theirs[i]].map(({ raw }) => Array.from(new BigInt64Array(raw.slice().buffer), Number));
      if (a.length !== b.length || a.every((v, k) => v === b[k])) return;
      const slope = a.map((v, k) => (b[k] - v) / (otherSize - size));
      const base = this.ints(a.map((v, k) => v - slope[k] * size));
      const open = add('Add', [base, add('Mul', [this.ints(slope), n])]);
      for (const node of this.nodes) node.inputs = node.inputs.map((name) => (name === ours.name ? open : name));
    });
    this.nodes.unshift(...linear);
    const opened = (v: ValueInfo) => ({
      ...v,
      shape: v.shape.map((d, axis) => (axis === 0 && d === size ? 'batch' : d)),
    });
    this.inputs.splice(0, this.inputs.length, ...this.inputs.map(opened));
    this.outputs = this.outputs.map(opened);
  }

  /** The serialised model. `fuse`: with operators of ONNX Runtime's own for processors. */
  finish(fuse = false): Uint8Array {
    for (const n of this.nodes) n.inputs = n.inputs.map((i) => this.given.get(i) ?? i);
    if (fuse) this.fuseTransposes();
    const nodes = this.ordered(this.needed());
    const w = Writer.create();
    writeVarint(w, 1, 8);
    writeString(w, 2, 'ibscope');
    writeMessage(w, 7, (g) => {
      for (const n of nodes)
        writeMessage(g, 1, (m) => {
          for (const i of n.inputs) writeString(m, 1, i);
          for (const o of n.outputs) writeString(m, 2, o);
          writeString(m, 3, n.name);
          writeString(m, 4, n.op);
          for (const [k, v] of Object.entries(n.attributes)) writeMessage(m, 5, (a) => writeAttribute(a, k, v));
          if (n.domain) writeString(m, 7, n.domain);
        });
      writeString(g, 2, 'ibscope');
      const read = new Set(nodes.flatMap((n) => n.inputs));
      for (const c of this.constants.values()) {
        if (!read.has(c.name)) continue;
        writeMessage(g, 5, (t) => {
          for (const d of c.shape) writeVarint(t, 1, d);
          writeVarint(t, 2, ELEMENT[c.dtype]);
          writeString(t, 8, c.name);
          t.uint32((9 << 3) | 2).bytes(c.raw);
        });
      }
      for (const [field, list] of [
        [11, this.inputs],
        [12, this.outputs],
      ] as const)
        for (const v of list)
          writeMessage(g, field, (m) => {
            writeString(m, 1, v.name);
            writeMessage(m, 2, (t) =>
              writeMessage(t, 1, (tt) => {
                writeVarint(tt, 1, ELEMENT[v.dtype]);
                writeMessage(tt, 2, (s) => {
                  for (const d of v.shape) {
                    const open = typeof d === 'string';
                    writeMessage(s, 1, (dim) => (open ? writeString(dim, 2, d) : writeVarint(dim, 1, d)));
                  }
                });
              }),
            );
          });
    });
    const domains = [
      ['', OPSET],
      ['com.microsoft', 1],
    ] as const;
    for (const [domain, version] of domains.slice(0, this.portable ? 1 : 2))
      writeMessage(w, 8, (o) => {
        writeString(o, 1, domain);
        writeVarint(o, 2, version);
      });
    return w.finish();
  }
}
