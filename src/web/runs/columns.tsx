/** The columns of the list of runs, and which of them are shown. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { LEVEL } from '../../dynamics/answer.js';
import { decimal, rate } from '../../report/format.js';
import { chanceText } from '../../report/headline.js';
import { placeIn } from '../../report/place.js';
import type { RunSummary } from '../api.js';
import { meanOf, meanScoreOf, seedsOf, seedWords } from './entries.js';
import { Sparkline } from './sparkline.js';

type Value = string | number | null | undefined;

export interface Column {
  key: string;
  head: string;
  /** What rows are sorted by; that of a group is the mean, or the first run's text. */
  value(r: RunSummary): Value;
  show?(r: RunSummary): ComponentChildren;
  /** Cell of a group; default the mean, or the first run's text. */
  group?(runs: readonly RunSummary[]): ComponentChildren;
  /** Aligned right. */
  number?: boolean;
  /** Not shown until it is chosen. */
  extra?: boolean;
}

const NONE = '–';

/** All columns after that of the name. */
export const COLUMNS: readonly Column[] = [
  { key: 'attack', head: 'attack', value: (r) => r.attack, show: attackOf, group: ([r]) => attackOf(r) },
  {
    key: 'rate',
    head: 'rate',
    value: (r) => r.poisonRate,
    show: (r) => (r.poisonRate === undefined ? NONE : rate(r.poisonRate)),
    group: ([r]) => (r.poisonRate === undefined ? NONE : rate(r.poisonRate)),
    number: true,
  },
  { key: 'dataset', head: 'data', value: (r) => r.dataset },
  // As short as the list needs it: `resnet18 (8)`.
  { key: 'model', head: 'model (width)', value: (r) => r.model?.replace('(width ', '(') },
  {
    key: 'seed',
    head: 'seed',
    value: (r) => r.seed,
    group: (runs) => <span title={`seeds ${seedsOf(runs).join(', ')}`}>{seedWords(runs)}</span>,
    number: true,
  },
  {
    key: 'accuracy',
    head: 'clean accuracy',
    value: (r) => r.accuracy,
    show: (r) => decimal(r.accuracy),
    number: true,
  },
  { key: 'asr', head: 'ASR', value: (r) => r.asr, show: (r) => decimal(r.asr), number: true },
  {
    key: 'score',
    head: 'stealth S',
    value: (r) => r.score,
    show: (r) => decimal(r.score),
    group: scoresOf,
    number: true,
  },
  { key: 'null', head: 'clean classes', value: (r) => r.nullRange?.[0], show: rangeOf, group: placesOf, extra: true },
  {
    key: 'p',
    head: 'p',
    value: (r) => r.p,
    show: (r) => chanceText(r.p),
    group: seenOf,
    number: true,
  },
  { key: 'state', head: 'state', value: (r) => r.state, show: stateOf, group: statesOf },
  {
    key: 'sparkline',
    head: 'accuracy curve',
    value: (r) => r.accuracy,
    show: (r) => <Sparkline lines={[r.sparkline ?? []]} />,
    group: (runs) => <Sparkline lines={runs.map((r) => r.sparkline ?? [])} />,
  },
  {
    key: 'created',
    head: 'started',
    value: (r) => r.created,
    show: (r) => r.created?.slice(0, 16).replace('T', ' ') ?? NONE,
    extra: true,
  },
];

/** The attack, with the parameters that were set: those tell the trials of a sweep apart. */
function attackOf({ attack, attackOption = [] }: RunSummary) {
  return (
    <>
      {attack}
      {attackOption.length > 0 && (
        <small class="options" title={attackOption.join(' ')}>
          {attackOption.join(' ')}
        </small>
      )}
    </>
  );
}

/** Mean S of a group, and its range. */
function scoresOf(runs: readonly RunSummary[]) {
  const scores = runs.flatMap((r) => r.score ?? []);
  if (scores.length === 0) return NONE;
  return (
    <>
      {decimal(meanScoreOf(runs))}
      <small>{`${decimal(Math.min(...scores), 2)}–${decimal(Math.max(...scores), 2)}`}</small>
    </>
  );
}

/** The range of clean classes of a run, and whether its S lies inside. */
function rangeOf({ score, nullRange }: RunSummary) {
  if (!nullRange) return NONE;
  const range = `${decimal(nullRange[0], 2)}–${decimal(nullRange[1], 2)}`;
  return score == null ? range : `${range}, ${placeIn(score, nullRange)}`;
}

/** In how many runs of a group information flows differently, at p ≤ 0.05. */
function seenOf(runs: readonly RunSummary[]) {
  const judged = runs.flatMap((r) => r.p ?? []);
  return judged.length === 0 ? NONE : `≤ ${LEVEL} in ${judged.filter((p) => p <= LEVEL).length}/${judged.length}`;
}

/** How many runs of a group lie below, inside and above the range of their clean classes. */
function placesOf(runs: readonly RunSummary[]) {
  const places = runs.flatMap((r) => (r.score != null && r.nullRange ? placeIn(r.score, r.nullRange) : []));
  return counted(places) || NONE;
}

function stateOf(r: RunSummary) {
  const words = r.state === 'running' || r.state === 'stopped' ? `${r.state}, ${r.epoch}/${r.epochs}` : r.state;
  return (
    <>
      {words}
      {r.problem && <small class="problem-text">{r.problem}</small>}
    </>
  );
}

function statesOf(runs: readonly RunSummary[]) {
  return counted(runs.map((r) => r.state));
}

/** `3 done, 1 running`. */
const counted = (words: readonly string[]) =>
  [...new Set(words)].map((w) => `${words.filter((x) => x === w).length} ${w}`).join(', ');

/** The value that a row is sorted by. */
export function sortValue(column: Column, runs: readonly RunSummary[]): Value {
  const values = runs.map(column.value);
  return values.some((v) => typeof v === 'number') ? meanOf(values as number[]) : values[0];
}

/** The cell of a row. */
export function cellOf(column: Column, runs: readonly RunSummary[]): ComponentChildren {
  if (runs.length > 1 && column.group) return column.group(runs);
  const value = sortValue(column, runs);
  if (runs.length > 1) return typeof value === 'number' ? decimal(value) : (value ?? NONE);
  return column.show ? column.show(runs[0]) : String(value ?? NONE);
}

const KEPT = 'ibscope-columns';

/** The shown columns, kept by this browser, and a function that switches one. */
export function useColumns(): [Column[], (key: string) => void] {
  const [keys, set] = useState<string[]>(() => {
    const kept = localStorage.getItem(KEPT);
    return kept === null ? COLUMNS.filter((c) => !c.extra).map((c) => c.key) : kept.split(' ');
  });
  const toggle = (key: string) => {
    const next = keys.includes(key) ? keys.filter((k) => k !== key) : [...keys, key];
    localStorage.setItem(KEPT, next.join(' '));
    set(next);
  };
  return [COLUMNS.filter((c) => keys.includes(c.key)), toggle];
}
