/** Synthetic tables of estimates with a known truth. */
import { Rng } from '../../src/base/random.js';
import type { EstimateRow, Quantity } from '../../src/dynamics/types.js';

export function row(epoch: number, group: string, quantity: Quantity, nats: number, more: Partial<EstimateRow> = {}) {
  const rest = { estimator: 'infonce', standardError: 0.05, ceiling: 6.2, saturated: false, converged: true };
  const counts = { samples: 500, draws: 4, trainNats: nats, heldOutNats: nats };
  return { epoch, group, quantity, nats, ...rest, ...counts, ...more } satisfies EstimateRow;
}

export type Curves = Record<string, (epoch: number) => [inputInformation: number, outputInformation: number]>;

/** One row per epoch, group and quantity, with Gaussian noise of standard deviation `noise` where it is not 0. */
export function table(epochs: readonly number[], curves: Curves, noise = 0, rng = new Rng(0, 'table')): EstimateRow[] {
  return Object.entries(curves).flatMap(([group, curve]) =>
    epochs.flatMap((e) =>
      (['I(X;T)', 'I(T;Ŷ)'] as const).map((q, i) =>
        row(e, group, q, curve(e)[i] + (noise && noise * rng.normal()), noise ? { standardError: noise } : {}),
      ),
    ),
  );
}

/** A run of `classes` classes with target 0 whose groups all follow the same smooth curve, each class a little higher. */
export function plainRun(classes: number, splits: number, backdoorOffset = 0): Curves {
  const curve =
    (shift: number) =>
    (e: number): [number, number] => [1 + shift - Math.exp(-e / 5), 3 + shift - 2 * Math.exp(-e / 4)];
  const groups: Curves = {
    '0/backdoor': curve(backdoorOffset),
    '0/clean': curve(0),
    '0/all': curve(backdoorOffset / 2),
  };
  for (let k = 1; k < classes; k++) {
    groups[k] = curve(0.02 * k);
    for (let s = 0; s < splits; s++) {
      groups[`${k}/null-a${s}`] = curve(0.02 * k + 0.01 * (s + 1));
      groups[`${k}/null-b${s}`] = curve(0.02 * k - 0.01);
    }
  }
  return groups;
}

/** A trajectory through the given values at epochs 1, 2, 3, … */
export function curve(values: number[], standardError: number, epochs = values.map((_, i) => i + 1)) {
  const standardErrors = values.map(() => standardError);
  return {
    group: '0/all',
    quantity: 'I(X;T)' as Quantity,
    estimator: 'infonce',
    epochs,
    values,
    standardErrors,
    samples: 500,
  };
}
