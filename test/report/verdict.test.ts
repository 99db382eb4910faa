/** Every sentence of verdict on a run or a comparison, against the numbers it was made from. */
import { describe, expect, it } from 'vitest';
import { type Answer, answerOf } from '../../src/dynamics/answer.js';
import type { StealthResult } from '../../src/dynamics/stealth.js';
import type { EpochRow } from '../../src/dynamics/types.js';
import { cautions, chanceText, outcome, verdict } from '../../src/report/headline.js';
import { comparisonSentences } from '../../src/report/index.js';
import type { RunReport } from '../../src/report/types.js';
import { example } from './example.js';

interface Case {
  p: number | null;
  score?: number | null;
  reason?: string;
  draws?: number;
  instrument?: 'resolved' | 'critics';
}

/** A score with the null of nine clean classes, whose range of S is 0.63 to 0.98. */
function found({ p, score = 0.8, reason, draws = 36, instrument = 'resolved' }: Case): StealthResult {
  const range = { mean: 0.8, low: 0.63, high: 0.98, draws, distances: [], scores: [] };
  const labels = Array.from({ length: draws }, (_, i) => `${1 + (i % 9)}/null ${Math.floor(i / 9)}`);
  return {
    ...{ score, reason, p, rank: 0.1, separation: 2, excess: 0, parts: {}, beta: 1, window: 1 },
    distance: score === null ? null : -Math.log(score),
    null: { ...range, labels, ...(instrument === 'resolved' ? { gapsByClass: [[0.1]] } : {}) },
    epochs: [1],
    classes: ['1'],
    notes: [],
  };
}

const POISONED = { poisoned: true };
const differs = /flows differently through poisoned and clean samples of the target class/;
const same =
  /Between poisoned and clean samples of the target class this run shows no difference beyond that of two halves/;

describe('the answer of one run', () => {
  it.each<[string, Case, Answer, RegExp]>([
    ['p small, S inside the range of clean classes', { p: 0.01 }, 'differs', differs],
    ['p small, S below the range', { p: 0.01, score: 0.5 }, 'differs', differs],
    ['p large, S below the range', { p: 0.4, score: 0.5 }, 'no difference seen', same],
    ['p large, S above the range', { p: 0.9, score: 0.99 }, 'no difference seen', same],
    ['p at the level', { p: 0.05 }, 'differs', differs],
    ['p above the level', { p: 0.0501 }, 'no difference seen', same],
    ['critics, p small, 27 draws', { p: 1 / 28, draws: 27, instrument: 'critics' }, 'differs', differs],
    ['critics, p large, 27 draws', { p: 0.5, draws: 27, instrument: 'critics' }, 'no difference seen', same],
    [
      'critics, the smallest p of nine draws',
      { p: 0.1, draws: 9, instrument: 'critics' },
      'not judged',
      /9 draws of the null cannot decide: the smallest p they can give is 0\.100, and 0\.05 is needed\. --null-splits 3 can\.$/,
    ],
    [
      'critics, nine draws, S far above',
      { p: 1, draws: 9, instrument: 'critics', score: 0.99 },
      'not judged',
      /cannot decide/,
    ],
    ['no p', { p: null }, 'not judged', /do not suffice for p\.$/],
    [
      'saturated',
      { p: null, score: null, reason: 'I(X;T) of 0/clean is saturated' },
      'not judged',
      /^There is no stealth score: I\(X;T\) of 0\/clean is saturated\.$/,
    ],
  ])('%s', (_, given, answer, sentence) => {
    const stealth = found(given);
    expect(answerOf(stealth)).toBe(answer);
    const text = verdict(stealth, POISONED);
    expect(text).toMatch(sentence);
    // No sentence says more than its answer, and none leans on the range of S.
    expect(differs.test(text)).toBe(answer === 'differs');
    expect(same.test(text)).toBe(answer === 'no difference seen');
    expect(text).not.toMatch(/below the range|above the range|no evidence/);
    if (answer !== 'not judged') expect(text).toContain(`p = ${chanceText(given.p)}`);
    if (given.score !== null) expect(text).toContain(`The stealth score is ${(given.score ?? 0.8).toFixed(2)} `);
  });

  it('two runs of one p have one answer, whatever the width of their nulls', () => {
    const narrow = found({ p: 0.1 });
    const wide = { ...narrow, score: 0.6, null: { ...narrow.null!, low: 0.2 } };
    expect(answerOf(wide)).toBe(answerOf(narrow));
  });

  it('has no null: says what measures one', () => {
    const stealth = { ...found({ p: null }), null: null };
    expect(answerOf(stealth)).toBe('not judged');
    expect(verdict(stealth, POISONED)).toMatch(
      /Without a null, noise cannot be ruled out: --null-splits 4 measures one/,
    );
    // Asked for, and not to be had: the classes are too small.
    expect(verdict(stealth, { ...POISONED, config: { nullSplits: 4 } })).toMatch(
      /There is no null, and noise cannot be ruled out: a class has fewer than 200 clean samples\. More samples give one\.$/,
    );
    // Two halves of 100: a class of 150 misses 50.
    expect(verdict(stealth, { ...POISONED, config: { nullSplits: 4 }, tooFewForNull: 150 })).toMatch(
      /noise cannot be ruled out: a class has 150 clean samples, 50 fewer than a null needs\. More samples give one\.$/,
    );
    expect(verdict(stealth, { ...POISONED, config: { nullSplits: 0 } })).toMatch(/--null-splits 4 measures one/);
    expect(verdict(null, POISONED)).toBe('The stealth score was not computed.');
  });

  it('calls p of a law an extrapolation below 0.005 only, and the group a random subset where nothing is poisoned', () => {
    expect(verdict(found({ p: 0.0051 }), POISONED)).not.toMatch(/extrapolation/);
    expect(verdict(found({ p: 0.0049 }), POISONED)).toMatch(
      /law of 36 draws of the null, an extrapolation; rank 0\.100/,
    );
    expect(verdict(found({ p: 0.4 }), { poisoned: false })).toMatch(
      /Between the random subset and the rest of its class/,
    );
  });
});

