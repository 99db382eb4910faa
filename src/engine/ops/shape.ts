/** Operators that move values without changing them. */
import { type Op, type Shape, Tensor } from '../tensor.js';

const transposeOp: Op = {
  name: 'transpose',
  vjp: (g, node) => {
    const perm: number[] = node.attributes.perm;
    return [
      transpose(
        g,
        perm.map((_, i) => perm.indexOf(i)),
      ),
    ];
  },
  lower: (graph, [x], node) => graph.node('Transpose', [x], { perm: node.attributes.perm }),
};

/** Axes in the order `perm`; without it the last two are swapped. */
export function transpose(x: Tensor, perm?: readonly number[]): Tensor {
  const r = x.rank;
  const p = perm ?? [...Array.from({ length: r - 2 }, (_, i) => i), r - 1, r - 2];
  if (p.length !== r || new Set(p).size !== r)
    throw new Error(`transpose: [${p}] does not order the axes of [${x.shape}]`);
  if (p.every((a, i) => a === i)) return x;
  if (x.op === transposeOp)
    return transpose(
      x.inputs[0],
      p.map((a) => (x.attributes.perm as number[])[a]),
    );
  return new Tensor(
    transposeOp,
    [x],
    { perm: p },
    p.map((a) => x.shape[a]),
    x.dtype,
  );
}

const sliceOp: Op = {
  name: 'slice',
  vjp: (g, node) => {
    const { axis, start, end } = node.attributes;
    return [pad(g, axis, start, node.inputs[0].shape[axis] - end)];
  },
  lower: (graph, [x], node) => {
    const { axis, start, end } = node.attributes;
    return graph.node('Slice', [x, graph.ints([start]), graph.ints([end]), graph.ints([axis])]);
  },
};

/** `x[start … end)` along one axis. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  if (start < 0 || end > x.shape[axis] || start >= end)
    throw new Error(`slice: ${start}…${end} is outside axis ${axis} of [${x.shape}]`);
  if (start === 0 && end === x.shape[axis]) return x;
  return new Tensor(
    sliceOp,
    [x],
    { axis, start, end },
    x.shape.map((d, i) => (i === axis ? end - start : d)),
    x.dtype,
  );
}

const padOp: Op = {
  name: 'pad',
  vjp: (g, node) => {
    const { axis, before } = node.attributes;
    return [slice(g, axis, before, before + node.inputs[0].shape[axis])];
  },
  lower: (graph, [x], node) => {
    const { axis, before, after } = node.attributes;
    return graph.node('Pad', [
      x,
      graph.ints([
        ...node.shape.map((_, i) => (i === axis ? before : 0)),
        ...node.shape.map((_, i) => (i === axis ? after : 0)),
      ]),
    ]);
  },
};

/** Zeros before and after along one axis. */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  if (before === 0 && after === 0) return x;
  return new Tensor(
    padOp,
    [x],
    { axis, before, after },
    x.shape.map((d, i) => (i === axis ? d + before + after : d)),
  );
}

const concatOp: Op = {
  name: 'concat',
  vjp: (g, node) => {
    const { axis } = node.attributes;
    let at = 0;
    return node.inputs.map((x) => {
      at += x.shape[axis];
      return slice(g, axis, at - x.shape[axis], at);
    });
  },
  lower: (graph, inputs, node) => graph.node('Concat', inputs, { axis: node.attributes.axis }),
};

/** Joins tensors along one axis. */
export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const [first] = parts;
  for (const p of parts)
    if (p.rank !== first.rank || p.shape.some((d, i) => i !== axis && d !== first.shape[i]))
      throw new Error(`concat: [${first.shape}] and [${p.shape}] differ outside axis ${axis}`);
  if (parts.length === 1) return first;
  const total = parts.reduce((n, p) => n + p.shape[axis], 0);
  return new Tensor(
    concatOp,
    parts,
    { axis },
    first.shape.map((d, i) => (i === axis ? total : d)),
    first.dtype,
  );
}

