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

describe('step, constant and warm-up', () => {
  const at = (o: Parameters<typeof learningRate>[0], epoch: number) =>
    learningRate(o, freshSchedule(), epoch / o.epochs);

  it('step divides by ten at a half and at three quarters; constant stays', () => {
    const step = { kind: 'step' as const, learningRate: 1, epochs: 8 };
    expect([0, 3.9, 4, 5.9, 6, 7.9].map((e) => at(step, e))).toEqual([1, 1, 0.1, 0.1, 0.01, 0.01]);
    expect(at({ kind: 'constant', learningRate: 0.3, epochs: 8 }, 7)).toBe(0.3);
  });

  it.each(['plateau', 'cosine', 'step', 'constant'] as const)(
    'warm-up rises linearly to the top of %s, which then has the rest of the run',
    (kind) => {
      const o = { kind, learningRate: 0.4, epochs: 10, warmup: 2 };
      expect([0, 0.5, 1].map((e) => at(o, e))).toEqual([0, 0.1, 0.2]);
      expect(at(o, 2)).toBe(0.4);
      const rest = { kind, learningRate: 0.4, epochs: 8 };
      for (const e of [3, 6, 9]) expect(at(o, e)).toBeCloseTo(at(rest, e - 2), 12);
    },
  );
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
