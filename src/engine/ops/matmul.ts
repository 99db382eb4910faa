/** Matrix products, batched over leading axes that broadcast. */
import { broadcastShapes, type Op, Tensor } from '../tensor.js';
import { sumTo } from './broadcast.js';
import { transpose } from './shape.js';

/** Columns of C per column of A from which on A counts as narrow. */
const NARROW = 8;

const matmulOp: Op = {
  name: 'matmul',
  // C = A·B: dA = dC·Bᵀ, dB = Aᵀ·dC, summed over broadcast batches
  vjp: (g, node) => {
    const [a, b] = node.inputs;
    // (dCᵀ·A)ᵀ where A is narrow: a product packs its right-hand side first, and dC is then the far larger one.
    const narrow = NARROW * a.shape[a.rank - 1] <= node.shape[node.rank - 1];
    const db = narrow ? transpose(matmul(transpose(g), a)) : matmul(transpose(a), g);
    return [sumTo(matmul(g, transpose(b)), a.shape), sumTo(db, b.shape)];
  },
  lower: (graph, inputs) => graph.node('MatMul', inputs),
};

/** `A · B` for A [..., m, k] and B [..., k, n]. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const [m, k] = a.shape.slice(-2);
  const [k2, n] = b.shape.slice(-2);
  if (a.rank < 2 || b.rank < 2 || k !== k2) throw new Error(`matmul: [${a.shape}] does not multiply [${b.shape}]`);
  return new Tensor(matmulOp, [a, b], {}, [
    ...broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2)),
    m,
    n,
  ]);
}
