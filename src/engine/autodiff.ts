/** Reverse-mode differentiation: visits the expression in reverse order and sums the vector–Jacobian products. */
import { add } from './ops/elementwise.js';
import { constant, type Tensor } from './tensor.js';

/** The expression's nodes, inputs before users. */
export function topological(roots: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  // An explicit stack, because a graph can be deeper than the call stack.
  const stack: [Tensor, number][] = [];
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    stack.push([root, 0]);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const next = top[0].inputs[top[1]++];
      if (next === undefined) {
        order.push(top[0]);
        stack.pop();
      } else if (!seen.has(next)) {
        seen.add(next);
        stack.push([next, 0]);
      }
    }
  }
  return order;
}

/**
 * Gradients of a scalar with respect to each of `wrt`, in their order.
 * Throws when `y` is not a scalar, does not depend on one of `wrt`, or passes through an operator without a derivative.
 */
export function gradients(y: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (y.size !== 1) throw new Error(`gradients: a scalar is needed, got [${y.shape}]`);
  const order = topological([y]);
  const wanted = new Set(wrt);
  const reaches = new Set<Tensor>();
  for (const t of order) if (wanted.has(t) || t.inputs.some((i) => reaches.has(i))) reaches.add(t);
  const grads = new Map<Tensor, Tensor>([[y, constant(Float32Array.of(1), y.shape)]]);
  for (const t of order.reverse()) {
    const g = grads.get(t);
    if (!g || !reaches.has(t) || t.inputs.length === 0 || t.op.name === 'stopGradient') continue;
    if (!t.op.vjp) throw new Error(`gradients: ${t.op.name} has no derivative`);
    const parts = t.op.vjp(g, t);
    t.inputs.forEach((input, i) => {
      const part = parts[i];
      if (!part || !reaches.has(input)) return;
      const sum = grads.get(input);
      grads.set(input, sum ? add(sum, part) : part);
    });
  }
  return wrt.map((t) => {
    const g = grads.get(t);
    if (!g) throw new Error('gradients: the value does not depend on one of the tensors asked for');
    return g;
  });
}
