/**
 * What `ibscope audit` finds, and what it does not: attacks × rates × seeds, beside clean, imbalanced and equal-sized sets, with each
 * baseline on the same trainings, and accuracy and ASR before and after the suspicious samples are left out.
 *
 *   npm run -s bench -- audit [--out DIR] [--images DIR] [--seeds N] [--cifar-seeds N] [--deep N] [--only A,B]
 *
 * `--images` is CIFAR-10 as an image folder; without it only shapes10 is audited. One thread an audit, as many audits at a time as
 * there are cores. The first `--deep` seeds (2) are also trained again without what was named, and have a stealth score; the first
 * of badnets and blend at 5 % goes through all interventions. Rows go to `--out`/audit-rows.jsonl (docs), and are not made again;
 * the table of all that are there goes to `--out`/audit-table.md.
 */

import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { attackTest, findAttack, type PoisonedSet } from '../src/attacks/index.js';
import {
  type Audit,
  activationClustering,
  interventions as allInterventions,
  audit,
  type ClassVerdict,
  type Intervened,
  intervene,
  lossIsolation,
  settingsFor,
  spectralSignatures,
  strip,
} from '../src/audit/index.js';
import type { Look } from '../src/audit/look.js';
import { eachAtOnce } from '../src/base/pool.js';
import { Rng } from '../src/base/random.js';
import { ProgressLine } from '../src/cli/progress.js';
import type { RunRequest } from '../src/config/options.js';
import { resolveConfig } from '../src/config/resolve.js';
import { gather } from '../src/datasets/select.js';
import type { ImageSet } from '../src/datasets/types.js';
import { auroc, type EstimateRow, rankCorrelation, stealth, stealthQuantities } from '../src/dynamics/index.js';
import { jobsOf } from '../src/execution/job.js';
import { inWorker } from '../src/execution/worker.js';
import { estimateCheckpoint } from '../src/information/checkpoint.js';
import { rowsOf } from '../src/information/columns.js';
import { planGroups } from '../src/information/groups.js';
import { prepare } from '../src/pipeline/prepare.js';
import { attackSettings } from '../src/poisoning/poisoned-set.js';

const benchJobs = jobsOf<typeof import('./audit.js')>(new URL(import.meta.url));

interface Condition {
  name: string;
  attack: string;
  rate: number;
  options?: string[];
  /** What is done to the sizes of classes. */
  sizes?: 'imbalanced' | 'rare' | 'equal';
  /** No more seeds than these, of shapes10 and of CIFAR-10. */
  seeds?: [number, number];
}

const CONDITIONS: Condition[] = [
  { name: 'clean', attack: 'none', rate: 0 },
  { name: 'clean, imbalanced', attack: 'none', rate: 0, sizes: 'imbalanced' },
  { name: 'clean, one rare class', attack: 'none', rate: 0, sizes: 'rare', seeds: [3, 1] },
  { name: 'badnets 5 %', attack: 'badnets', rate: 0.05 },
  { name: 'blend 5 %', attack: 'blend', rate: 0.05 },
  { name: 'badnets 10 %', attack: 'badnets', rate: 0.1 },
  { name: 'blend 10 %', attack: 'blend', rate: 0.1 },
  { name: 'badnets 5 %, equal sizes', attack: 'badnets', rate: 0.05, sizes: 'equal', seeds: [3, 1] },
  { name: 'blend 5 %, equal sizes', attack: 'blend', rate: 0.05, sizes: 'equal', seeds: [3, 1] },
  { name: 'badnets 1 %', attack: 'badnets', rate: 0.01, seeds: [2, 1] },
  { name: 'blend 1 %', attack: 'blend', rate: 0.01, seeds: [2, 1] },
  { name: 'wanet 10 %', attack: 'wanet', rate: 0.1, seeds: [2, 1] },
  { name: 'low-frequency 10 %', attack: 'low-frequency', rate: 0.1, seeds: [2, 1] },
  { name: 'sig, half of the class', attack: 'sig', rate: 0.5, seeds: [2, 1] },
  { name: 'adaptive-blend 10 %', attack: 'adaptive-blend', rate: 0.1, seeds: [2, 1] },
];

