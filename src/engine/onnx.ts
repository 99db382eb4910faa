/**
 * Writes ONNX models: the part of `onnx.proto` (IR version 8, opset 18) that a float graph needs, field by field. The numbers in the
 * code are the field numbers of onnx.proto.
 */
import { createHash } from 'node:crypto';
import protobuf from 'protobufjs/minimal.js';

const { Writer } = protobuf;
type Writer = protobuf.Writer;

/** Kinds of elements that a tensor may have. */
export type DType = 'float32' | 'uint8' | 'int32' | 'int64' | 'bool';

const ELEMENT: Record<DType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };
const OPSET = 18;

/** An attribute of an ONNX node: whole numbers, text, or floats that are marked as floats. */
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

/** Plain numbers and lists are integers; floats are marked, because JavaScript does not distinguish 1 from 1.0. */
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
  /** A text names a size that is open. */
  shape: readonly (number | string)[];
}

interface Constant {
  name: string;
  dtype: DType;
  shape: readonly number[];
  raw: Uint8Array;
}

/** The value of an input that is written into the file, with the shape that other programs expect. */
export interface Weight {
  data: Float32Array;
  shape: readonly number[];
  /** Order in which the graph reads the axes, if it differs. */
  perm?: readonly number[];
}

/** ONNX Runtime's operators on activations in blocks of channels (`blocks.ts`). */
export const BLOCKS_DOMAIN = 'com.microsoft.nchwc';

/** Operators that work value by value, so that a transposition can be moved past them. */
const POINTWISE = ['Add', 'Relu'];

/** Collects nodes, constants, inputs and outputs, and serialises them as one ModelProto. */
export class GraphBuilder {
  private readonly nodes: NodeRecord[] = [];
  private readonly constants = new Map<string, Constant>();
  private readonly known = new Map<string, string>();
  private readonly inputs: ValueInfo[] = [];
  private outputs: ValueInfo[] = [];
  private counter = 0;
  /** Names of outputs, by the names that their values had before. */
  private readonly given = new Map<string, string>();

  /** `weights`: inputs that are written into the file. `portable`: use standard operators for any runtime, not the fastest ones here. */
  constructor(
    private readonly weights: ReadonlyMap<string, Weight> = new Map(),
    readonly portable = false,
  ) {}

  /** Declares an input and returns its name. A weight is written into the file instead. */
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

  /** Declares `value` as the graph output `name`. If possible its node gets that output name, which avoids a copy. */
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

  /** Adds a node with one output and returns the output's name. Equal nodes are written once. */
  node(op: string, inputs: string[], attributes: Record<string, Attribute> = {}, domain = ''): string {
    const simpler = this.portable && this.withoutTransposes(op, inputs, attributes);
    if (simpler) return simpler;
    const key = JSON.stringify([op, domain, inputs, attributes]);
    const seen = this.known.get(key);
    if (seen !== undefined) return seen;
    const name = `${op}_${this.counter++}`;
    // The operator has a second output, which nothing reads.
    const outputs = op === 'TopK' ? [name, `${name}_places`] : [name];
    this.nodes.push({ name, op, domain, inputs, outputs, attributes });
    this.known.set(key, name);
    return name;
  }

  /**
   * The same node with transpositions moved past operators that work value by value, until they meet their inverse. Operators on images
   * [n, c, h, w] then follow one another without transpositions. Undefined if there is nothing to move.
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

  /** Activations [h, w, n, c] as [n, c, h, w], or the reverse: both are the same permutation. */
  asImages(x: string): string {
    return this.node('Transpose', [x], { perm: [2, 3, 0, 1] });
  }

  /** Applies an operator on images [n, c, h, w] to activations [h, w, n, c]. */
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
    // Equal constants become one, so that the nodes that read them are equal too.
    const content = raw.length <= 256 ? raw : createHash('sha256').update(raw).digest('base64');
    const key = `${dtype}[${shape}]${content}`;
    let c = this.constants.get(key);
    if (!c) {
      c = { name: `const_${this.constants.size}`, dtype, shape, raw };
      this.constants.set(key, c);
    }
    return c.name;
  }

  /** Replaces products with a transposed factor by ONNX Runtime's own `FusedMatMul`, which needs no transposition. */
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

  /**
   * Reads the target shapes of `nodes` from one `Split`, whose outputs ONNX Runtime does not know before a run. Where it knows that two values have
   * one shape, it plans to put the later into the buffer of the earlier, and keeps that buffer from the first to the last of its values: a
   * value of the forward pass stays, though nothing reads it, until one of the backward pass takes its place. Without shapes, buffers are freed.
   */
  private withHiddenShapes(nodes: NodeRecord[]): NodeRecord[] {
    const shaped = nodes.filter((n) => n.op === 'Reshape' || n.op === 'Expand');
    const constants = new Map([...this.constants.values()].map((c) => [c.name, c]));
    const shapes = [...new Set(shaped.map((n) => n.inputs[1]))].filter((s) => constants.get(s)?.shape[0]);
    if (shapes.length < 2) return nodes;
    const values = shapes.map((s) => Array.from(new BigInt64Array(constants.get(s)!.raw.slice().buffer), Number));
    const inputs = [this.ints(values.flat()), this.ints(values.map((v) => v.length))];
    const hidden = new Map(shapes.map((s) => [s, `hidden_${s}`]));
    for (const n of shaped) n.inputs = [n.inputs[0], hidden.get(n.inputs[1]) ?? n.inputs[1]];
    return [
      { name: 'shapes', op: 'Split', domain: '', inputs, outputs: [...hidden.values()], attributes: { axis: 0 } },
      ...nodes,
    ];
  }

  /** The nodes on which an output depends, in order. */
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
   * The nodes in the order that minimises ONNX Runtime's memory. It evaluates a graph depth first from its outputs, the last output in the
   * file first, and the inputs of a node in reverse file order. Inner nodes are therefore sorted by depth: a long chain is computed
   * before a short one, and the transform of a weight just before it is read. Outputs are sorted in reverse: a gradient that needs little
   * of the backward pass is finished before the pass continues.
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
   * Makes the batch size variable (`batch`). `other` is the same graph at another batch size. Integer constants that differ between the
   * two (target shapes of reshapes) become linear functions of the batch size, which is read from the first input at run time.
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

  /** The serialised model. `fuse`: with ONNX Runtime's own operators for processors. */
  finish(fuse = false): Uint8Array {
    for (const n of this.nodes) n.inputs = n.inputs.map((i) => this.given.get(i) ?? i);
    if (fuse) this.fuseTransposes();
    const ordered = this.ordered(this.needed());
    const nodes = fuse ? this.withHiddenShapes(ordered) : ordered;
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
    const own = this.portable ? [] : ['com.microsoft', BLOCKS_DOMAIN];
    for (const [domain, version] of [['', OPSET], ...own.map((name) => [name, 1] as const)] as const)
      writeMessage(w, 8, (o) => {
        writeString(o, 1, domain);
        writeVarint(o, 2, version);
      });
    return w.finish();
  }
}
