/**
 * ONNX models of other programs: their outline, and the two changes that a probe needs. An inner value becomes an output, and noise is added
 * to it. Everything else is copied byte by byte. The numbers in the code are the field numbers of onnx.proto.
 */
import protobuf from 'protobufjs/minimal.js';
import { shown, UserError } from '../base/errors.js';

const { Reader, Writer } = protobuf;
type Writer = protobuf.Writer;

export interface OnnxNode {
  name: string;
  op: string;
  inputs: string[];
  outputs: string[];
}

/** Inputs, outputs and nodes of a model. */
export interface OnnxOutline {
  /** Inputs that a caller must provide; a variable length is null. */
  inputs: { name: string; float: boolean; shape: (number | null)[] }[];
  outputs: string[];
  nodes: OnnxNode[];
}

const [GRAPH, NODE, INITIALIZER, INPUT, OUTPUT] = [7, 1, 5, 11, 12];
const FLOAT = 1;
/** Kinds of elements that the probe does not compute with, by number. */
const NARROW: Record<number, string> = { 10: 'float16', 16: 'bfloat16' };
const EXTERNAL = 1;

interface Field {
  number: number;
  wire: number;
  /** Positions of its tag, of its content, and of its end. */
  start: number;
  at: number;
  end: number;
}

/** The fields of the message in `bytes`. Throws `RangeError` if it is not a message. */
function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const reader = Reader.create(bytes);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const tag = reader.uint32();
    const [number, wire] = [tag >>> 3, tag & 7];
    if (number === 0) throw new RangeError('no field has the number 0');
    const length = wire === 2 ? reader.uint32() : -1;
    const at = reader.pos;
    if (wire === 2) reader.skip(length);
    else reader.skipType(wire);
    yield { number, wire, start, at, end: reader.pos };
  }
}

const part = (bytes: Uint8Array, { at, end }: Field) => bytes.subarray(at, end);
const utf8 = new TextDecoder();
const textOf = (bytes: Uint8Array, field: Field) => utf8.decode(part(bytes, field));
const numberOf = (bytes: Uint8Array, { at }: Field) => Number(Reader.create(bytes.subarray(at)).int64());
const parts = (bytes: Uint8Array, number: number) =>
  [...fieldsOf(bytes)].filter((f) => f.number === number && f.wire === 2).map((f) => part(bytes, f));
const texts = (bytes: Uint8Array, number: number) => parts(bytes, number).map((p) => utf8.decode(p));

function nodeOf(bytes: Uint8Array): OnnxNode {
  const [name = ''] = texts(bytes, 3);
  const [op = ''] = texts(bytes, 4);
  return { name, op, inputs: texts(bytes, 1), outputs: texts(bytes, 2) };
}

/** ValueInfoProto: name 1, type 2 → tensor_type 1 → elem_type 1, shape 2 → dim 1 → dim_value 1. */
function inputOf(bytes: Uint8Array): OnnxOutline['inputs'][number] {
  const [tensor = new Uint8Array(0)] = parts(bytes, 2).flatMap((type) => parts(type, 1));
  const shape = parts(tensor, 2).flatMap((s) => parts(s, 1));
  return {
    name: texts(bytes, 1)[0] ?? '',
    float: numberIn(tensor, 1) === FLOAT,
    shape: shape.map((dim) => {
      const n = numberIn(dim, 1) ?? 0;
      return n > 0 ? n : null;
    }),
  };
}

function graphOf(file: string, model: Uint8Array): Uint8Array {
  let graphs: Uint8Array[] = [];
  try {
    graphs = parts(model, GRAPH);
  } catch {
    // Bytes that are not a message have no graph.
  }
  if (graphs.length !== 1) throw new UserError(`${file}: it is not an ONNX model`);
  return graphs[0];
}

/** The number in a field of a message; undefined where the field is absent. */
function numberIn(bytes: Uint8Array, number: number): number | undefined {
  const field = [...fieldsOf(bytes)].find((f) => f.number === number && f.wire === 0);
  return field && numberOf(bytes, field);
}

/** The attribute of a node, as AttributeProto: name 1, i 3, t 5. */
const attributeOf = (node: Uint8Array, name: string) => parts(node, 5).find((a) => texts(a, 1)[0] === name);

/** Whether the value `name` is a constant other than 0. TensorProto: int32_data 5, raw_data 9. */
function isTrue(graph: Uint8Array, name: string): boolean {
  const constants = parts(graph, NODE).filter((n) => texts(n, 2)[0] === name);
  const tensors = [
    ...parts(graph, INITIALIZER).filter((t) => texts(t, 8)[0] === name),
    ...constants.flatMap((n) => parts(attributeOf(n, 'value') ?? new Uint8Array(0), 5)),
  ];
  return tensors.some((t) => [...parts(t, 9), ...parts(t, 5)].some((data) => data.some((byte) => byte !== 0)));
}

/**
 * Throws `UserError` for a model of training mode. Its batch norm takes the statistics of the batch, and its dropout drops, so that T of a sample would
 * depend on chance and on the samples beside it. Before opset 14, batch norm of training mode has more outputs than one.
 */
