/** The table of `npm run bench -- defence`: cells against plain training and a clean network of the same seed. */
import { expect, it } from 'vitest';
import { type DefenceRow, defenceTable } from '../../bench/defence-table.js';

const row = (of: Partial<DefenceRow>): DefenceRow => ({
  cell: '',
  data: 'CIFAR-10',
  attack: 'badnets',
  rate: 0.1,
  seed: 1,
  defence: 'none',
  accuracy: 0.6,
  asr: 0.99,
  poisoned: 100,
  found: 0,
  wrongly: 0,
  answer: '',
  epochs: 12,
  seconds: 100,
  ...of,
});
const network = (seed: number, cleanAsr: number) =>
  row({ attack: 'none', seed, asr: null, poisoned: 0, accuracy: 0.61, cleanAsr: { badnets: cleanAsr } });
const watched = (of: Partial<DefenceRow>) => row({ defence: 'watch', found: 90, wrongly: 4, seconds: 140, ...of });

const goals = (rows: DefenceRow[], defence: string) =>
  defenceTable(rows)
    .split('\n')
    .find((line) => line.startsWith(`| ${defence} | `) && line.split('|').length === 6);

it('an ASR counts as removed from 0.05 down, or within 0.03 of a clean network’s; accuracy at most 0.02 below it', () => {
  const rows = [1, 2, 3].flatMap((seed) => [network(seed, seed === 3 ? 0.02 : 0.08), row({ seed })]);
  const of = (seed: number, asr: number, accuracy = 0.6) => watched({ seed, asr, accuracy });
  expect(goals([...rows, of(1, 0.05), of(2, 0.11), of(3, 0.06)], 'watch')).toBe('| watch | 2 of 3 | 3 of 3 | 3 of 3 |');
  expect(goals([...rows, of(1, 0.04, 0.589), of(2, 0.04, 0.59)], 'watch')).toBe('| watch | 2 of 2 | 1 of 2 | 2 of 2 |');
});

it('rates of a defence are means over seeds, and its time is relative to plain training of the same set', () => {
  const rows = [1, 2].flatMap((seed) => [network(seed, 0), row({ seed, seconds: 100 * seed })]);
  const text = defenceTable([...rows, watched({ asr: 0.01 }), watched({ seed: 2, asr: 0.03, found: 100, wrongly: 0 })]);
  expect(text).toContain('| CIFAR-10 | badnets | 0.1 | watch | 2 | 0.600 | 0.020 (0.010 to 0.030) | 0.95 | 2 | 1.05 |');
});

it('an attack that plain training does not learn is judged nowhere, and named', () => {
  const text = defenceTable([network(1, 0), row({ asr: 0.89 }), watched({ asr: 0.01 })]);
  expect(text).not.toContain('| badnets |');
  expect(text).toContain('- CIFAR-10, badnets at 0.1, seed 1: ASR 0.890');
});

it('networks of clean sets stand with their mean accuracy and how often they name the target', () => {
  const text = defenceTable([network(1, 0.02), network(2, 0.06), row({})]);
  expect(text).toContain('| CIFAR-10 | 2 | 0.610 | badnets 0.040 |');
});

it('a clean set on which samples are set aside is an alarm, with its interval', () => {
  const clean = (seed: number, wrongly: number) => [
    network(seed, 0),
    row({ attack: 'none', defence: 'watch', seed, asr: null, poisoned: 0, wrongly, accuracy: 0.6 }),
  ];
  // Clopper and Pearson, 1 of 2: 1.3 to 98.7 %.
  expect(defenceTable([...clean(1, 0), ...clean(2, 5)])).toContain('| watch | 1 of 2 (1 to 99 %) | −0.010 |');
});

it('a clean set on which `watch` sets nothing aside needs no plain training: its network is that one', () => {
  const clean = (seed: number, wrongly: number) =>
    row({ attack: 'none', defence: 'watch', seed, asr: null, poisoned: 0, wrongly, accuracy: 0.6 });
  expect(defenceTable([clean(1, 0), clean(2, 5), network(2, 0)])).toContain('(1 to 99 %) | −0.005 |');
});
