/** The axis of time in seconds of training. */
import { describe, expect, it } from 'vitest';
import { momentAt, timeShare } from '../../src/report/figures/time-axis.js';
import { epochAt, secondsAt, timeMarks, trainingTime } from '../../src/report/figures/training-time.js';

describe('training time', () => {
  const rows = [
    { epoch: 1, seconds: 60 },
    { epoch: 2, seconds: 20 },
    { epoch: 3, seconds: 40 },
  ];
  const time = trainingTime(rows)!;

  it('adds up the epochs, passes evenly inside one, and its inverse gives the moment back', () => {
    expect([0, 0.5, 1, 1.5, 3].map((e) => secondsAt(e, time))).toEqual([0, 30, 60, 70, 120]);
    for (const epoch of [0, 0.1, 0.99, 1, 1.7, 2, 2.5, 3])
      expect(epochAt(secondsAt(epoch, time), time)).toBeCloseTo(epoch, 12);
  });

  it('is not known where an epoch is missing or says no time', () => {
    expect(trainingTime([])).toBeNull();
    expect(trainingTime([rows[0], rows[2]])).toBeNull();
    expect(trainingTime([{ epoch: 1, seconds: Number.NaN }])).toBeNull();
  });

  it('places a moment on each axis, and finds it again', () => {
    for (const clock of [{}, { axis: 'time', trainingTime: time }] as const)
      for (const epoch of [0.2, 0.9, 1, 2.2, 3])
        expect(momentAt(timeShare(epoch, [0.2, 3], clock), [0.2, 3], clock)).toBeCloseTo(epoch, 12);
    // From the end of the first epoch to that of the second 20 of 60 s pass.
    expect(timeShare(2, [1, 3], { axis: 'time', trainingTime: time })).toBeCloseTo(20 / 60, 12);
  });

  it('is labelled with round numbers of the largest unit that passes twice', () => {
    expect(timeMarks([0, 120], 4)).toEqual({
      unit: 'minutes',
      marks: [0, 0.5, 1, 1.5, 2].map((m) => ({ seconds: 60 * m, label: String(m) })),
    });
    expect(timeMarks([0, 7200], 2).unit).toBe('hours');
    expect(timeMarks([0, 50], 5).marks.map((m) => m.label)).toEqual(['0', '10', '20', '30', '40', '50']);
  });
});