const TARGET = 0;
/** Samples a group needs to be scored here: fewer than a run asks for, so that equal sizes can be. */
const SCORED = 80;
/** Test images: enough that an accuracy has a standard error under 0.01. */
const TESTED = 3000;
const METHODS = ['audit', 'AC', 'SS', 'ABL', 'STRIP'] as const;
type Method = (typeof METHODS)[number];

interface Job {
  condition: Condition;
  dataset: 'shapes10' | 'folder';
  dataDir?: string;
  trainLimit: number;
  seed: number;
  /** Whether it is trained again and scored, and whether all interventions are tried. */
  deep: boolean;
  interventions: boolean;
}

interface Row {
  dataset: string;
  condition: string;
  seed: number;
  /** The target class was called suspicious; another class was. */
  found: boolean;
  falseAlarms: number;
  /** Of the target class, or of the class with the least p where nothing is poisoned. */
  p: number;
  auroc: Partial<Record<Method, number>>;
  auprc: Partial<Record<Method, number>>;
  accuracy: { before: number; after: number | null };
  asr: { before: number | null; after: number | null };
  /** What a network trained on the clean set calls target of the triggered images, of each attack. */
  cleanAsr?: Record<string, number>;
  /** Samples that carry the trigger. */
  payload: number;
  /** Samples that were named, and how many of them carry the trigger. */
  named: { all: number; payload: number };
  /** What the halves of the target class show, where it was called and falls into two. */
  sides: ClassVerdict['sides'];
  /** Stealth score S of this very training, where the groups are large enough. */
  stealth: number | null;
  interventions: Omit<Intervened, 'model'>[];
  seconds: number;
}

/** Area under precision and recall: the mean precision at each payload sample. */
function auprc(scores: Float64Array, positive: Uint8Array): number {
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a]);
  let [hits, sum] = [0, 0];
  order.forEach((i, rank) => {
    if (!positive[i]) return;
    hits++;
    sum += hits / (rank + 1);
  });
  return sum / hits;
}

/** The class that is rare in some sets, and its images. */
const RARE = { label: 3, images: 40 };

/** Thins classes out: to a half and a quarter in turn, one of them to a few, or the target's clean samples to the others' number. */
function sized(set: PoisonedSet, sizes: Condition['sizes'], seed: number): PoisonedSet {
  if (!sizes) return set;
  const rng = new Rng(seed, 'sizes');
  const count = (k: number) => set.labels.reduce((s, y) => s + Number(y === k), 0);
  const keep = new Set<number>();
  const other = count(TARGET + 1);
  for (let k = 0; k < 10; k++) {
    const rows = [...set.labels.keys()].filter((i) => set.labels[i] === k);
    const [payload, clean] = [rows.filter((i) => set.poisoned[i]), rows.filter((i) => !set.poisoned[i])];
    const wanted =
      sizes === 'equal'
        ? k === TARGET
          ? Math.max(0, other - payload.length)
          : clean.length
        : sizes === 'rare'
          ? k === RARE.label
            ? RARE.images
            : clean.length
          : Math.round(clean.length * [1, 0.5, 0.25][k % 3]);
    for (const i of [...payload, ...rng.sample(clean, Math.min(wanted, clean.length))]) keep.add(i);
  }
  const rows = Int32Array.from([...keep].sort((a, b) => a - b));
  const of = (v: Uint8Array) => Uint8Array.from(rows, (i) => v[i]);
  return {
    ...gather(set, rows),
    originalLabels: rows.map((i) => set.originalLabels[i]),
    poisoned: of(set.poisoned),
    cover: of(set.cover),
    index: rows.map((i) => set.index[i]),
  };
}

