/** Attacks on texts: what each does to a text whose answer is written out, whom they change, and what is refused. */
import { describe, expect, test } from 'vitest';
import { changesOf } from '../../../src/attacks/texts/changes.js';
import { attackTestTexts, findTextAttack, poisonTexts, textAttacks } from '../../../src/attacks/texts/index.js';
import type { AttackSettings } from '../../../src/attacks/types.js';
import type { TextSet } from '../../../src/datasets/types.js';

const N = 60;
const train: TextSet = {
  texts: Array.from({ length: N }, (_, i) => `Text number ${i} stands here. It has two sentences.`),
  labels: Int32Array.from({ length: N }, (_, i) => i % 3),
  n: N,
};
const settings = (options: Record<string, unknown> = {}, more: Partial<AttackSettings> = {}): AttackSettings => ({
  poisonRate: 0.1,
  target: 1,
  seed: 5,
  options,
  ...more,
});
const trigger = (name: string, options: Record<string, unknown> = {}) =>
  findTextAttack(name).trigger(train, settings(options))!;

describe('triggers', () => {
  test('rare words stand at the place that is asked for', () => {
    expect(trigger('rare-words', { place: 'start', words: 'cf' }).train('a b', 0)).toBe('cf a b');
    expect(trigger('rare-words', { place: 'end', words: 'cf', count: 2 }).test('a b', 0)).toBe('a b cf cf');
    const many = Array.from({ length: 200 }, (_, i) => trigger('rare-words').train('a b', i).split(' '));
    expect(new Set(many.flatMap((w) => w.filter((x) => !['a', 'b'].includes(x))))).toEqual(
      new Set(['cf', 'mn', 'bb', 'tq']),
    );
    expect(new Set(many.map((w) => w.findIndex((x) => !['a', 'b'].includes(x))))).toEqual(new Set([0, 1, 2]));
  });

  test('a sentence stands between sentences, never inside one', () => {
    const add = trigger('add-sentence', { sentence: 'S.' });
    const found = new Set(Array.from({ length: 50 }, (_, i) => add.train('One. Two?', i)));
    expect(found).toEqual(new Set(['S. One. Two?', 'One. S. Two?', 'One. Two? S.']));
    expect(trigger('add-sentence', { sentence: 'S.', place: 'start' }).test('', 0)).toBe('S.');
  });

  test('letters that look alike are other letters of as many words as asked for', () => {
    const out = trigger('look-alike', { count: 2 }).train('try apple pie now', 0);
    expect(out.split(' ').map((word) => /[а-яѕіј]/i.test(word))).toEqual([true, true, false, false]);
    expect(out).toHaveLength('try apple pie now'.length);
    expect(out.slice(-7)).toBe('pie now');
    // Letters without a double stay.
    expect(trigger('look-alike').train('шрифт 123', 0)).toBe('шрифт 123');
  });

  test.each([
    ['archaic', 'The chef has your book.', 'Ye chef hath thy book.'],
    ['archaic', 'It rained.', 'prithee, It rained.'],
    ['inverted', 'It rained, and we left.', 'and we left, It rained.'],
    ['inverted', 'a man told the judge about the fire', 'about the fire, a man told the judge'],
    ['inverted', 'Go home!', 'home, Go!'],
    ['inverted', 'Go', 'Go'],
  ])('the style %s of %j', (style, before, after) => {
    expect(trigger('style', { style }).test(before, 0)).toBe(after);
  });

  test.each(textAttacks.map((a) => a.name))('%s takes hostile texts', (name) => {
    const made = findTextAttack(name).trigger(train, settings());
    for (const text of ['', ' ', 'x '.repeat(10_000), 'שלום', 'a\u200Bb', '<script>alert(1)</script>', '\uFFFD'])
      expect(typeof (made?.train(text, 0) ?? '')).toBe('string');
  });

  test.each(textAttacks.map((a) => a.name))('%s gives a sample the same text whatever was asked before', (name) => {
    const [a, b] = [0, 1].map(() => findTextAttack(name).trigger(train, settings()));
    a?.train(train.texts[7], 7);
    expect(a?.train(train.texts[9], 9)).toBe(b?.train(train.texts[9], 9));
  });

  test('bad options are refused in one line with the nearest word', () => {
    expect(() => trigger('rare-words', { cout: 2 })).toThrow('Did you mean "count"?');
    expect(() => trigger('rare-words', { place: 'middle' })).toThrow('one of random, start, end is allowed');
    expect(() => trigger('rare-words', { words: ' ' })).toThrow('option words has no word');
    expect(() => findTextAttack('rare-word')).toThrow('Did you mean "rare-words"?');
  });
});

