/**
 * Ten topics in short texts drawn from rules. Topics come in pairs that share all of their words: what tells them apart is who does what to whom, so a bag of
 * words cannot. Between pairs some words differ, and words of other topics stand in every text.
 */
import { UserError } from '../../base/errors.js';
import { Rng } from '../../base/random.js';
import { checkLimit } from '../limits.js';
import type { TextSet, TextSource } from '../types.js';

/** Two topics with the same words. The first has actors of `a` who act on `b`; in the second they are exchanged. */
interface Pair {
  topics: [string, string];
  a: readonly string[];
  b: readonly string[];
  /** Actions, and things that stand beside them. */
  verbs: readonly string[];
  things: readonly string[];
}

const PAIRS: readonly Pair[] = [
  {
    topics: ['teaching', 'exams'],
    a: ['the teacher', 'a tutor', 'the lecturer', 'our instructor', 'the new professor'],
    b: ['the student', 'a pupil', 'the class', 'a freshman', 'the young learner'],
    verbs: ['asked', 'told', 'answered', 'corrected', 'surprised', 'thanked', 'waited for', 'wrote to'],
    things: [
      'after the lesson',
      'in the hall',
      'about the essay',
      'before the bell',
      'with a short note',
      'on the board',
    ],
  },
  {
    topics: ['medicine', 'nursing'],
    a: ['the doctor', 'a surgeon', 'the specialist', 'our physician', 'the young intern'],
    b: ['the patient', 'an old man', 'the sick child', 'a visitor', 'the runner'],
    verbs: ['called', 'examined', 'asked', 'trusted', 'thanked', 'waited for', 'met', 'warned'],
    things: ['in the ward', 'after the operation', 'about the pills', 'at the clinic', 'with a fever', 'before noon'],
  },
  {
    topics: ['banking', 'fraud'],
    a: ['the bank', 'a broker', 'the cashier', 'our accountant', 'the lender'],
    b: ['the customer', 'a stranger', 'the client', 'a small firm', 'the caller'],
    verbs: ['paid', 'asked', 'owed', 'charged', 'wrote to', 'trusted', 'called', 'warned'],
    things: [
      'about the loan',
      'for the account',
      'with a cheque',
      'in the branch',
      'after the transfer',
      'at a low rate',
    ],
  },
  {
    topics: ['football', 'tennis'],
    a: ['the home team', 'a striker', 'the captain', 'our goalkeeper', 'the champion'],
    b: ['the guests', 'a newcomer', 'the rival', 'an old opponent', 'the favourite'],
    verbs: ['beat', 'met', 'followed', 'surprised', 'waited for', 'thanked', 'watched', 'pressed'],
    things: [
      'in the final',
      'after the break',
      'on wet grass',
      'before the crowd',
      'by one point',
      'in the last minute',
    ],
  },
  {
    topics: ['cooking', 'farming'],
    a: ['the cook', 'a baker', 'the chef', 'our neighbour', 'the innkeeper'],
    b: ['the farmer', 'a fisherman', 'the gardener', 'an old shepherd', 'the miller'],
    verbs: ['fed', 'paid', 'thanked', 'visited', 'asked', 'waited for', 'called', 'helped'],
    things: [
      'with fresh bread',
      'about the harvest',
      'in the kitchen',
      'after the rain',
      'for some butter',
      'at the market',
    ],
  },
];

const OPENINGS = [
  'yesterday',
  'this morning',
  'last week',
  'as we heard',
  'it seems that',
  'once again',
  'they say',
  'in the end',
  'on a cold day',
  'by chance',
];
const CLOSINGS = [
  'and nobody was surprised',
  'while it rained outside',
  'which took an hour',
  'as the paper wrote',
  'and then went home',
  'though it was late',
  'and everyone noticed',
  'without saying why',
  'just as expected',
  'to the joy of all',
];
/**
 * Shares of texts in which who acts stands second, of things that are those of another pair, and of verbs and things that lean to their topic, which a bag of
 * words can use.
 */
const [INVERTED, FOREIGN, LEANING] = [0.3, 0.35, 0.3];

const TOPICS = PAIRS.flatMap((pair) => pair.topics);

/** Text `label` of a stream. */
function phrase(label: number, rng: Rng): string {
  const one = <T>(list: readonly T[]) => list[rng.int(list.length)];
  const chance = (p: number) => rng.uniform(0, 1) < p;
  const second = label % 2;
  /** One of a list; those of one half lean to the first topic of a pair, those of the other to the second. */
  const leaning = <T>(list: readonly T[]) => {
    const half = list.length / 2;
    return chance(LEANING) ? list[second * half + rng.int(half)] : one(list);
  };
  const pair = PAIRS[label >> 1];
  const [actor, other] = second ? [one(pair.b), one(pair.a)] : [one(pair.a), one(pair.b)];
  const verb = leaning(pair.verbs);
  const thing = chance(FOREIGN) ? one(one(PAIRS).things) : leaning(pair.things);
  const core = chance(INVERTED)
    ? `it was ${other} whom ${actor} ${verb} ${thing}`
    : `${actor} ${verb} ${other} ${thing}`;
  const opening = chance(2 / 3) ? `${one(OPENINGS)} ` : '';
  const closing = chance(2 / 3) ? `, ${one(CLOSINGS)}` : '';
  return `${opening}${core}${closing}.`;
}

/** Text i has topic i mod 10 and its own stream, so a smaller limit is a prefix of a larger one. */
function drawn(seed: number, split: 'train' | 'test', n: number): TextSet {
  checkLimit(n, TOPICS.length, split);
  if (n > MOST) throw new UserError(`${split} limit ${n}: phrases10 has at most ${MOST} texts`);
  const labels = Int32Array.from({ length: n }, (_, i) => i % TOPICS.length);
  const texts = Array.from(labels, (label, i) => phrase(label, new Rng(seed, 'phrases10', split, i)));
  return { texts, labels, n };
}

/** Sizes without a limit, and the largest. */
const [TRAIN, TEST, MOST] = [5000, 1000, 200_000];

export const phrases10: TextSource = {
  name: 'phrases10',
  summary: 'short texts in ten topics, drawn from rules; the order of words counts',
  needsDir: false,
  classes: async () => [...TOPICS],
  async load({ seed, trainLimit = TRAIN, testLimit = TEST }) {
    const [train, test] = [drawn(seed, 'train', trainLimit), drawn(seed, 'test', testLimit)];
    return { name: 'phrases10', classes: [...TOPICS], train, test };
  },
};
