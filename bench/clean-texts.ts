/**
 * How trigger-like the cues of clean sets of texts are: the null of `ibscope audit` of texts, and its false alarms.
 *
 *   npm run -s bench -- clean-texts [--out DIR] [--seeds N] [--from N]
 *
 * Sets of 2, 3, 5 and 10 classes and 1 000 to 10 000 texts are drawn from phrases10, from WordNet's glosses, and, where the machine has Debian's package lists, from the
 * descriptions of packages by section: written by thousands of people, with phrases that decide the section ("development files"). A row is appended to
 * `--out`/clean-texts.jsonl (default docs) for each; finished ones are reused. Prints the tails of `src/audit/texts/chance.ts`.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chanceOf, MANY } from '../src/audit/texts/chance.js';
import { Content } from '../src/audit/texts/content.js';
import { cuesOf } from '../src/audit/texts/cues.js';
import { LEVEL } from '../src/audit/verdict.js';
import { Rng } from '../src/base/random.js';
import { loadTextDataset } from '../src/datasets/texts/index.js';
import { labelledTexts } from '../src/datasets/texts/splits.js';
import type { TextSet } from '../src/datasets/types.js';
import { binomialInterval } from '../src/dynamics/binomial.js';
import { readRows } from './rows.js';

const CLASSES = [10, 5, 3, 2];
const SIZES = [1000, 3000, 10_000];

interface Row {
  data: string;
  classes: number;
  texts: number;
  seed: number;
  /** The smallest evidence, its words, and how many texts of the class and others have them. */
  evidence: number;
  words: string[];
  rows: number;
  others: number;
}

/** Descriptions of Debian's packages with their sections, from the package lists of this machine; null where there are none. */
export function descriptions(): { texts: string[]; labels: string[] } | null {
  const { stdout, status } = spawnSync('apt-cache', ['dumpavail'], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0 || stdout === '') return null;
  const out = { texts: [] as string[], labels: [] as string[] };
  for (const entry of stdout.split('\n\n')) {
    const section = /^Section: (\S+)/m.exec(entry)?.[1].split('/').at(-1);
    const text = /^Description(?:-en)?: (.*(?:\n .*)*)/m.exec(entry)?.[1];
    if (section === undefined || text === undefined) continue;
    out.texts.push(text.replaceAll('\n .\n', ' ').replace(/\s+/g, ' ').trim());
    out.labels.push(section);
  }
  const counts = new Map<string, number>();
  for (const label of out.labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const largest = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 10);
  const kept = [...out.labels.keys()].filter((i) => largest.some(([label]) => label === out.labels[i]));
  return kept.length < 20_000 ? null : { texts: kept.map((i) => out.texts[i]), labels: kept.map((i) => out.labels[i]) };
}

/** `n` texts of `k` of the classes, renumbered. */
export function drawn({ texts, labels, n: all }: TextSet, of: number, k: number, n: number, seed: number): TextSet {
  const rng = new Rng(seed, 'clean-texts', k, n);
  const chosen = [...rng.permutation(of)].slice(0, k);
  const rows = [...rng.permutation(all)].filter((i) => chosen.includes(labels[i])).slice(0, n);
  return {
    texts: rows.map((i) => texts[i]),
    labels: Int32Array.from(rows, (i) => chosen.indexOf(labels[i])),
    n: rows.length,
  };
}

/** Runs the bench. */
export async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((a) => a !== 'clean-texts'),
    options: {
      out: { type: 'string', default: 'docs' },
      seeds: { type: 'string', default: '10' },
      from: { type: 'string', default: '0' },
    },
  });
  mkdirSync(values.out, { recursive: true });
  const file = join(values.out, 'clean-texts.jsonl');
  const read = () => readRows<Row>(file);
  const done = read();
  const packages = descriptions();
  const own = packages && labelledTexts('packages', packages).set;
  for (let seed = Number(values.from); seed < Number(values.from) + Number(values.seeds); seed++)
    for (const data of ['phrases10', 'wordnet', ...(own ? ['packages'] : [])]) {
      const open = CLASSES.flatMap((classes) => SIZES.map((texts) => ({ classes, texts }))).filter(
        ({ classes, texts }) =>
          (texts * 10) / classes <= 40_000 &&
          !done.some((r) => r.data === data && r.classes === classes && r.texts === texts && r.seed === seed),
      );
      if (open.length === 0) continue;
      const trainLimit = data === 'phrases10' ? 20_000 : undefined;
      const set = data === 'packages' ? own! : (await loadTextDataset(data, { seed, trainLimit })).train;
      for (const { classes, texts } of open) {
        const some = drawn(set, 10, classes, texts, seed);
        const cues = cuesOf(new Content(some.texts, some.labels, classes)).flatMap((c) => c.slice(0, 1));
        const [best] = cues.sort((a, b) => a.evidence - b.evidence);
        const row: Row = {
          ...{ data, classes, texts, seed },
          evidence: best ? Number(best.evidence.toFixed(4)) : 9,
          words: best?.words.slice(0, 3) ?? [],
          ...{ rows: best?.rows.length ?? 0, others: best?.others ?? 0 },
        };
        appendFileSync(file, `${JSON.stringify(row)}\n`);
      }
    }
  summary(read());
}

/** The tails, and how many sets alarm. */
function summary(rows: readonly Row[]): void {
  for (const [name, own] of [
    ['few', rows.filter((r) => r.classes < MANY)],
    ['many', rows.filter((r) => r.classes >= MANY)],
  ] as const) {
    const sorted = own.map((r) => r.evidence).sort((a, b) => a - b);
    const m = Math.floor(sorted.length / 10);
    if (m === 0) continue;
    const from = sorted[m];
    const scale = sorted.slice(0, m).reduce((sum, v) => sum + from - v, 0) / m;
    const alarms = own.filter((r) => chanceOf(r.evidence, r.classes) <= LEVEL);
    const [low, high] = binomialInterval(alarms.length, own.length, 0.05);
    console.log(
      `${name} classes: ${own.length} clean sets, a tenth below ${from.toFixed(2)}, mean excess ${scale.toFixed(3)}, lowest ${sorted
        .slice(0, 5)
        .map((v) => v.toFixed(2))
        .join(' ')}; ${alarms.length} alarms, 95 % ${(100 * low).toFixed(2)} to ${(100 * high).toFixed(2)} %`,
    );
    for (const r of alarms) console.log(`  ${JSON.stringify(r)}`);
  }
}
