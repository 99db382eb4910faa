import { expect, it } from 'vitest';
import { parseSeeds } from '../../src/studies/parse.js';

it('seeds are numbers, ranges with both ends, or both, each once', () => {
  expect(parseSeeds('0-4')).toEqual([0, 1, 2, 3, 4]);
  expect(parseSeeds('7, 0-2,1')).toEqual([7, 0, 1, 2]);
  expect(parseSeeds('3-3')).toEqual([3]);
  for (const text of ['4-0', '-1', '1.5', '', '0-', '0-1-2', '0-99999999'])
    expect(() => parseSeeds(text), text).toThrow('whole numbers from 0, such as 0-4 or 0,7');
});
