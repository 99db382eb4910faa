/** Expressions as ONNX models. */
import { topological } from './autodiff.js';
import { GraphBuilder, type Weight } from './onnx.js';
import type { Tensor } from './tensor.js';

/** Emits expressions as a serialised ONNX model; equal subexpressions are written once. `fuse`: for ONNX Runtime on processors. */
export function emit(outputs: Record<string, Tensor>, fuse = false): Uint8Array {
  return write(new GraphBuilder(), outputs).finish(fuse);
}

/**
 * A model for any runtime, with standard operators, the weights in the file, and a variable batch size. `outputs(n)` are the expressions
 * at batch size n; the first axis of the outputs and of the single input is the batch.
 */
export function emitPortable(
  outputs: (n: number) => Record<string, Tensor>,
  weights: ReadonlyMap<string, Weight>,
): Uint8Array {
  // Two large primes, which no other size of a model equals.
  const sizes = [10_007, 10_009];
  const [graph, other] = sizes.map((n) => write(new GraphBuilder(weights, true), outputs(n)));
  graph.openBatch(sizes[0], other, sizes[1]);
  return graph.finish();
}

function write(graph: GraphBuilder, outputs: Record<string, Tensor>): GraphBuilder {
  const names = new Map<Tensor, string>();
  for (const t of topological(Object.values(outputs)))
    names.set(
      t,
      t.op.lower(
        graph,
        t.inputs.map((i) => names.get(i)!),
        t,
      ),
    );
  for (const [name, t] of Object.entries(outputs)) graph.output(name, names.get(t)!, t.dtype, t.shape);
  return graph;
}
