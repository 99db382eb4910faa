import { expect, it } from 'vitest';
import { duration } from '../../src/base/duration.js';

it.each([
  [0, '0 s'],
  [0.4, 'under 1 s'],
  [59.4, '59 s'],
  [59.7, '1 min 00 s'],
  [625, '10 min 25 s'],
  [3599.6, '1 h 00 min'],
  [7500, '2 h 05 min'],
  [Number.NaN, '–'],
  [null, '–'],
])('%f seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
