import { describe, expect, it } from 'vitest';
import { estimateCheckpoint } from '../../src/information/checkpoint.js';
import { twoGroups } from './two-groups.js';

describe('the estimates of a checkpoint', () => {
  it('with the paper’s critic report the training objective, which memorises, and the held-out value beside it', async () => {
    const found = await estimateCheckpoint(
      { ...twoGroups(48), groups: new Map([['2', Int32Array.from({ length: 48 }, (_, i) => 48 + i)]]) },
      'paper',
      { seed: 0 },
    );
    const independent = found.find((e) => e.quantity === 'I(X;T)')!;
    expect(independent.nats).toBe(independent.trainNats);
    expect(independent.nats).toBeGreaterThan(independent.heldOutNats! + 0.05);
  });
});
