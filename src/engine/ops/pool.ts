/** Max-pooling over windows of 2×2 pixels, on activations [h, w, n, c]. */
import { type Op, Tensor } from '../tensor.js';
import { concat, slice } from './shape.js';

/** [h, w, n, c] with the pixels of a window on two axes of their own, [h/2, 2, w/2, 2·n·c]: the second one begins the rows. */
const windows = ({ shape: [h, w, n, c] }: Tensor) => [h / 2, 2, w / 2, 2, n * c];
const pooled = ({ shape: [h, w, n, c] }: Tensor) => [h / 2, 1, w / 2, 1, n * c];

const maxPoolOp: Op = {
  name: 'maxPool',
  vjp: (g, node) => [new Tensor(maxPoolGradientOp, [node.inputs[0], node, g], {}, node.inputs[0].shape)],
  lower: (graph, [x], node) => {
    if (graph.portable)
      return graph.onImages(x, (images) => graph.node('MaxPool', [images], { kernel_shape: [2, 2], strides: [2, 2] }));
    const y = graph.node('ReduceMax', [
      graph.node('Reshape', [x, graph.ints(windows(node.inputs[0]))]),
      graph.ints([1, 3]),
    ]);
    return graph.node('Reshape', [y, graph.ints(node.shape)]);
  },
};

const maxPoolGradientOp: Op = {
  name: 'maxPoolGradient',
  // A mask of the largest values. Equal ones, frequent in a uniform background, share the gradient.
  lower: (graph, [x, y, g], node) => {
    const [image] = node.inputs;
    const to = (t: string, shape: readonly number[]) => graph.node('Reshape', [t, graph.ints(shape)]);
    const mask = graph.node('Cast', [graph.node('Equal', [to(x, windows(image)), to(y, pooled(image))])], { to: 1 });
    const largest = graph.node('ReduceSum', [mask, graph.ints([1, 3])], { keepdims: 1 });
    return to(graph.node('Mul', [mask, graph.node('Div', [to(g, pooled(image)), largest])]), image.shape);
  },
};

/** `max` over windows of 2×2: x [h, w, n, c] → [⌈h/2⌉, ⌈w/2⌉, n, c]. A window at an odd edge is cut off. */
export function maxPool(x: Tensor): Tensor {
  if (x.rank !== 4) throw new Error(`maxPool: images [h, w, n, c] are needed, got [${x.shape}]`);
  // An odd edge is repeated: that changes no maximum, and the gradient of the copy is added to that of the original.
  const even = [0, 1].reduce((t, axis) => {
    const size = t.shape[axis];
    return size % 2 === 0 ? t : concat([t, slice(t, axis, size - 1, size)], axis);
  }, x);
  const [h, w, n, c] = even.shape;
  return new Tensor(maxPoolOp, [even], {}, [h / 2, w / 2, n, c]);
}
