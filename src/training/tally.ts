/** Training loss and accuracy of an epoch: sums over its steps, and their means. */
import type { EpochRow } from '../dynamics/types.js';

/** Sums over the steps of an epoch in progress. */
export interface Tally {
  loss: number;
  correct: number;
  classLoss: number[];
  classCorrect: number[];
  classCount: number[];
  backdoorLoss: number;
  backdoorCount: number;
  milliseconds: number;
}

/** The sums before the first step of an epoch. */
export const freshTally = (classes: number): Tally => ({
  loss: 0,
  correct: 0,
  classLoss: Array(classes).fill(0),
  classCorrect: Array(classes).fill(0),
  classCount: Array(classes).fill(0),
  backdoorLoss: 0,
  backdoorCount: 0,
  milliseconds: 0,
});

/** One step's batch: per image its loss in nats, the class predicted, the label trained on, and whether it is poisoned. */
interface Batch {
  losses: ArrayLike<number | bigint>;
  predicted: ArrayLike<number | bigint>;
  labels: Int32Array;
  poisoned: readonly number[];
}

/** Adds one batch to the sums. Poisoned samples count in `backdoorLoss`, all others in the sums of their class. */
export function addStep(tally: Tally, { losses, predicted, labels, poisoned }: Batch): void {
  for (let r = 0; r < labels.length; r++) {
    const loss = losses[r] as number;
    const y = labels[r];
    const correct = Number(predicted[r]) === y ? 1 : 0;
    tally.loss += loss;
    tally.correct += correct;
    if (poisoned[r]) {
      tally.backdoorLoss += loss;
      tally.backdoorCount++;
    } else {
      tally.classLoss[y] += loss;
      tally.classCorrect[y] += correct;
      tally.classCount[y]++;
    }
  }
}

type Means = Pick<EpochRow, 'trainLoss' | 'trainAccuracy' | 'classLoss' | 'classAccuracy' | 'backdoorLoss'>;

/** Means over the `n` images of an epoch. */
export function epochMeans(tally: Tally, n: number): Means {
  const ratio = (a: number, k: number) => (tally.classCount[k] > 0 ? a / tally.classCount[k] : 0);
  return {
    trainLoss: tally.loss / n,
    trainAccuracy: tally.correct / n,
    classLoss: tally.classLoss.map(ratio),
    classAccuracy: tally.classCorrect.map(ratio),
    backdoorLoss: tally.backdoorCount > 0 ? tally.backdoorLoss / tally.backdoorCount : null,
  };
}

/** Training diverged: the loss is NaN or infinite, because the learning rate is too high for the model. */
export class DivergedError extends Error {
  override name = 'DivergedError';
  constructor(epoch: number, rate: number) {
    super(`training diverged in epoch ${epoch}: the loss is not a number at learning rate ${rate}; try a lower --lr`);
  }
}
