/** The time of an audit that is told beforehand, against its parts. */
import { describe, expect, it } from 'vitest';
import { timeOf } from '../../src/audit/audit.js';
import { interventions } from '../../src/audit/names.js';

describe('the time of an audit, in times of its training', () => {
  const alone = timeOf([]);

  it('grows with every countermeasure by the epochs that it trains, if a class is flagged', () => {
    expect(timeOf(['retrain']).flagged - alone.flagged).toBeCloseTo(1, 12);
    expect(timeOf(['prune']).flagged - alone.flagged).toBeCloseTo(1 / 6, 12);
    expect(timeOf(['stop', 'drop']).flagged - timeOf(['stop']).flagged).toBeCloseTo(1 / 2, 12);
  });

  it('counts the audit half-way once, whether stop, drop or both need it', () => {
    expect(timeOf(['stop']).flagged - alone.flagged).toBeCloseTo(alone.flagged - 1, 12);
    expect(timeOf(['stop', 'drop']).clean).toBe(timeOf(['drop']).clean);
  });

  it('does not count networks that no sample is named for, if no class is flagged', () => {
    expect(timeOf(['prune', 'retrain']).clean).toBe(alone.clean);
    expect(timeOf(interventions).clean).toBe(timeOf(['stop']).clean);
  });
});
