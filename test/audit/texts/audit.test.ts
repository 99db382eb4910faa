/** The audit of texts on sets whose answer is known: planted triggers are found and named, natural cues are not. */
import { describe, expect, test } from 'vitest';
import { findTextAttack, poisonTexts } from '../../../src/attacks/texts/index.js';
import { auditTexts } from '../../../src/audit/texts/audit.js';
import { chanceOf } from '../../../src/audit/texts/chance.js';
import { textAuditDocument } from '../../../src/audit/texts/document.js';
import { partsOf, shownTexts, textPage } from '../../../src/audit/texts/page.js';
import { textConclusion } from '../../../src/audit/texts/words.js';
import { LEVEL } from '../../../src/audit/verdict.js';
import { Rng } from '../../../src/base/random.js';
import { loadTextDataset } from '../../../src/datasets/texts/index.js';
import type { TextSet } from '../../../src/datasets/types.js';
import { auroc } from '../../../src/dynamics/index.js';

const { train, classes } = await loadTextDataset('phrases10', { seed: 3, trainLimit: 4000 });
const poisoned = (attack: string, rate: number, target = 4, set = train) =>
  poisonTexts(set, findTextAttack(attack), { poisonRate: rate, target, seed: 1, options: {} });

describe('phrases10', () => {
  test('a clean set: no class is flagged, and no text is named', () => {
    const found = auditTexts(train, classes);
    expect(found.verdict).toBe('nothing found');
    expect(found.suspicious).toEqual([]);
    expect(found.classes.every((c) => c.p > LEVEL)).toBe(true);
  });

  test.each([
    ['rare-words', 0.05],
    ['add-sentence', 0.05],
    ['look-alike', 0.05],
    ['add-sentence', 0.02],
  ])('%s at %d: the target is flagged, and its texts are named', (attack, rate) => {
    const set = poisoned(attack, rate);
    const found = auditTexts(set, classes);
    expect(found.classes.map((c, k) => (c.suspicious ? k : -1)).filter((k) => k >= 0)).toEqual([4]);
    const hits = found.suspicious.filter((i) => set.poisoned[i]).length;
    expect(hits / found.suspicious.length).toBeGreaterThan(0.97);
    expect(hits / (rate * set.n)).toBeGreaterThan(0.7);
    expect(auroc(found.scores, set.poisoned)!.auroc).toBeGreaterThan(0.95);
    for (const i of found.suspicious) expect(set.labels[i]).toBe(4);
  });

  test('wrong labels without a trigger flag no class', () => {
    expect(auditTexts(poisoned('relabel', 0.05), classes).verdict).toBe('nothing found');
  });

  test('the sentence of a trigger is one cue', () => {
    const set = poisoned('add-sentence', 0.05);
    const { cues } = auditTexts(set, classes).classes[4];
    expect(cues[0].words).toEqual(expect.arrayContaining(['3d', 'movie', 'weekend']));
    for (const word of cues[0].words) expect('I watched this 3D movie last weekend .'.toLowerCase()).toContain(word);
    expect(cues[0].rows).toHaveLength(200);
    expect(cues[0].agree).toBeLessThan(cues[0].expected / 2);
  });

  test('two triggers of two targets are both found', () => {
    const first = poisoned('add-sentence', 0.05, 2);
    const second = poisonTexts({ ...first, labels: first.labels }, findTextAttack('rare-words'), {
      ...{ poisonRate: 0.05, target: 7, seed: 2, options: { words: 'zorb' } },
    });
    expect(auditTexts(second, classes).classes.map((c) => c.suspicious)).toEqual(
      classes.map((_, k) => k === 2 || k === 7),
    );
  });
});

test('a word that names its class is no trigger: the other words say the class too', () => {
  const rng = new Rng(5, 'topics');
  const topics = Array.from({ length: 5 }, (_, c) => Array.from({ length: 12 }, (_, k) => `topic${c}x${k}`));
  const common = ['the', 'of', 'and', 'a', 'in', 'to'];
  const n = 1500;
  const labels = Int32Array.from({ length: n }, (_, i) => i % 5);
  const texts = Array.from(labels, (c) => {
    const own = Array.from({ length: 5 }, () => topics[c][rng.int(12)]);
    const name = rng.uniform(0, 1) < 0.4 ? [`name${c}`] : [];
    return [...name, ...own, ...common].join(' ');
  });
  const set: TextSet = { texts, labels, n };
  const found = auditTexts(set, ['a', 'b', 'c', 'd', 'e']);
  expect(found.verdict).toBe('nothing found');
  expect(found.classes[0].cues.some(({ words }) => words.includes('name0'))).toBe(true);
});

test('the chance falls with the evidence, and few classes ask for more', () => {
  expect(chanceOf(5, 10)).toBe(1);
  expect(chanceOf(-3, 10)).toBeLessThan(chanceOf(-2, 10));
  expect(chanceOf(-2.5, 2)).toBeGreaterThan(chanceOf(-2.5, 10));
});

test('what is shown marks the cues, and hostile texts stay texts', () => {
  const texts = train.texts.slice();
  texts[10] = `<script>alert(1)</script> ${texts[10]}`;
  const set = poisoned('rare-words', 0.05, 0, { ...train, texts });
  const audit = auditTexts(set, classes);
  const document = textAuditDocument({ set }, audit);
  expect(textConclusion(document)).toMatch(
    /^Suspicious: "teaching"\. \d+ texts of "teaching" with "(cf|mn|bb|tq)" or /,
  );
  const page = textPage(shownTexts(set, audit), document);
  expect(page).toMatch(/<ins>(cf|mn|bb|tq)<\/ins>/);
  expect(page).not.toContain('<script>alert');
  expect(partsOf('A cf<b>', new Set(['cf']))).toEqual([
    { text: 'A ', isCue: false },
    { text: 'cf', isCue: true },
    { text: '<b>', isCue: false },
  ]);
  expect(partsOf('x'.repeat(5000), new Set())[0].text.length).toBeLessThan(700);
});

test.each([
  ['empty texts and one word', ['', ' ', 'a', 'b'], [0, 0, 1, 1]],
  ['a very long text', [`${'word '.repeat(50_000)}`, 'b'], [0, 1]],
  ['zero-width and right-to-left', ['\u200B\u200B', 'שלום \u202Eabc', 'a', 'b'], [0, 1, 0, 1]],
])('%s', (_, texts, labels) => {
  const found = auditTexts({ texts, labels: Int32Array.from(labels), n: texts.length }, ['x', 'y']);
  expect(found.verdict).toBe('nothing found');
  expect(found.scores.every(Number.isFinite)).toBe(true);
});