const gatherOp: Op = {
  name: 'gather',
  vjp: (g, node) => {
    const [x, index] = node.inputs;
    return [scatterRows(g, index, x.shape), null];
  },
  lower: (graph, inputs) => graph.node('Gather', inputs, { axis: 0 }),
};

/** `x[index]` along the first axis; `index` is a vector of int32 or int64. */
export function gather(x: Tensor, index: Tensor): Tensor {
  return new Tensor(gatherOp, [x, index], {}, [...index.shape, ...x.shape.slice(1)], x.dtype);
}

const scatterOp: Op = {
  name: 'scatterRows',
  vjp: (g, node) => [gather(g, node.inputs[1]), null],
  lower: (graph, [rows, index], node) => {
    const [n, ...rest] = node.inputs[0].shape;
    const [size] = node.shape;
    const each = graph.ints([n], []);
    const part = (x: string, from: number, to: number) =>
      graph.node('Slice', [x, graph.ints([from]), graph.ints([to]), graph.ints([0])]);
    // Rows sorted by their index, rows of one index in their order: index·n + place is sorted.
    const key = graph.node('Add', [
      graph.node('Mul', [graph.node('Cast', [index], { to: 7 }), each]),
      graph.ints([...Array(n).keys()]),
    ]);
    const sorted = graph.node('TopK', [key, graph.ints([n])], { axis: 0, largest: 0, sorted: 1 });
    const id = graph.node('Div', [sorted, each]);
    const place = graph.node('Sub', [sorted, graph.node('Mul', [id, each])]);
    const equal = (k: number) => graph.node('Equal', [part(id, k, n), part(id, 0, n - k)]);
    // Sums of 1, 2, 4, … neighbours of one index, so that the last row of an index holds its whole sum.
    let sums = graph.node('Gather', [rows, place], { axis: 0 });
    for (let k = 1; k < n; k *= 2) {
      const same = graph.node('Reshape', [
        graph.node('Cast', [equal(k)], { to: 1 }),
        graph.ints([n - k, ...rest.map(() => 1)]),
      ]);
      const moved = graph.node('Mul', [part(sums, 0, n - k), same]);
      sums = graph.node('Concat', [part(sums, 0, k), graph.node('Add', [part(sums, k, n), moved])], { axis: 0 });
    }
    // All other rows go to one more row, which is cut off.
    const others = n > 1 ? [graph.node('Where', [equal(1), graph.ints([size], []), part(id, 0, n - 1)])] : [];
    const target = graph.node('Concat', [...others, part(id, n - 1, n)], { axis: 0 });
    const zeros = graph.node('Expand', [graph.scalar(0), graph.ints([size + 1, ...rest])]);
    const at = graph.node('Unsqueeze', [target, graph.ints([-1])]);
    return part(graph.node('ScatterND', [zeros, at, sums]), 0, size);
  },
};

/**
 * Adds rows into a zero tensor of `shape` at `index`: the transpose of `gather`. The order of the sums does not depend on threads, as it does with ONNX
 * Runtime's own `ScatterND` that adds.
 */
function scatterRows(rows: Tensor, index: Tensor, shape: Shape): Tensor {
  return new Tensor(scatterOp, [rows, index], {}, shape);
}

const oneHotOp: Op = {
  name: 'oneHot',
  lower: (graph, [x], node) =>
    graph.node(
      'OneHot',
      [graph.node('Cast', [x], { to: 7 }), graph.ints([node.attributes.depth]), graph.floats([0, 1])],
      { axis: -1 },
    ),
};

/** Rows of zeros with a one at each label: [n] int → [n, depth] float. */
export function oneHot(labels: Tensor, depth: number): Tensor {
  return new Tensor(oneHotOp, [labels], { depth }, [...labels.shape, depth]);
}