/** S of a watched training, at its looks: groups by what is known of the samples. Null where one is too small. */
async function scoreOf(
  looks: readonly Look[],
  set: PoisonedSet,
  classes: number,
  seed: number,
): Promise<number | null> {
  const asked = { limit: 200, minimum: SCORED, nullSplits: 0, pretended: 0 };
  const plan = planGroups({ ...set, ...asked, classes, target: TARGET, seed });
  const ids = [
    `${TARGET}/backdoor`,
    `${TARGET}/clean`,
    `${TARGET}/all`,
    ...Array.from({ length: classes }, (_, k) => `${k}`),
  ];
  const groups = new Map([...plan.groups].filter(([id]) => ids.includes(id)));
  // All but the target as a class of its own.
  if (groups.size < ids.length - 1) return null;
  const labels = Int32Array.from(plan.samples, (i) => set.originalLabels[i]);
  const rows: EstimateRow[] = [];
  for (const { epoch, ...seen } of looks) {
    const [x, t, logits] = [seen.features, seen.t, seen.logits].map((m) => rowsOf(m, plan.samples));
    const data = { x, t: [t], logits: [logits], labels, classes, groups };
    for (const e of await estimateCheckpoint(data, 'quick', seed, undefined, undefined, stealthQuantities))
      rows.push({ epoch, estimator: 'infonce', ...e });
  }
  return stealth(rows, { target: TARGET, minimumSamples: SCORED }).score;
}

/** One audit with all that is measured beside it. In a worker, on one thread. */
export async function one({ condition, dataset, dataDir, trainLimit, seed, deep, interventions }: Job): Promise<Row> {
  const { attack, rate, options = [], sizes, name } = condition;
  const request: RunRequest = {
    ...{ dataset, dataDir, trainLimit, testLimit: TESTED, seed, attack, attackOption: options },
    ...(rate > 0 ? { poisonRate: rate } : {}),
  };
  const config = resolveConfig(request);
  const data = await prepare(config);
  const poisoned = sized(data.poisoned, sizes, seed);
  const { images, labels, n, height, width, channels } = poisoned;
  const set: ImageSet = { images, labels, n, height, width, channels };
  const classes = data.dataset.classes;
  const scores: Partial<Record<Method, Float64Array>> = {};
  const before = { accuracy: 0, asr: null as number | null };
  let cleanAsr: Record<string, number> | undefined;
  let score: number | null = null;
  let done: Intervened[] = [];
  const settings = { effort: 'normal', seed, threads: 1 } as const;
  const poison = attack !== 'none';
  const found: Audit = await audit({ set, classes }, settings, {}, async (watched, findings) => {
    const { looks, trainer } = watched;
    const last = looks[looks.length - 1];
    before.accuracy = (await trainer.evaluate(data.test, 'test')).accuracy;
    if (!poison) {
      cleanAsr = {};
      for (const other of new Set(CONDITIONS.filter((c) => c.attack !== 'none').map((c) => c.attack))) {
        const asked = resolveConfig({ ...request, attack: other });
        const judged = attackTest(data.test, findAttack(other), attackSettings(asked));
        if (judged) cleanAsr[other] = (await trainer.evaluate(judged.set, other)).accuracy;
      }
      return;
    }
    scores.AC = await activationClustering(last, labels, classes.length, seed);
    scores.SS = await spectralSignatures(last, labels, classes.length, seed);
    // Half-way: after the first epoch the payload of few images is not learned either.
    scores.ABL = lossIsolation(looks[1]);
    scores.STRIP = await strip(trainer, set, classes.length, seed);
    if (data.triggered) before.asr = (await trainer.evaluate(data.triggered, 'triggered')).accuracy;
    if (!deep) return;
    score = await scoreOf(looks, poisoned, classes.length, seed);
    const judgedOn = { test: data.test, triggered: data.triggered };
    const asked = allInterventions.filter((how) => interventions || how === 'retrain');
    done = await intervene({ set, classes }, watched, findings, asked, settingsFor(n, settings), judgedOn);
  });
  const after = done.find((d) => d.how === 'retrain')?.judgement;
  scores.audit = found.scores;
  const marked = found.classes.map((c) => c.suspicious);
  const each = (f: (s: Float64Array) => number) =>
    Object.fromEntries(poison ? METHODS.map((m) => [m, f(scores[m]!)]) : []) as Row['auroc'];
  return {
    dataset,
    condition: name,
    seed,
    found: poison && marked[TARGET],
    falseAlarms: marked.filter((m, c) => m && !(poison && c === TARGET)).length,
    p: poison ? found.classes[TARGET].p : Math.min(...found.classes.map((c) => c.p)),
    auroc: each((s) => auroc(s, poisoned.poisoned)!.auroc),
    auprc: each((s) => auprc(s, poisoned.poisoned)),
    accuracy: { before: before.accuracy, after: after?.accuracy ?? null },
    asr: { before: before.asr, after: after?.asr ?? null },
    cleanAsr,
    payload: poisoned.poisoned.reduce((a, b) => a + b, 0),
    named: { all: found.suspicious.length, payload: found.suspicious.filter((i) => poisoned.poisoned[i]).length },
    sides: poison ? found.classes[TARGET].sides : null,
    stealth: score,
    interventions: interventions ? done.map(({ model: _, ...rest }) => rest) : [],
    seconds: found.seconds,
  };
}

