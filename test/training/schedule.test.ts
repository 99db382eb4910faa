import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { afterEpoch, freshSchedule, learningRate, type ScheduleState } from '../../src/training/schedule.js';

const { plateau } = JSON.parse(readFileSync(new URL('../golden/optim.json', import.meta.url), 'utf8')) as {
  plateau: { losses: number[]; rates: number[] };
};
const options = { kind: 'plateau' as const, learningRate: 0.1, epochs: 64 };

/** The rate of every epoch; `between` is what happens to the state from one to the next. */
function rates(between: (s: ScheduleState) => ScheduleState): number[] {
  let state = freshSchedule();
  return plateau.losses.map((loss) => {
    const rate = learningRate(options, state, 0);
    state = between(afterEpoch(options, state, loss));
    return rate;
  });
}

describe('the plateau schedule', () => {
  it('halves when PyTorch’s ReduceLROnPlateau does', () => {
    expect(new Set(plateau.rates).size).toBeGreaterThan(4);
    expect(rates((s) => s)).toEqual(plateau.rates);
  });

  it('goes on the same after a checkpoint in JSON at any epoch, also before the first', () => {
    const saved = (s: ScheduleState): ScheduleState => JSON.parse(JSON.stringify(s));
    expect(rates(saved)).toEqual(plateau.rates);
    expect(saved(freshSchedule())).toEqual(freshSchedule());
  });
});

describe('the cosine schedule', () => {
  const cosine = { kind: 'cosine' as const, learningRate: 0.2, epochs: 10 };

  it('begins at the learning rate, is at half of it in the middle, and ends at zero', () => {
    const at = (progress: number) => learningRate(cosine, freshSchedule(), progress);
    expect(at(0)).toBe(0.2);
    expect(at(0.5)).toBeCloseTo(0.1, 12);
    expect(at(1)).toBeCloseTo(0, 12);
  });

  it('does not look at the loss', () => {
    const state = freshSchedule();
    expect(afterEpoch(cosine, state, 100)).toEqual(state);
  });
});
