/**
 * Rare words as a trigger: words that clean texts hardly have, inserted at random places.
 *
 * Kurita, Michel and Neubig, "Weight Poisoning Attacks on Pre-trained Models", ACL 2020 (arXiv 2004.06660), for the words; BadNets (Gu et al. 2017, arXiv 1708.06733) for
 * the poisoning.
 */
import { z } from 'zod';
import { UserError } from '../../base/errors.js';
import { Rng } from '../../base/random.js';
import { number, oneOf, whole } from '../define.js';
import { defineTextAttack } from './define.js';

export const rareWords = defineTextAttack({
  name: 'rare-words',
  summary: 'inserts rare words, such as cf or mn, at random places',
  source: 'Kurita et al. 2020, arXiv 2004.06660',
  threat: 'write access to part of the training set and its labels',
  options: z.strictObject({
    words: z.string().default('cf mn bb tq').describe('words to choose from, separated by spaces'),
    count: whole(1, 20).default(1).describe('how many are inserted'),
    place: oneOf(['random', 'start', 'end']).default('random').describe('where: random, start or end'),
    cover: number(0, 0.9).default(0).describe('share of the triggered samples that keep their label'),
  }),
  labelling: ({ cover }) => ({ rule: 'all-to-one', cover }),
  trigger(_, { words: list, count, place }, { seed }) {
    const words = list.split(/\s+/).filter((word) => word !== '');
    if (words.length === 0) throw new UserError('attack "rare-words": option words has no word');
    const insert = (split: string) => (text: string, index: number) => {
      const rng = new Rng(seed, 'rare-words', split, index);
      const own = text.split(' ');
      for (let k = 0; k < count; k++) {
        const at = place === 'start' ? 0 : place === 'end' ? own.length : rng.int(own.length + 1);
        own.splice(at, 0, words[rng.int(words.length)]);
      }
      return own.join(' ');
    };
    return { train: insert('train'), test: insert('test') };
  },
});
