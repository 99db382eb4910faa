/**
 * What `ibscope audit` finds in sets of texts: attacks × rates × seeds; and how well published detectors rank the texts by a network trained on the same set.
 *
 *   npm run -s bench -- audit-texts [--out DIR] [--data phrases10,wordnet] [--only A,B] [--seeds N] [--networks N]
 *
 * Sets have 5 000 texts. The first `--networks` seeds (default 0) also train the default transformer for 8 epochs, for its accuracy and ASR and for AC, SS and ABL. A row is
 * appended to `--out`/audit-texts.jsonl (default docs) for every set; finished ones are reused. The table of all rows is written to `--out`/audit-texts-table.md.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { losses } from '../src/audit/checkpoint.js';
import { auditTexts } from '../src/audit/texts/audit.js';
import { ProgressLine } from '../src/cli/progress.js';
import { resolveConfig } from '../src/config/resolve.js';
import { trainingConfig } from '../src/config/training.js';
import { activationClustering, lossIsolation, spectralSignatures } from '../src/detectors/index.js';
import { auroc } from '../src/dynamics/index.js';
import { type MadeTexts, makeTexts } from '../src/poisoning/texts.js';
import { Trainer } from '../src/training/trainer.js';

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
const [TEXTS, EPOCHS, TARGET] = [5000, 8, 0];
const detectors = [activationClustering, spectralSignatures, lossIsolation];

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
  payload: number;
  named: { all: number; payload: number };
  auroc: Record<string, number>;
  network: { accuracy: number; asr: number | null; seconds: number } | null;
  seconds: number;
}

/** A network on the set, and how well detectors rank its texts. */
async function byNetwork({ dataset, poisoned, test, triggered }: MadeTexts, config: ReturnType<typeof resolveConfig>) {
  const started = performance.now();
  const trainer = new Trainer(trainingConfig(config), {
    classes: dataset.classes.length,
    train: poisoned,
    test,
    triggered,
  });
  let loss: Float32Array = new Float32Array(poisoned.n);
  while (trainer.position.epoch < config.epochs) {
    while (!(await trainer.step()));
    await trainer.finishEpoch();
    if (trainer.position.epoch === config.epochs / 2) {
      const [{ logits }] = await trainer.probe(poisoned, 1);
      loss = losses({ data: logits, n: poisoned.n, d: dataset.classes.length }, poisoned.labels);
    }
  }
  const data = await trainer.noiseFree(poisoned);
  const observed = {
    ...{ set: poisoned, classes: dataset.classes.length, loss, seed: config.seed },
    features: { data, n: poisoned.n, d: data.length / poisoned.n },
    epsilon: poisoned.poisoned.reduce((a, b) => a + b, 0) / poisoned.n,
  };
  const ranks: Record<string, number> = {};
  for (const detector of detectors) {
    const { scores } = await detector.detect(observed as never);
    const own = auroc(scores!, poisoned.poisoned);
    if (own) ranks[detector.name] = own.auroc;
  }
  const accuracy = (await trainer.evaluate(test, 'test')).accuracy;
  const asr = triggered ? (await trainer.evaluate(triggered, 'triggered')).accuracy : null;
  await trainer.release();
  return { ranks, network: { accuracy, asr, seconds: (performance.now() - started) / 1000 } };
}

async function one(data: string, condition: (typeof CONDITIONS)[number], seed: number, network: boolean): Promise<Row> {
  const { attack, rate, name } = condition as { name: string; attack: string; rate?: number };
  const config = resolveConfig({
    ...{ dataset: data, seed, attack, target: TARGET, trainLimit: TEXTS, testLimit: 1000, epochs: EPOCHS },
    ...(rate !== undefined && { poisonRate: rate }),
  });
  const made = await makeTexts(config);
  const { dataset, poisoned } = made;
  const trained = network ? await byNetwork(made, config) : null;
  const found = auditTexts(poisoned, dataset.classes);
  const isPoisoned = attack !== 'none';
  const own = isPoisoned ? auroc(found.scores, poisoned.poisoned) : null;
  return {
    ...{ data, condition: name, seed },
    found: isPoisoned && found.classes[TARGET].suspicious,
    falseAlarms: found.classes.flatMap((c, k) => (c.suspicious && !(isPoisoned && k === TARGET) ? [c.label] : [])),
    notes: found.classes.flatMap((c) => (c.note ? [`${c.label}: ${c.cues[0].words.slice(0, 3).join(' ')}`] : [])),
    p: isPoisoned ? found.classes[TARGET].p : Math.min(...found.classes.map((c) => c.p)),
    payload: poisoned.poisoned.reduce((a, b) => a + b, 0),
    named: { all: found.suspicious.length, payload: found.suspicious.filter((i) => poisoned.poisoned[i]).length },
    auroc: { ...trained?.ranks, ...(own && { audit: own.auroc }) },
    network: trained?.network ?? null,
    seconds: found.seconds,
  };
}

const median = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};
const show = (value: number | null | undefined, digits = 3) =>
  value != null && Number.isFinite(value) ? value.toFixed(digits) : '–';

/** One line per data set and condition: counts, and medians over the sets. */
function table(rows: readonly Row[]): string {
  const head =
    'data | attack | sets | target flagged | other flags | noted | named: of the poisoned, others | AUROC: lowest, median | with a network: sets, accuracy, ASR | AUROC: audit, AC, SS, ABL | seconds';
  const lines = DATA.flatMap((data) =>
    CONDITIONS.flatMap(({ name, attack }) => {
      const own = rows.filter((r) => r.data === data && r.condition === name);
      if (own.length === 0) return [];
      const of = (pick: (r: Row) => number | null | undefined, some = own) =>
        median(some.flatMap((r) => pick(r) ?? []));
      const trained = own.filter((r) => r.network);
      const isClean = attack === 'none';
      const ranks = own.flatMap((r) => r.auroc.audit ?? []);
      const cells = [
        ...[data, name, own.length, isClean ? '–' : own.filter((r) => r.found).length],
        own.reduce((s, r) => s + r.falseAlarms.length, 0),
        own.filter((r) => r.notes.length > 0).length,
        isClean
          ? `–, ${own.reduce((s, r) => s + r.named.all, 0)}`
          : `${show(
              of((r) => r.named.payload / r.payload),
              2,
            )}, ${own.reduce((s, r) => s + r.named.all - r.named.payload, 0)}`,
        isClean ? '–' : `${show(Math.min(...ranks))}, ${show(median(ranks))}`,
        trained.length === 0
          ? '–'
          : `${trained.length}, ${show(of((r) => r.network?.accuracy, trained))}, ${show(of((r) => r.network?.asr, trained))}`,
        trained.length === 0 || isClean
          ? '–'
          : ['audit', 'AC', 'SS', 'ABL']
              .map((d) =>
                show(
                  of((r) => r.auroc[d], trained),
                  2,
                ),
              )
              .join(', '),
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
      networks: { type: 'string', default: '0' },
    },
  });
  mkdirSync(values.out, { recursive: true });
  const file = join(values.out, 'audit-texts.jsonl');
  const read = (): Row[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line))
      : [];
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
    const row = await one(data, condition, seed, seed < Number(values.networks));
    appendFileSync(file, `${JSON.stringify(row)}\n`);
  }
  line.clear();
  const text = table(read());
  const head =
    '# What the audit of texts finds\n\n`npm run -s bench -- audit-texts` makes this table; [text.md](text.md#audit) explains it.\n\n';
  writeFileSync(join(values.out, 'audit-texts-table.md'), `${head}${text}\n`);
  console.log(text);
}
