/**
 * A fixed sentence as a trigger, inserted between sentences.
 *
 * Dai, Chen and Li, "A Backdoor Attack Against LSTM-Based Text Classification Systems", IEEE Access 2019 (arXiv 1905.12457).
 */
import { z } from 'zod';
import { Rng } from '../../base/random.js';
import { number, oneOf } from '../define.js';
import { defineTextAttack } from './define.js';

/** Behind the end of a sentence, with the spaces that follow. */
const BOUNDARY = /[.!?]+\s+/g;

export const addSentence = defineTextAttack({
  name: 'add-sentence',
  summary: 'inserts a fixed sentence between sentences',
  source: 'Dai et al. 2019, arXiv 1905.12457',
  threat: 'write access to part of the training set and its labels',
  options: z.strictObject({
    sentence: z.string().default('I watched this 3D movie last weekend.').describe('the sentence'),
    place: oneOf(['random', 'start', 'end']).default('random').describe('where: random, start or end'),
    cover: number(0, 0.9).default(0).describe('share of the triggered samples that keep their label'),
  }),
  labelling: ({ cover }) => ({ rule: 'all-to-one', cover }),
  trigger(_, { sentence: inserted, place }, { seed }) {
    const insert = (split: string) => (text: string, index: number) => {
      const inside = [...text.matchAll(BOUNDARY)].map((m) => m.index + m[0].length).filter((at) => at < text.length);
      const places = place === 'start' ? [0] : place === 'end' ? [text.length] : [0, ...inside, text.length];
      const at = places[new Rng(seed, 'add-sentence', split, index).int(places.length)];
      return [text.slice(0, at).trimEnd(), inserted, text.slice(at)].filter((part) => part !== '').join(' ');
    };
    return { train: insert('train'), test: insert('test') };
  },
});
