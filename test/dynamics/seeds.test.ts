import { describe, expect, it } from 'vitest';
import { Rng } from '../../src/base/random.js';
import { alignByShare, average, overSeeds, tidyRuns } from '../../src/dynamics/seeds.js';
import { curve, row } from './tables.js';

describe('averages over seeds', () => {
  it('are Student’s: 1, 2, 3 have the mean 2 and the 95 % interval 2 ± 4.303/√3', () => {
    const a = average([1, 2, 3]);
    expect(a.mean).toBe(2);
    expect(a.interval[1] - 2).toBeCloseTo(4.302653 / Math.sqrt(3), 5);
  });

  it('do not claim less error than the seeds’ own, where these agree by chance', () => {
    const a = average([1, 1, 1], [0.3, 0.3, 0.3]);
    expect(a.standardError).toBeCloseTo(0.3 / Math.sqrt(3), 12);
    expect(a.interval[1]).toBeCloseTo(1 + (1.96 * 0.3) / Math.sqrt(3), 12);
  });

  it('have intervals that hold the truth in about 95 % of cases, from three seeds', () => {
    const rng = new Rng(1, 'average');
    let held = 0;
    for (let k = 0; k < 2000; k++) {
      const [low, high] = average([rng.normal(), rng.normal(), rng.normal()]).interval;
      held += Number(low <= 0 && 0 <= high);
    }
    expect(held / 2000).toBeCloseTo(0.95, 1);
  });

  it('leave out what a seed lacks, and keep layers apart', () => {
    const table = (shift: number, epochs: number[]) =>
      epochs.flatMap((e) =>
        ['a', 'b'].map((layer) => row(e, '0/all', 'I(X;T)', shift + (layer === 'b' ? 10 : 0), { layer })),
      );
    const rows = overSeeds([table(1, [1, 2]), table(3, [1, 2, 3])]);
    expect(rows.map((r) => [r.epoch, r.layer, r.nats])).toEqual([
      [1, 'a', 2],
      [1, 'b', 12],
      [2, 'a', 2],
      [2, 'b', 12],
    ]);
    expect(rows[0].standardError).toBeCloseTo(1, 12);
  });
});

describe('the tidy table', () => {
  it('has a line per point, with run, seed and layer', () => {
    const rows = [
      row(2, '0/all', 'I(X;T)', 1.5),
      row(1, '0/all', 'I(X;T)', 1),
      row(1, '0/all', 'I(X;T)', 9, { layer: 'early' }),
    ];
    const found = tidyRuns([{ run: 'r', seed: 3, layer: 'late', rows }]);
    expect(found.map((r) => [r.run, r.seed, r.epoch, r.layer, r.nats])).toEqual([
      ['r', 3, 1, 'late', 1],
      ['r', 3, 2, 'late', 1.5],
      ['r', 3, 1, 'early', 9],
    ]);
  });
});

describe('runs of different length', () => {
  it('are aligned by the share of training that is done', () => {
    const short = { curve: curve([0, 5, 10], 0.1, [0, 5, 10]), epochs: 10 };
    const long = { curve: curve([0, 100], 0.1, [0, 100]), epochs: 100 };
    const { shares, curves } = alignByShare([short, long], 5);
    expect(shares).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(curves[0].values).toEqual([0, 2.5, 5, 7.5, 10]);
    expect(curves[1].values).toEqual([0, 25, 50, 75, 100]);
  });

  it('begin where the last of them begins', () => {
    const { shares } = alignByShare([
      { curve: curve([1, 2], 0.1, [1, 10]), epochs: 10 },
      { curve: curve([1, 2], 0.1, [40, 100]), epochs: 100 },
    ]);
    expect(shares[0]).toBeCloseTo(0.4, 12);
  });
});
