/** Max-pooling over windows of 2×2 pixels. */
import type { GraphBuilder } from '../onnx.js';
import { type Op, Tensor } from '../tensor.js';
import { concat, slice } from './shape.js';

const WINDOW = { kernel_shape: [2, 2], strides: [2, 2] };

const maxPoolOp: Op = {
  name: 'maxPool',
  vjp: (g, node) => [new Tensor(maxPoolGradientOp, [node.inputs[0], node, g], {}, node.inputs[0].shape)],
  lower: (graph, inputs) => graph.node('MaxPool', inputs, WINDOW),
};

/** Every pixel twice along both axes. */
function doubled(graph: GraphBuilder, x: string): string {
  return graph.node('Resize', [x, '', graph.floats([1, 1, 2, 2])], {
    mode: 'nearest',
    nearest_mode: 'floor',
    coordinate_transformation_mode: 'asymmetric',
  });
}

const maxPoolGradientOp: Op = {
  name: 'maxPoolGradient',
  // A mask of the largest values; those that are equal (an even background makes many) share the gradient.
  lower: (graph, [x, y, g]) => {
    const mask = graph.node('Cast', [graph.node('Equal', [x, doubled(graph, y)])], { to: 1 });
    const largest = graph.node('Mul', [graph.node('AveragePool', [mask], WINDOW), graph.scalar(4)]);
    return graph.node('Mul', [mask, doubled(graph, graph.node('Div', [g, largest]))]);
  },
};

/** `max` over windows of 2×2: x [n, c, h, w] → [n, c, ⌈h/2⌉, ⌈w/2⌉]. A window at an odd edge is what there is of it. */
export function maxPool(x: Tensor): Tensor {
  if (x.rank !== 4) throw new Error(`maxPool: images [n, c, h, w] are needed, got [${x.shape}]`);
  // A repeated line changes no maximum, and its gradient joins that of the line it repeats.
  const even = [2, 3].reduce((t, axis) => {
    const size = t.shape[axis];
    return size % 2 === 0 ? t : concat([t, slice(t, axis, size - 1, size)], axis);
  }, x);
  const [n, c, h, w] = even.shape;
  return new Tensor(maxPoolOp, [even], {}, [n, c, h / 2, w / 2]);
}
