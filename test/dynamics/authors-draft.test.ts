import { describe, expect, it } from 'vitest';
import { authorsDraft } from '../../src/dynamics/authors-draft.js';
import { plainRun, table } from './tables.js';

const protocol = [1, 5, 10, 20, 40, 60, 80, 100, 120];

describe("the authors' draft score", () => {
  it('follows its definition on constant curves', () => {
    // {2, 1, 3} → clean 0.5 against 0 and 1: 0; {4, 1, 3}: all is 1 against 0 and 2/3: 2/3; and so on for I(T;Ŷ).
    const rows = table(protocol, { '0/clean': () => [2, 1], '0/all': () => [4, 5], 1: () => [1, 2], 2: () => [3, 3] });
    const result = authorsDraft(rows, { target: 0 });
    expect(result.terms['I(X;T) 0/clean']).toBeCloseTo(0, 12);
    expect(result.terms['I(X;T) 0/all']).toBeCloseTo(2 / 3, 12);
    expect(result.terms['I(T;Ŷ) 0/clean']).toBeCloseTo(0.75, 12);
    expect(result.terms['I(T;Ŷ) 0/all']).toBeCloseTo(1 - 1 / 6, 12);
    expect(result.score).toBeCloseTo(2 / 3 + 0.75 + 5 / 6, 12);
    expect(result).toMatchObject({ epochs: [5, 40, 100] });
    expect(result.note).toBeUndefined();
  });

  it('never looks at the backdoor group', () => {
    const rows = table(protocol, plainRun(4, 0));
    const moved = rows.map((r) => (r.group === '0/backdoor' ? { ...r, nats: 9 } : r));
    expect(authorsDraft(moved, { target: 0 })).toEqual(authorsDraft(rows, { target: 0 }));
  });

  it('takes checkpoints at the same share of a shorter run, and says which', () => {
    const result = authorsDraft(table([1, 2, 4, 8, 12], plainRun(4, 0)), { target: 0 });
    expect(result.epochs).toEqual([1, 4, 8]);
    expect(result.note).toBe('epochs 1, 4, 8 stand in for 5, 40, 100, which this run lacks');
  });

  it('takes the nearest checkpoints of a run that is long enough', () => {
    expect(authorsDraft(table([1, 10, 42, 97, 130], plainRun(4, 0)), { target: 0 }).epochs).toEqual([1, 42, 97]);
  });

  it('has a reason where there is no score', () => {
    const rows = table(protocol, { '0/clean': () => [1, 1], 1: () => [1, 1] });
    expect(authorsDraft(rows, { target: 0 })).toMatchObject({ score: null, reason: expect.stringContaining('0/all') });
  });
});
