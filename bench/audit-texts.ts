/**
 * What `ibscope audit` finds in sets of texts: attacks × rates × seeds.
 *
 *   npm run -s bench -- audit-texts [--out DIR] [--data phrases10,wordnet] [--only A,B] [--seeds N]
 *
 * Sets have 5 000 texts. A row is appended to `--out`/audit-texts.jsonl (default docs) for every set; finished ones are reused. The table of all rows is written to
 * `--out`/audit-texts-table.md.
 */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { auditTexts } from '../src/audit/texts/audit.js';
import { ProgressLine } from '../src/cli/progress.js';
import { resolveConfig } from '../src/config/resolve.js';
import { auroc, median } from '../src/dynamics/index.js';
import { makeTexts } from '../src/poisoning/texts.js';
import { readRows } from './rows.js';

const CONDITIONS = [
  { name: 'clean', attack: 'none' },
  ...['rare-words', 'add-sentence', 'look-alike', 'style'].map((attack) => ({
    name: `${attack} 5 %`,
    attack,
    rate: 0.05,
  })),
  ...['rare-words', 'add-sentence'].map((attack) => ({ name: `${attack} 2 %`, attack, rate: 0.02 })),
  { name: 'word-substitution, half of the class', attack: 'word-substitution', rate: 0.5 },
  { name: 'relabel 5 %', attack: 'relabel', rate: 0.05 },
] satisfies { name: string; attack: string; rate?: number }[];

const DATA = ['phrases10', 'wordnet'];
const [TEXTS, TARGET] = [5000, 0];

interface Row {
  data: string;
  condition: string;
  seed: number;
  found: boolean;
  /** Flagged classes that are no target, and what is noted. */
  falseAlarms: string[];
  notes: string[];
  /** Of the target class, or the smallest of all classes of a clean set. */
  p: number;
  poisoned: number;
  named: { all: number; poisoned: number };
  /** Of the scores; null of a clean set. */
  auroc: number | null;
  seconds: number;
}

async function one(data: string, condition: (typeof CONDITIONS)[number], seed: number): Promise<Row> {
  const { attack, rate, name } = condition as { name: string; attack: string; rate?: number };
  const config = resolveConfig({
    ...{ dataset: data, seed, attack, target: TARGET, trainLimit: TEXTS, testLimit: 1000 },
    ...(rate !== undefined && { poisonRate: rate }),
  });
  const { dataset, poisoned } = await makeTexts(config);
  const found = auditTexts(poisoned, dataset.classes);
  const isPoisoned = attack !== 'none';
  const own = isPoisoned ? auroc(found.scores, poisoned.poisoned) : null;
  return {
    ...{ data, condition: name, seed },
    found: isPoisoned && found.classes[TARGET].suspicious,
    falseAlarms: found.classes.flatMap((c, k) => (c.suspicious && !(isPoisoned && k === TARGET) ? [c.label] : [])),
    notes: found.classes.flatMap((c) => (c.note ? [`${c.label}: ${c.cues[0].words.slice(0, 3).join(' ')}`] : [])),
    p: isPoisoned ? found.classes[TARGET].p : Math.min(...found.classes.map((c) => c.p)),
    poisoned: poisoned.poisoned.reduce((a, b) => a + b, 0),
    named: { all: found.suspicious.length, poisoned: found.suspicious.filter((i) => poisoned.poisoned[i]).length },
    auroc: own?.auroc ?? null,
    seconds: found.seconds,
  };
}

const show = (value: number | null | undefined, digits = 3) =>
  value != null && Number.isFinite(value) ? value.toFixed(digits) : '–';

/** One line per data set and condition: counts, and medians over the sets. */
function table(rows: readonly Row[]): string {
  const head =
    'data | attack | sets | target flagged | other flags | noted | named: of the poisoned, others | AUROC: lowest, median | seconds';
  const lines = DATA.flatMap((data) =>
    CONDITIONS.flatMap(({ name, attack }) => {
      const own = rows.filter((r) => r.data === data && r.condition === name);
      if (own.length === 0) return [];
      const of = (pick: (r: Row) => number) => median(own.map(pick));
      const isClean = attack === 'none';
      const ranks = own.flatMap((r) => r.auroc ?? []);
      const cells = [
        ...[data, name, own.length, isClean ? '–' : own.filter((r) => r.found).length],
        own.reduce((s, r) => s + r.falseAlarms.length, 0),
        own.filter((r) => r.notes.length > 0).length,
        isClean
          ? `–, ${own.reduce((s, r) => s + r.named.all, 0)}`
          : `${show(
              of((r) => r.named.poisoned / r.poisoned),
              2,
            )}, ${own.reduce((s, r) => s + r.named.all - r.named.poisoned, 0)}`,
        isClean ? '–' : `${show(Math.min(...ranks))}, ${show(median(ranks))}`,
        show(
          of((r) => r.seconds),
          1,
        ),
      ];
      return [`| ${cells.join(' | ')} |`];
    }),
  );
  return [
    `| ${head} |`,
    `|${head
      .split('|')
      .map(() => '---|')
      .join('')}`,
    ...lines,
  ].join('\n');
}

/** Runs the bench. */
export async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((a) => a !== 'audit-texts'),
    options: {
      out: { type: 'string', default: 'docs' },
      data: { type: 'string', default: DATA.join(',') },
      only: { type: 'string' },
      seeds: { type: 'string', default: '10' },
    },
  });
  mkdirSync(values.out, { recursive: true });
  const file = join(values.out, 'audit-texts.jsonl');
  const read = () => readRows<Row>(file);
  const known = new Set(read().map((r) => `${r.data} ${r.condition} ${r.seed}`));
  const only = values.only?.split(',');
  const open = Array.from({ length: Number(values.seeds) }, (_, seed) => seed)
    .flatMap((seed) =>
      values.data.split(',').flatMap((data) => CONDITIONS.map((condition) => ({ seed, data, condition }))),
    )
    .filter(({ condition }) => !only || only.includes(condition.attack))
    .filter(({ data, condition, seed }) => !known.has(`${data} ${condition.name} ${seed}`));
  const line = new ProgressLine();
  for (const [done, { data, condition, seed }] of open.entries()) {
    line.update({ phase: 'runs', stage: 'audits', done, total: open.length, unit: 'sets' });
    const row = await one(data, condition, seed);
    appendFileSync(file, `${JSON.stringify(row)}\n`);
  }
  line.clear();
  const text = table(read());
  const head =
    '# What the audit of texts finds\n\n`npm run -s bench -- audit-texts` makes this table; [text.md](text.md#audit) explains it.\n\n';
  writeFileSync(join(values.out, 'audit-texts-table.md'), `${head}${text}\n`);
  console.log(text);
}