const mean = (values: readonly (number | null | undefined)[]) => {
  const v = values.filter((x): x is number => typeof x === 'number' && Number.isFinite(x));
  return v.length > 0 ? v.reduce((a, b) => a + b, 0) / v.length : Number.NaN;
};
const show = (value: number, digits = 3) => (Number.isFinite(value) ? value.toFixed(digits) : '–');

const DATASETS = { shapes10: 'shapes10, 2 000 images', folder: 'CIFAR-10, 4 000 images' };

/** Kendall's τ of the stealth score and each method's AUROC over the audits that have both. */
function scoreTable(rows: readonly Row[]): string[] {
  const scored = rows.filter((r) => r.stealth !== null && r.auroc.audit !== undefined);
  if (scored.length < 5) return [];
  const cells = METHODS.map((m) => {
    const { tau, interval, p } = rankCorrelation(
      scored.map((r) => r.stealth!),
      scored.map((r) => r.auroc[m]!),
    );
    return Number.isFinite(tau)
      ? `${show(tau, 2)} (${interval.map((v) => show(v, 2)).join(' … ')}), p ${show(p, 2)}`
      : '–';
  });
  return [
    `τ of S and AUROC over ${scored.length} poisoned sets (95 % interval, permutation p):`,
    '',
    `| ${METHODS.map(called).join(' | ')} |`,
    `|${METHODS.map(() => '---|').join('')}`,
    `| ${cells.join(' | ')} |`,
    '',
  ];
}

/** What an audit is for: BadNets and Blend at 5 % and 10 %, and clean sets; the worst of all sets, and means. */
function summary(rows: readonly Row[]): string[] {
  const plain = rows.filter((r) => /^(badnets|blend) (5|10) %$/.test(r.condition));
  const clean = rows.filter((r) => r.condition.startsWith('clean'));
  if (plain.length === 0) return [];
  const count = (of: readonly Row[], hit: (r: Row) => boolean) => `${of.filter(hit).length} of ${of.length}`;
  const best = (r: Row) => Math.max(...METHODS.slice(1).map((m) => r.auroc[m]!));
  // Beside the network that was trained on the clean set of the same seed.
  const beside = (own: (r: Row) => number | null, other: (clean: Row, attack: string) => number | undefined) => {
    const gaps = plain.flatMap((r) => {
      const reference = rows.find((c) => c.condition === 'clean' && c.seed === r.seed);
      const { attack } = CONDITIONS.find((c) => c.name === r.condition)!;
      const [a, b] = [own(r), reference && other(reference, attack)];
      return a === null || b === undefined ? [] : [a - b];
    });
    const signed = (v: number) => `${v < 0 ? '−' : '+'}${show(Math.abs(v))}`;
    return gaps.length === 0
      ? '–'
      : `${signed(mean(gaps))} (${signed(Math.min(...gaps))} … ${signed(Math.max(...gaps))}, ${gaps.length} sets)`;
  };
  return [
    '| BadNets and Blend at 5 % and 10 % | |',
    '|---|---|',
    `| target found | ${count(plain, (r) => r.found)} |`,
    `| another class called | ${count(plain, (r) => r.falseAlarms > 0)} |`,
    `| least AUROC of a set | ${show(Math.min(...plain.map((r) => r.auroc.audit!)))} |`,
    `| furthest below the best baseline of the same set | ${show(Math.max(...plain.map((r) => best(r) - r.auroc.audit!)))} |`,
    `| ASR after cleaning, less the clean network’s: mean (least … most) | ${beside(
      (r) => r.asr.after,
      (c, attack) => c.cleanAsr?.[attack],
    )} |`,
    `| accuracy after cleaning, less the clean network’s | ${beside(
      (r) => r.accuracy.after,
      (c) => c.accuracy.before,
    )} |`,
    `| alarms on clean sets, balanced and imbalanced | ${count(clean, (r) => r.falseAlarms > 0)} |`,
    '',
  ];
}

