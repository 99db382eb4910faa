import { describe, expect, test } from 'vitest';
import { ranked, rungsOf } from '../../src/adaptive/halving.js';

describe('rungs', () => {
  test('the last one is whole, each before it a third as long with three times the candidates', () => {
    expect(rungsOf(9, 27)).toEqual([
      { epochs: 3, candidates: 9 },
      { epochs: 9, candidates: 3 },
      { epochs: 27, candidates: 1 },
    ]);
  });

  test('all candidates take part in the first, however many there are and however short training is', () => {
    expect(rungsOf(20, 6)).toEqual([
      { epochs: 2, candidates: 20 },
      { epochs: 6, candidates: 1 },
    ]);
    expect(rungsOf(5, 2)).toEqual([{ epochs: 2, candidates: 5 }]);
    expect(rungsOf(1, 8)).toEqual([{ epochs: 8, candidates: 1 }]);
  });
});

test('a candidate that succeeds wins by S, one that does not by ASR, and one that is too visible loses to both', () => {
  const all = [
    { name: 'fails', asr: 0.5, score: 1, psnr: 30 },
    { name: 'fails more', asr: 0.4, score: 1, psnr: 30 },
    { name: 'loud', asr: 0.95, score: 0.4, psnr: 30 },
    { name: 'quiet', asr: 0.92, score: 0.7, psnr: 30 },
    { name: 'no score', asr: 1, score: null, psnr: 30 },
    { name: 'visible', asr: 1, score: 0.9, psnr: 20 },
  ];
  const names = (leastPsnr?: number) => ranked(all, leastPsnr).map((c) => c.name);
  expect(names()).toEqual(['visible', 'quiet', 'loud', 'no score', 'fails', 'fails more']);
  expect(names(25)).toEqual(['quiet', 'loud', 'no score', 'fails', 'fails more', 'visible']);
});