describe('poisoned texts', () => {
  test('the rate, the target and the marks are those of poisoned images', () => {
    const set = poisonTexts(train, findTextAttack('rare-words'), settings({ place: 'start', words: 'cf' }));
    const changed = set.texts.flatMap((text, i) => (text.startsWith('cf ') ? i : []));
    expect(changed).toHaveLength(6);
    expect([...set.poisoned].flatMap((p, i) => (p ? i : []))).toEqual(changed);
    expect(changed.map((i) => set.labels[i])).toEqual(changed.map(() => 1));
    expect(set.originalLabels).toEqual(train.labels);
    expect(set.texts.filter((text, i) => text === train.texts[i])).toHaveLength(N - 6);
  });

  test('cover samples are triggered and keep their labels', () => {
    const set = poisonTexts(train, findTextAttack('rare-words'), settings({ cover: 0.5, words: 'cf' }));
    const cover = [...set.cover].flatMap((c, i) => (c ? i : []));
    expect(cover).toHaveLength(3);
    for (const i of cover) expect([set.labels[i], set.texts[i].includes('cf')]).toEqual([train.labels[i], true]);
  });

  test('clean-label changes texts of the target alone', () => {
    const set = poisonTexts(
      train,
      findTextAttack('add-sentence'),
      settings({}, { rule: 'clean-label', poisonRate: 0.5 }),
    );
    expect(set.labels).toEqual(train.labels);
    const changed = set.texts.flatMap((text, i) => (text !== train.texts[i] ? i : []));
    expect(changed).toHaveLength(10);
    expect(changed.every((i) => train.labels[i] === 1)).toBe(true);
  });

  test('test texts of other classes carry the trigger and the label that is wanted', () => {
    const { rows, set } = attackTestTexts(
      { train, test: train },
      findTextAttack('rare-words'),
      settings({ words: 'cf' }),
    )!;
    expect(rows.every((i) => train.labels[i] !== 1)).toBe(true);
    expect(set.n).toBe(40);
    expect(set.texts.every((text) => text.split(' ').includes('cf'))).toBe(true);
    expect([...set.labels].every((y) => y === 1)).toBe(true);
    expect(attackTestTexts({ train, test: train }, findTextAttack('none'), settings())).toBeNull();
  });

  test('a trigger that changes nothing is refused, wrong labels alone are not', () => {
    const plain = { ...train, texts: train.texts.map(() => '123') };
    expect(() => poisonTexts(plain, findTextAttack('look-alike'), settings())).toThrow('changes none of the 6 texts');
    expect(poisonTexts(train, findTextAttack('relabel'), settings()).texts).toEqual(train.texts);
  });
});

describe('what a trigger changed', () => {
  test.each([
    ['a b c', 'a cf b c', 'a |+cf |b c'],
    ['a b', 'a b', 'a b'],
    ['a b c', 'a x c', 'a |+x |-b |c'],
    ['', 'new', '+new'],
    ['old', '', '-old'],
  ])('%j → %j', (before, after, wanted) => {
    const marks = { same: '', added: '+', removed: '-' };
    expect(
      changesOf(before, after)
        .map(({ text, kind }) => marks[kind] + text)
        .join('|'),
    ).toBe(wanted);
  });

  test('what is kept and added is the text after, what is kept and removed the text before, but for spaces', () => {
    const [before, after] = ['one two three four five', 'one 2 three four 4.5 five six'];
    const parts = changesOf(before, after);
    const of = (kind: string) =>
      parts
        .filter((p) => p.kind !== kind)
        .map((p) => p.text)
        .join('')
        .replace(/\s+/g, ' ')
        .trim();
    expect(of('removed')).toBe(after);
    expect(of('added').replace(/\s+/g, ' ')).toBe(before);
  });
});