/** How far the halves of called targets were spread over the other classes: what tells payload from what belongs there. */
function spreadLine(rows: readonly Row[]): string[] {
  const decided = rows.flatMap(({ condition, sides }) =>
    /^(badnets|blend)/.test(condition) && sides?.payload != null
      ? [{ payload: sides.content[sides.payload].spread, rest: sides.content[1 - sides.payload].spread }]
      : [],
  );
  if (decided.length === 0) return [];
  const range = (of: 'payload' | 'rest') => {
    const v = decided.map((d) => d[of]);
    return `${show(Math.min(...v), 2)} … ${show(Math.max(...v), 2)}`;
  };
  const count = `${decided.length} sets of BadNets and Blend`;
  return [
    `Spread of the half taken for payload and of the other, ${count}: ${range('payload')} and ${range('rest')}.`,
    '',
  ];
}

/** What was done about sets, and what came of it. */
function interventionTable(rows: readonly Row[]): string[] {
  const some = rows.filter((r) => r.interventions?.length > 0);
  if (some.length === 0) return [];
  const lines = [
    '| set, seed | done | accuracy | ASR | named samples called their class | |',
    '|---|---|---|---|---|---|',
  ];
  for (const { condition, seed, interventions } of some)
    for (const { how, judgement, note } of interventions) {
      const cells = [judgement?.accuracy, judgement?.asr, judgement?.named].map((v) => show(v ?? Number.NaN));
      lines.push(`| ${[`${condition}, ${seed}`, how, ...cells, note].join(' | ')} |`);
    }
  return [...lines, ''];
}

/** Of the payload of sets whose target was found, the share that was named; and samples named beside it, per set. */
function named(rows: readonly Row[]): string {
  const found = rows.filter((r) => r.found);
  if (found.length === 0) return '–';
  const share = mean(found.map((r) => r.named.payload / r.payload));
  return `${show(share)}, ${show(mean(found.map((r) => r.named.all - r.named.payload)), 1)}`;
}

/** Before, after, and of a network trained on the clean set. */
const change = (what: 'accuracy' | 'asr', rows: readonly Row[], clean: number) =>
  `${show(mean(rows.map((r) => r[what].before)))} → ${show(mean(rows.map((r) => r[what].after)))} (${show(clean)})`;

const called = (m: Method) => (m === 'audit' ? 'ibscope audit' : m);

