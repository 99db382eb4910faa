import { beforeAll, describe, expect, it } from 'vitest';
import { asTensors, decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js';
import type { Weights } from '../../src/models/index.js';
import { type Position, Trainer } from '../../src/training/trainer.js';
import { advance, config, DATA, data, figures, STEPS, values } from './small.js';

/** A checkpoint as a run writes it: all tensors, the position as text beside them. */
function save(trainer: Trainer): Uint8Array {
  return encodeSafetensors(asTensors(trainer.tensors()), { position: JSON.stringify(trainer.position) });
}

function restore(trainer: Trainer, checkpoint: Uint8Array) {
  const { tensors, metadata } = decodeSafetensors(checkpoint);
  trainer.load(tensors as Record<string, Weights>);
  trainer.position = JSON.parse(metadata.position) as Position;
}

const standing = ({ position: { tally, ...position } }: Trainer) => ({
  ...position,
  tally: { ...tally, milliseconds: 0 },
});

describe.each([
  ['plateau', [0, 1, 3, 6]],
  ['cosine', [5]],
] as const)('a run with the %s schedule that was stopped and resumed', (schedule, stops) => {
  let whole: { values: ReturnType<typeof values>; standing: ReturnType<typeof standing>; rows: object[] };
  beforeAll(async () => {
    const trainer = new Trainer({ ...config, schedule }, DATA);
    const rows = figures(await advance(trainer));
    whole = { values: values(trainer), standing: standing(trainer), rows };
    await trainer.release();
  });

  it.each(stops)('after step %i of 6 ends with the same bits', async (k) => {
    const first = new Trainer({ ...config, schedule }, DATA);
    const before = figures(await advance(first, k));
    const checkpoint = save(first);
    await first.release();
    const second = new Trainer({ ...config, schedule }, DATA);
    // A tensor missing from the checkpoint would show.
    for (const name of second.state.names()) second.state.get(name).fill(7);
    restore(second, checkpoint);
    expect(second.position.step + STEPS * second.position.epoch).toBe(k);
    const after = figures(await advance(second));
    expect([...before, ...after]).toEqual(whole.rows);
    expect(values(second)).toEqual(whole.values);
    expect(standing(second)).toEqual(whole.standing);
    await second.release();
  });
});

describe('an epoch', () => {
  it('learns what can be learnt: brightness tells the class', async () => {
    const bright = data(96, (label) => [label * 80, label * 80 + 90]);
    const trainer = new Trainer({ ...config, epochs: 9, batchSize: 16, learningRate: 0.005, noiseStd: 0.1 }, bright);
    const rows = await advance(trainer);
    await trainer.release();
    expect(rows[0].trainLoss).toBeLessThan(1.5);
    expect(rows[8].trainLoss).toBeLessThan(rows[0].trainLoss / 3);
    expect(rows[8].trainAccuracy).toBeGreaterThan(0.95);
    expect(rows[8].testAccuracy).toBeGreaterThan(0.9);
  });
});
