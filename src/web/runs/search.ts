/** The search of the list of runs: plain words, and fields such as `seed:1 attack:blend asr:>0.9 tag:x`. */
import type { RunSummary } from '../api.js';

type Value = string | number | null | undefined | readonly string[];

/** What can be searched by name. Texts match a part of them; numbers match a number, or a bound such as `>0.9`. */
const FIELDS: Record<string, (r: RunSummary) => Value> = {
  run: (r) => `${r.id} ${r.name ?? ''}`,
  attack: (r) => r.attack,
  rate: (r) => r.poisonRate,
  data: (r) => r.dataset,
  model: (r) => r.model,
  seed: (r) => r.seed,
  accuracy: (r) => r.accuracy,
  asr: (r) => r.asr,
  s: (r) => r.score,
  p: (r) => r.p,
  state: (r) => r.state,
  tag: (r) => r.tags ?? [],
  note: (r) => r.note,
};

export const FIELD_NAMES = Object.keys(FIELDS);

type Condition = (r: RunSummary) => boolean;

export interface Search {
  matches: Condition;
  /** Names before a colon that are no fields. */
  unknown: string[];
}

/** The runs that fulfil every part of `text`. A part with an unknown field matches as a plain word. */
export function searchOf(text: string): Search {
  const unknown: string[] = [];
  const conditions = [...text.toLowerCase().matchAll(/(?:([a-z]+):)?(?:"([^"]*)"|(\S+))/g)].map(
    ([whole, field, quoted, bare]): Condition => {
      const wanted = quoted ?? bare;
      if (field === undefined) return (r) => wordsOf(r).includes(wanted);
      const value = FIELDS[field];
      if (value) return (r) => fulfils(value(r), wanted);
      unknown.push(field);
      return (r) => wordsOf(r).includes(whole);
    },
  );
  return { matches: (r) => conditions.every((holds) => holds(r)), unknown };
}

const wordsOf = (r: RunSummary) =>
  [r.id, r.name, r.attack, r.dataset, r.model, r.state, r.note, ...(r.tags ?? [])]
    .filter(Boolean)
    .join(' ')
    .toLowerCase();

const BOUND = /^(>=|<=|>|<|=)?(-?[\d.]+(?:e-?\d+)?)(%?)$/;

function fulfils(value: Value, wanted: string): boolean {
  if (Array.isArray(value)) return value.some((v) => v.toLowerCase().includes(wanted));
  if (typeof value === 'string') return value.toLowerCase().includes(wanted);
  if (typeof value !== 'number') return false;
  const [, sign = '=', digits, percent] = BOUND.exec(wanted) ?? [];
  if (digits === undefined) return false;
  const bound = Number(digits) / (percent ? 100 : 1);
  const holds = {
    '=': value === bound,
    '>': value > bound,
    '<': value < bound,
    '>=': value >= bound,
    '<=': value <= bound,
  };
  return holds[sign as keyof typeof holds];
}