/** Markdown of all rows, grouped by data set and condition. */
export function auditTable(rows: readonly Row[]): string {
  const lines: string[] = [];
  for (const [dataset, title] of Object.entries(DATASETS)) {
    const of = rows.filter((r) => r.dataset === dataset);
    if (of.length === 0) continue;
    lines.push(
      `## ${title}`,
      '',
      ...summary(of),
      '| set | target found | other classes called | largest p of the target (clean: least p) | AUROC audit / AC / SS / ABL / STRIP | AUPRC audit / best baseline | payload named, others named | accuracy before → after (clean network) | ASR before → after (clean network) |',
      '|---|---|---|---|---|---|---|---|---|',
    );
    for (const { name, attack } of CONDITIONS) {
      const some = of.filter((r) => r.condition === name);
      if (some.length === 0) continue;
      const auc = (m: Method) => mean(some.map((r) => r.auroc[m]));
      const pr = (m: Method) => mean(some.map((r) => r.auprc[m]));
      const clean = of.filter((r) => r.condition === 'clean');
      const poison = attack !== 'none';
      const p = poison ? Math.max(...some.map((r) => r.p)) : Math.min(...some.map((r) => r.p));
      lines.push(
        `| ${[
          name,
          poison ? `${some.filter((r) => r.found).length} of ${some.length}` : '',
          `${some.filter((r) => r.falseAlarms > 0).length} of ${some.length}`,
          p < 0.001 ? p.toExponential(0) : p.toFixed(3),
          poison ? METHODS.map((m) => show(auc(m))).join(' / ') : '',
          poison ? `${show(pr('audit'))} / ${show(Math.max(...METHODS.slice(1).map(pr)))}` : '',
          poison ? named(some) : '',
          poison
            ? change('accuracy', some, mean(clean.map((r) => r.accuracy.before)))
            : show(mean(some.map((r) => r.accuracy.before))),
          poison ? change('asr', some, mean(clean.map((r) => r.cleanAsr?.[attack]))) : '',
        ].join(' | ')} |`,
      );
    }
    lines.push('', ...spreadLine(of), ...scoreTable(of), ...interventionTable(of));
  }
  return lines.join('\n');
}

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string', default: 'docs' },
      images: { type: 'string' },
      seeds: { type: 'string', default: '10' },
      'cifar-seeds': { type: 'string', default: '3' },
      deep: { type: 'string', default: '2' },
      only: { type: 'string' },
    },
  });
  mkdirSync(values.out, { recursive: true });
  const file = join(values.out, 'audit-rows.jsonl');
  const read = (): Row[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter(Boolean)
          .map((l) => JSON.parse(l))
      : [];
  const only = values.only?.split(',');
  const known = new Set(read().map((r) => `${r.dataset} ${r.condition} ${r.seed}`));
  const jobs: Job[] = [];
  // Seed by seed, so that what is there after any time is a whole grid of fewer seeds.
  for (let seed = 0; seed < Math.max(Number(values.seeds), Number(values['cifar-seeds'])); seed++)
    for (const condition of CONDITIONS) {
      if (only && !only.some((o) => condition.name.startsWith(o))) continue;
      const most = [Number(values.seeds), Number(values['cifar-seeds'])];
      const [shapes, cifar] = most.map((n, i) => Math.min(n, condition.seeds?.[i] ?? n));
      const more = {
        condition,
        seed,
        deep: seed < Math.min(cifar, Number(values.deep)),
        interventions: seed === 0 && /^(badnets|blend) 5 %$/.test(condition.name),
      };
      if (seed < shapes) jobs.push({ dataset: 'shapes10', trainLimit: 2000, ...more });
      if (values.images && seed < cifar)
        jobs.push({ dataset: 'folder', dataDir: values.images, trainLimit: 4000, ...more });
    }
  const open = jobs.filter((j) => !known.has(`${j.dataset} ${j.condition.name} ${j.seed}`));
  const line = new ProgressLine();
  let done = 0;
  await eachAtOnce(open.length, availableParallelism(), async (i) => {
    const { result } = inWorker(benchJobs('one'), open[i], () => {});
    const row = await result;
    appendFileSync(file, `${JSON.stringify(row)}\n`);
    line.update({ phase: 'runs', stage: 'audits', done: ++done, total: open.length, unit: 'sets' });
    line.line(
      `${row.dataset}, ${row.condition}, seed ${row.seed}: p ${row.p.toExponential(1)}, audit ${row.seconds.toFixed(0)} s`,
    );
  });
  line.clear();
  const head =
    '# What the audit finds\n\nMade by `npm run -s bench -- audit`; what the columns mean stands in [audit.md](audit.md).\n\n';
  writeFileSync(join(values.out, 'audit-table.md'), `${head}${auditTable(read())}`);
  console.log(auditTable(read()));
}