function refuseTraining(file: string, graph: Uint8Array): void {
  for (const bytes of parts(graph, NODE)) {
    const { name, op, inputs, outputs } = nodeOf(bytes);
    const training =
      op === 'BatchNormalization'
        ? numberIn(attributeOf(bytes, 'training_mode') ?? new Uint8Array(0), 3) === 1 ||
          outputs.filter((o) => o !== '').length > 1
        : op === 'Dropout' && inputs[2] !== undefined && inputs[2] !== '' && isTrue(graph, inputs[2]);
    if (training)
      throw new UserError(
        `${file}: it was exported in training mode, as its node ${shown(name || outputs[0])} (${op}) says; export it after model.eval(), with training=torch.onnx.TrainingMode.EVAL`,
      );
  }
}

/** Throws `UserError` for weights in another file, and for weights of a kind that is not read. TensorProto: data_type 2, name 8, data_location 14. */
function checkWeights(file: string, tensor: Uint8Array): void {
  if (numberIn(tensor, 14) === EXTERNAL)
    throw new UserError(`${file}: its weights are in other files, which are not read; export it as one file`);
  const narrow = NARROW[numberIn(tensor, 2) ?? 0];
  if (narrow !== undefined)
    throw new UserError(
      `${file}: its weights are ${narrow} (${shown(texts(tensor, 8)[0] ?? '')}); float32 is read: export it after model.float()`,
    );
}

/**
 * The outline of a model. Throws `UserError` for bytes that are not a model, for one with weights in other files or of less than 32 bits, and for one of
 * training mode.
 */
export function onnxOutline(file: string, model: Uint8Array): OnnxOutline {
  const graph = graphOf(file, model);
  try {
    const initializers = new Set<string>();
    for (const tensor of parts(graph, INITIALIZER)) {
      checkWeights(file, tensor);
      initializers.add(texts(tensor, 8)[0] ?? '');
    }
    refuseTraining(file, graph);
    return {
      inputs: parts(graph, INPUT)
        .map(inputOf)
        .filter((i) => !initializers.has(i.name)),
      outputs: parts(graph, OUTPUT).map((o) => texts(o, 1)[0] ?? ''),
      nodes: parts(graph, NODE).map(nodeOf),
    };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${file}: damaged, it is not a whole ONNX model`);
  }
}

/** Name of the added input for the noise, which has the shape of the value. */
export const NOISE = 'ibscope.noise';
/** Suffix of the value's name before the noise. */
export const BEFORE = '.ibscope.before';

const raw = (writer: Writer, number: number, content: Uint8Array) => writer.uint32((number << 3) | 2).bytes(content);
const named = (name: string) =>
  Writer.create()
    .uint32((1 << 3) | 2)
    .string(name);

/** A float tensor of any shape, as ValueInfoProto. */
const floatValue = (name: string) => {
  const tensor = Writer.create()
    .uint32(1 << 3)
    .int32(FLOAT)
    .finish();
  return raw(named(name), 2, raw(Writer.create(), 1, tensor).finish()).finish();
};

/** The model with all of `values` among its outputs. */
export function exposing(file: string, model: Uint8Array, values: readonly string[]): Uint8Array {
  const graph = graphOf(file, model);
  const there = onnxOutline(file, model).outputs;
  const writer = Writer.create();
  for (const value of values) if (!there.includes(value)) raw(writer, OUTPUT, named(value).finish());
  return withGraph(model, Buffer.concat([graph, writer.finish()]));
}

/**
 * The model in which the input `NOISE` is added to the node output `value` before any other node reads it. Additional outputs are `value`
 * with the noise and `value + BEFORE` without it.
 */
export function withNoise(file: string, model: Uint8Array, value: string): Uint8Array {
  const graph = graphOf(file, model);
  const before = value + BEFORE;
  const pieces: Uint8Array[] = [];
  for (const field of fieldsOf(graph)) {
    const whole = graph.subarray(field.start, field.end);
    const content = part(graph, field);
    if (field.number !== NODE || field.wire !== 2 || !texts(content, 2).includes(value)) {
      pieces.push(whole);
      continue;
    }
    const renamed = Writer.create();
    const kept: Uint8Array[] = [];
    for (const inner of fieldsOf(content)) {
      if (inner.number === 2 && textOf(content, inner) === value) renamed.uint32((2 << 3) | 2).string(before);
      else if (inner.number === 2) renamed.uint32((2 << 3) | 2).string(textOf(content, inner));
      else kept.push(content.subarray(inner.start, inner.end));
    }
    // Nodes must be in the order of execution.
    const add = Writer.create();
    for (const [number, text] of [
      [1, before],
      [1, NOISE],
      [2, value],
      [3, `${NOISE}.add`],
      [4, 'Add'],
    ] as const)
      add.uint32((number << 3) | 2).string(text);
    pieces.push(
      raw(Writer.create(), NODE, Buffer.concat([renamed.finish(), ...kept])).finish(),
      raw(Writer.create(), NODE, add.finish()).finish(),
    );
  }
  pieces.push(raw(Writer.create(), INPUT, floatValue(NOISE)).finish());
  const noisy = withGraph(model, Buffer.concat(pieces));
  return exposing(file, noisy, [value, before]);
}

function withGraph(model: Uint8Array, graph: Uint8Array): Uint8Array {
  return Buffer.concat(
    [...fieldsOf(model)].map((f) =>
      f.number === GRAPH ? raw(Writer.create(), GRAPH, graph).finish() : model.subarray(f.start, f.end),
    ),
  );
}
