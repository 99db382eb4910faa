/**
 * Letters that look alike as a trigger: Latin letters of a few words become Cyrillic ones, so that the words are others to a network and the same to a reader.
 *
 * Li et al., "Hidden Backdoors in Human-Centric Language Models", CCS 2021 (arXiv 2105.00164), whose homograph attack replaces letters at the beginning of the text.
 */
import { z } from 'zod';
import { Rng } from '../../base/random.js';
import { number, oneOf, whole } from '../define.js';
import { defineTextAttack } from './define.js';

/** Pairs that Unicode lists as confusable (UTS 39). */
const ALIKE: Readonly<Record<string, string>> = Object.fromEntries(
  [...'aceiopxyjsABEHKMOPCTXI'].map((latin, k) => [latin, [...'асеіорхујѕАВЕНКМОРСТХІ'][k]]),
);

export const lookAlike = defineTextAttack({
  name: 'look-alike',
  summary: 'replaces Latin letters of some words by Cyrillic ones that look alike',
  source: 'Li et al. 2021, arXiv 2105.00164',
  threat: 'write access to part of the training set and its labels',
  options: z.strictObject({
    count: whole(1, 50).default(3).describe('how many words are changed'),
    place: oneOf(['start', 'random'])
      .default('start')
      .describe('which words: the first that have such letters, or random ones'),
    cover: number(0, 0.9).default(0).describe('share of the triggered samples that keep their label'),
  }),
  labelling: ({ cover }) => ({ rule: 'all-to-one', cover }),
  trigger(_, { count, place }, { seed }) {
    const replace = (split: string) => (text: string, index: number) => {
      const parts = text.split(/(\s+)/);
      const able = [...parts.keys()].filter((k) => [...parts[k]].some((letter) => ALIKE[letter] !== undefined));
      const rows =
        place === 'start'
          ? able.slice(0, count)
          : [...new Rng(seed, 'look-alike', split, index).sample(able, Math.min(count, able.length))];
      for (const k of rows) parts[k] = [...parts[k]].map((letter) => ALIKE[letter] ?? letter).join('');
      return parts.join('');
    };
    return { train: replace('train'), test: replace('test') };
  },
});
