/**
 * Writes ONNX models: the part of `onnx.proto` (IR version 8) that a float graph needs, field by field.
 * The numbers are the field numbers of onnx.proto.
 */
import { createHash } from 'node:crypto';
import protobuf from 'protobufjs/minimal.js';

const { Writer } = protobuf;
type Writer = protobuf.Writer;

export type DType = 'float32' | 'uint8' | 'int32' | 'int64' | 'bool';

const ELEMENT: Record<DType, number> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };
const OPSET = 18;

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
  op: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: Record<string, Attribute>;
}

interface ValueInfo {
  name: string;
  dtype: DType;
  shape: readonly number[];
}

/** Collects nodes, constants, inputs and outputs, and serialises them as one ModelProto. */
export class GraphBuilder {
  private readonly nodes: NodeRecord[] = [];
  private readonly constants = new Map<
    string,
    { name: string; dtype: DType; shape: readonly number[]; raw: Uint8Array }
  >();
  private readonly known = new Map<string, string>();
  private readonly inputs: ValueInfo[] = [];
  private readonly outputs: ValueInfo[] = [];
  private counter = 0;

  input(name: string, dtype: DType, shape: readonly number[]): string {
    this.inputs.push({ name, dtype, shape });
    return name;
  }

  /** Declares `value` as the graph output `name`. */
  output(name: string, value: string, dtype: DType, shape: readonly number[]) {
    this.nodes.push({ op: 'Identity', domain: '', inputs: [value], outputs: [name], attributes: {} });
    this.outputs.push({ name, dtype, shape });
  }

  /** A node with one output; a node that was asked for before is not written again. */
  node(op: string, inputs: string[], attributes: Record<string, Attribute> = {}, domain = ''): string {
    const key = JSON.stringify([op, domain, inputs, attributes]);
    const seen = this.known.get(key);
    if (seen !== undefined) return seen;
    const name = `${op}_${this.counter++}`;
    this.nodes.push({ op, domain, inputs, outputs: [name], attributes });
    this.known.set(key, name);
    return name;
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

  /** The serialised model. */
  finish(): Uint8Array {
    const w = Writer.create();
    writeVarint(w, 1, 8);
    writeString(w, 2, 'ibscope');
    writeMessage(w, 7, (g) => {
      for (const n of this.nodes)
        writeMessage(g, 1, (m) => {
          for (const i of n.inputs) writeString(m, 1, i);
          for (const o of n.outputs) writeString(m, 2, o);
          writeString(m, 3, n.outputs[0]);
          writeString(m, 4, n.op);
          for (const [k, v] of Object.entries(n.attributes)) writeMessage(m, 5, (a) => writeAttribute(a, k, v));
          if (n.domain) writeString(m, 7, n.domain);
        });
      writeString(g, 2, 'ibscope');
      for (const c of this.constants.values())
        writeMessage(g, 5, (t) => {
          for (const d of c.shape) writeVarint(t, 1, d);
          writeVarint(t, 2, ELEMENT[c.dtype]);
          writeString(t, 8, c.name);
          t.uint32((9 << 3) | 2).bytes(c.raw);
        });
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
                  for (const d of v.shape) writeMessage(s, 1, (dim) => writeVarint(dim, 1, d));
                });
              }),
            );
          });
    });
    for (const [domain, version] of [
      ['', OPSET],
      ['com.microsoft', 1],
    ] as const)
      writeMessage(w, 8, (o) => {
        writeString(o, 1, domain);
        writeVarint(o, 2, version);
      });
    return w.finish();
  }
}
