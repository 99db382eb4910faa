/** The search of the list of runs. */
import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../src/server/run-list.js';
import { entriesOf, groupName, seedWords } from '../../src/web/runs/entries.js';
import { searchOf } from '../../src/web/runs/search.js';

const run = (id: string, rest: Partial<RunSummary>): RunSummary => ({ id, state: 'done', ...rest });
const runs = [
  run('study/badnets-s0', { attack: 'badnets', seed: 0, asr: 0.99, poisonRate: 0.1, group: 'g', tags: ['paper'] }),
  run('study/badnets-s1', {
    attack: 'badnets',
    seed: 1,
    asr: 0.5,
    poisonRate: 0.1,
    group: 'g',
    note: 'Diverged twice',
  }),
  run('study/blend-s10', { attack: 'blend', seed: 10, asr: 0.95, poisonRate: 0.05, group: 'h' }),
  run('none', { attack: 'none', seed: 1, asr: null, group: 'i', state: 'stopped' }),
];
const found = (text: string) => runs.filter(searchOf(text).matches).map((r) => r.id);

describe('the search of the list', () => {
  it('finds plain words in any text of a run', () => {
    expect(found('study badnets')).toEqual(['study/badnets-s0', 'study/badnets-s1']);
    expect(found('stopped')).toEqual(['none']);
    expect(found('diverged')).toEqual(['study/badnets-s1']);
    expect(found('')).toHaveLength(4);
  });

  it('takes a number as equal, not as a part: seed:1 is not seed 10', () => {
    expect(found('seed:1')).toEqual(['study/badnets-s1', 'none']);
    expect(found('seed:1 attack:bad')).toEqual(['study/badnets-s1']);
  });

  it('compares with a bound, and a run without the value never matches', () => {
    expect(found('asr:>0.9')).toEqual(['study/badnets-s0', 'study/blend-s10']);
    expect(found('asr:<=0.95')).toEqual(['study/badnets-s1', 'study/blend-s10']);
    expect(found('rate:5%')).toEqual(['study/blend-s10']);
    expect(found('asr:high')).toEqual([]);
  });

  it('finds tags and quoted notes', () => {
    expect(found('tag:paper')).toEqual(['study/badnets-s0']);
    expect(found('note:"diverged twice"')).toEqual(['study/badnets-s1']);
  });

  it('finds what the list calls a run of a study, which its folder does not say', () => {
    const trial = run('s/runs/x-s0-0123abcd', { name: 's/alpha=0.1 · rate=0.01' });
    for (const text of ['alpha=0.1', 'run:rate=0.01', 'run:0123abcd']) expect(searchOf(text).matches(trial)).toBe(true);
    expect(searchOf('alpha=0.2').matches(trial)).toBe(false);
  });

  it('names what is no field', () => {
    expect(searchOf('sead:1 attack:blend').unknown).toEqual(['sead']);
    expect(found('sead:1')).toEqual([]);
  });
});

describe('runs that differ in the seed alone', () => {
  it('share a row in the place of the first, in the order of their seeds', () => {
    const [group, ...rest] = entriesOf([runs[1], runs[0], runs[2], runs[3]], true);
    expect(group.runs.map((r) => r.seed)).toEqual([0, 1]);
    expect(rest.map((e) => e.key)).toEqual(['study/blend-s10', 'none']);
    expect(groupName(group.runs)).toBe('study/badnets-s*');
  });

  it('are called what their names have in common, in a study as elsewhere', () => {
    const trials = [0, 1].map((seed) =>
      run(`s/runs/x-s${seed}-0123abc${seed}`, { name: `s/alpha=0.1 · seed=${seed}` }),
    );
    expect(groupName(trials)).toBe('s/alpha=0.1 · seed=*');
  });

  it('do not where they are shown apart, or the seed is the same', () => {
    expect(entriesOf(runs, false)).toHaveLength(4);
    expect(entriesOf([runs[0], { ...runs[0], id: 'again' }], true)).toHaveLength(2);
  });

  it('are counted by their seeds', () => {
    expect(seedWords(runs.slice(0, 2))).toBe('2 seeds');
    expect(seedWords([...runs.slice(0, 2), { ...runs[0], id: 'again' }])).toBe('3 runs of 2 seeds');
  });
});