it('p is never printed as 0', () => {
  expect([0.4, 0.0006, 0.0004, 2e-7].map(chanceText)).toEqual(['0.400', '0.001', '4e-4', '2e-7']);
});

const COMMANDS = { run: 'npx ibscope run --attack wanet', attack: 'wanet@0.2:s=1', options: '--epochs 8' };

describe('what a run leaves open', () => {
  const stealth = found({ p: 0.4 });
  const ended = (asr: number | null, testAccuracy = 0.5) => [{ asr, testAccuracy }];

  it.each<[string, Parameters<typeof cautions>[0], string[]]>([
    [
      'a low ASR and one seed',
      { poisoned: true, epochs: ended(0.66), seeds: 1, stealth, commands: COMMANDS },
      [
        'The ASR of this attack is 0.66, below 0.9: a half-learned attack may look stealthy for that reason.',
        'One seed cannot rank attacks; `npx ibscope run --attack wanet --seeds 0-4` shows the spread.',
      ],
    ],
    [
      'a low ASR of an attack that is seen all the same',
      { poisoned: true, epochs: ended(0.14), seeds: 5, stealth: found({ p: 0.001 }), commands: COMMANDS },
      ['The ASR of this attack is 0.14, below 0.9: what is seen here is a half-learned attack.'],
    ],
    [
      'an ASR at the bound, five seeds',
      { poisoned: true, epochs: ended(0.9), seeds: 5, stealth, commands: COMMANDS },
      [],
    ],
    [
      'nothing poisoned, no command known',
      { poisoned: false, epochs: ended(null), seeds: 1, stealth, commands: null },
      ['One seed cannot rank attacks; `npx ibscope run … --seeds 0-4` shows the spread.'],
    ],
    [
      'a model at chance, whatever its ASR',
      {
        ...{ poisoned: true, epochs: ended(1, 0.111), seeds: 3, stealth, commands: null },
        classNames: Array.from({ length: 10 }, (_, k) => String(k)),
      },
      ['The model has hardly learned (clean accuracy 11.1 %): the score says nothing yet.'],
    ],
    ['no score', { poisoned: false, epochs: ended(null), seeds: 1, stealth: null, commands: null }, []],
  ])('%s', (_, run, expected) => {
    expect(cautions(run)).toEqual(expected);
  });

  it('says whether the attack works', () => {
    const last = (asr: number) => outcome({ ...example(), epochs: [{ ...example().epochs.at(-1)!, asr }] });
    expect(last(0.9)).toMatch(/90\.0 % .* other classes: the attack succeeds\.$/);
    expect(last(0.66)).toMatch(/66\.0 % .* other classes: the attack does not succeed \(an ASR of 0\.9 is needed\)\.$/);
  });
});

describe('a comparison of one seed', () => {
  const run = (attack: string, given: Case, asr: number | null = 1): RunReport => ({
    ...example({ name: attack, attack }),
    poisoned: asr !== null,
    stealth: found(given),
    epochs: [{ ...example().epochs.at(-1)!, asr } as EpochRow],
    commands: { ...COMMANDS, attack },
  });

  it('gives every attack the answer of its own run, and says that one seed cannot rank them', () => {
    const reports = [
      run('none', { p: 0.7, score: 0.95 }, null),
      run('badnets', { p: 2e-8, score: 0.7 }),
      run('wanet', { p: 0.3, score: 0.9 }, 0.66),
      run('blend', { p: 0.1, score: 0.4, draws: 9, instrument: 'critics' }),
    ];
    const [answers, success, ranking, ...more] = comparisonSentences(reports);
    expect(answers).toBe(
      'By stealth score, highest first: none 0.95, wanet 0.90, badnets 0.70, blend 0.40. ' +
        'Information flows differently through the target class under badnets (p = 2e-8). ' +
        'No difference beyond that of clean classes is seen under none (p = 0.700), wanet (p = 0.300). ' +
        'Not judged: blend, whose null cannot give p ≤ 0.05.',
    );
    expect(success).toBe(
      'The ASR of wanet is 0.66, below 0.9: a half-learned attack may look stealthy for that reason.',
    );
    expect(ranking).toBe(
      'One seed cannot rank attacks; `npx ibscope compare --attacks none,badnets,wanet,blend --epochs 8 --seeds 0-4` can.',
    );
    expect(more).toEqual([]);
  });

  it('names no command where the runs differ in more than the attack, and none for a single run', () => {
    const other = { ...run('b', { p: 0.1 }), commands: { ...COMMANDS, attack: 'b', options: '--epochs 9' } };
    expect(comparisonSentences([run('a', { p: 0.1 }), other]).at(-1)).toBe(
      'One seed cannot rank attacks; `npx ibscope compare --attacks … --seeds 0-4` can.',
    );
    expect(comparisonSentences([other])).toHaveLength(1);
  });

  it('has no score', () => {
    expect(comparisonSentences([run('a', { p: null, score: null, reason: 'x' })])).toEqual([
      'None of these runs has a stealth score.',
    ]);
  });
});
