/**
 * What `ibscope audit` finds and what it misses: attacks × rates × seeds, with clean, imbalanced and equal-sized sets, published
 * detectors on the same trainings, and clean accuracy and ASR before and after the named samples are left out.
 *
 *   npm run -s bench -- audit [--out DIR] [--images DIR] [--seeds N] [--cifar-seeds N] [--deep N] [--only A,B] [--keep DIR]
 *
 * `--images` is CIFAR-10 as an image folder; without it only shapes10 is audited. Each audit has one thread, and as many run at a
 * time as there are cores. The first `--deep` seeds (default 2) are also trained again without the named samples, and get a stealth
 * score; seed 0 of badnets and blend at 5 % also gets all countermeasures. Rows are appended to `--out`/audit-rows.jsonl (default
 * docs); finished rows are reused. The table of all rows is written to `--out`/audit-table.md. With `--keep`, trainings and the networks
 * that follow them stay in DIR: a changed rule judges the same sets in seconds each, after the file of rows is removed.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { attackTest, findAttack, type PoisonedSet } from '../src/attacks/index.js';
import {
  type Audit,
  interventions as allInterventions,
  audit,
  type Checkpoint,
  type ClassVerdict,
  type Intervened,
  intervene,
  poisonedCluster,
  settingsFor,
} from '../src/audit/index.js';
import type { RunRequest } from '../src/config/options.js';
import { resolveConfig } from '../src/config/resolve.js';
import { pick } from '../src/datasets/select.js';
import type { ImageSet } from '../src/datasets/types.js';
import { silentNetwork } from '../src/detection/network.js';
import { activationClustering, lossIsolation, spectralSignatures, strip } from '../src/detectors/index.js';
import { auroc, type EstimateRow, rankCorrelation, stealth, stealthQuantities } from '../src/dynamics/index.js';
import { jobsOf } from '../src/execution/job.js';
import { estimateCheckpoint } from '../src/information/checkpoint.js';
import { rowsOf } from '../src/information/columns.js';
import { planGroups } from '../src/information/groups.js';
import { imagesOf, type PreparedImages, prepare } from '../src/pipeline/prepare.js';
import { attackSettings } from '../src/poisoning/poisoned-set.js';
import { type Sizes, severalTargets, sized } from './audit-sets.js';
import { keptIn } from './keep.js';
import { makeRows, readRows } from './rows.js';

const benchJobs = jobsOf<typeof import('./audit.js')>(new URL(import.meta.url));

interface Condition {
  name: string;
  attack: string;
  rate: number;
  options?: string[];
  /** How the sizes of classes are changed. */
  sizes?: Sizes;
  /** Number of target classes, each with a patch of its own on `rate` of the set, or every class by its own rule; default one. */
  targets?: number | 'all-to-all';
  /** Limits on the seeds of shapes10 and of CIFAR-10. */
  seeds?: [number, number];
  /** Number of training images, if not that of the data set. */
  images?: number;
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
  { name: 'two targets, 5 % each', attack: 'badnets', rate: 0.05, targets: 2, seeds: [5, 5] },
  { name: 'three targets, 5 % each', attack: 'badnets', rate: 0.05, targets: 3, seeds: [5, 5] },
  { name: 'all targets, 2 % each', attack: 'badnets', rate: 0.02, targets: 10, seeds: [5, 5] },
  { name: 'all-to-all 10 %', attack: 'badnets', rate: 0.1, targets: 'all-to-all', seeds: [5, 5] },
  { name: 'badnets 1 % of 10 000', attack: 'badnets', rate: 0.01, seeds: [0, 5], images: 10_000 },
  { name: 'adaptive-blend 10 %', attack: 'adaptive-blend', rate: 0.1, seeds: [2, 1] },
];

const TARGET = 0;
/** Samples a group needs for a stealth score here: fewer than a run needs, so that sets of equal sizes get one. */
const SCORED = 80;
/** Test images that stand in for samples known to be clean. */
const TRUSTED = 300;
/** Test images: an accuracy then has a standard error under 0.01. */
const TESTED = 3000;
/** Detectors that rank the samples of a training set, and need no network of a kind of its own. */
const detectors = [activationClustering, spectralSignatures, lossIsolation, strip] as const;
/** The audit, and the published detectors by their names. */
const METHODS = ['audit', ...detectors.map((d) => d.name)];
type Method = string;

interface Job {
  condition: Condition;
  dataset: 'shapes10' | 'folder';
  dataDir?: string;
  trainLimit: number;
  seed: number;
  /** Whether the set is trained again and scored, and whether all countermeasures are taken. */
  deep: boolean;
  interventions: boolean;
  /** Folder in which the training is kept. */
  keep?: string;
}

interface Row {
  dataset: string;
  condition: string;
  seed: number;
  /** Whether every target class was flagged, how many of them were, and how many other classes were. */
  found: boolean;
  flagged: number;
  falseAlarms: number;
  /** Classes that were noted. */
  notes: number;
  /** Of the target class, or the smallest of all classes of a clean set. */
  p: number;
  auroc: Partial<Record<Method, number>>;
  auprc: Partial<Record<Method, number>>;
  accuracy: { before: number; after: number | null };
  asr: { before: number | null; after: number | null };
  /** ASR of each attack on a network trained on the clean set. */
  cleanAsr?: Record<string, number>;
  /** Number of poisoned samples. */
  poisoned: number;
  /** Number of named samples, and how many of them are poisoned. */
  named: { all: number; poisoned: number };
  /** What the clusters of the target class show, if it was flagged and has two. */
  sides: ClassVerdict['sides'];
  /**
   * I(X;T) of each class, nats, and its p; and how well the contributions of samples rank the poisoned ones of a target, AUROC, mean over the targets, where
   * they are estimated. Rows made before it was measured have none.
   */
  information?: { nats: (number | null)[]; p: number[]; auroc: number | null };
  /** Stealth score S of the same training, if the groups are large enough. */
  stealth: number | null;
  interventions: Omit<Intervened, 'model'>[];
  seconds: number;
}

/** Area under precision and recall: the mean precision at the poisoned samples. */
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

/** The training set of a condition, poisoned for one or several targets, with classes of the sizes asked for. */
async function setOf({ targets, rate, sizes }: Condition, data: PreparedImages, seed: number): Promise<PoisonedSet> {
  const several = typeof targets === 'number';
  const poisoned = several ? severalTargets(data.dataset.train, targets, rate, seed) : data.poisoned;
  return sized(poisoned, sizes, seed, TARGET);
}

/** S of an audit's training at its checkpoints, with the true groups of the samples. Null if a group is too small. */
async function scoreOf(
  checkpoints: readonly Checkpoint[],
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
  // All groups but the target as a class of its own.
  if (groups.size < ids.length - 1) return null;
  const labels = Int32Array.from(plan.samples, (i) => set.originalLabels[i]);
  const rows: EstimateRow[] = [];
  for (const { epoch, ...seen } of checkpoints) {
    const [x, t, logits] = [seen.features, seen.t, seen.logits].map((m) => rowsOf(m, plan.samples));
    const data = { x, t: [t], logits: [logits], labels, classes, groups };
    for (const e of await estimateCheckpoint(data, 'quick', { seed, only: stealthQuantities }))
      rows.push({ epoch, estimator: 'infonce', ...e });
  }
  return stealth(rows, { target: TARGET, minimumSamples: SCORED }).score;
}

/** What the audit's I(X;T) says of the classes, and of the samples of the targets. */
function informationOf(
  { classes, signals }: Audit,
  { labels, poisoned }: PoisonedSet,
  targets: readonly number[],
): NonNullable<Row['information']> {
  const contributions = signals.pointwise['I(X;T)'];
  const ranks = targets.flatMap((target) => {
    const own = [...labels.keys()].filter((i) => labels[i] === target && Number.isFinite(contributions[i]));
    const found = auroc(
      own.map((i) => contributions[i]),
      own.map((i) => poisoned[i]),
    );
    return found ? [found.auroc] : [];
  });
  return {
    nats: classes.map((c) => rounded(c.evidence.values['I(X;T)'])),
    p: classes.map((c) => rounded(c.evidence.p['I(X;T)'])),
    auroc: ranks.length > 0 ? rounded(mean(ranks)) : null,
  };
}

/** To three digits. */
const rounded = (v: number) => Number(v.toPrecision(3));

/** One audit with everything that is measured on the same training. Runs in a worker, on one thread. */
export async function one(job: Job): Promise<Row> {
  const { condition, dataset, dataDir, trainLimit, seed, deep, interventions, keep } = job;
  const { attack, rate, options = [], targets, name } = condition;
  const request: RunRequest = {
    ...{ dataset, dataDir, trainLimit, testLimit: TESTED, seed, attack, attackOption: options },
    ...(rate > 0 ? { poisonRate: rate } : {}),
    ...(targets === 'all-to-all' ? { rule: targets } : {}),
  };
  const config = resolveConfig(request);
  const data = imagesOf(await prepare(config));
  const poisoned = await setOf(condition, data, seed);
  // With several targets, the ASR of the first alone is measured.
  const isTarget = (c: number) => (targets === 'all-to-all' ? true : c < (targets ?? 1)) && attack !== 'none';
  const { images, labels, n, height, width, channels } = poisoned;
  const set: ImageSet = { images, labels, n, height, width, channels };
  const classes = data.dataset.classes;
  const scores: Partial<Record<Method, Float64Array>> = {};
  const before = { accuracy: 0, asr: null as number | null };
  let cleanAsr: Record<string, number> | undefined;
  let score: number | null = null;
  let done: Intervened[] = [];
  const kept = keptIn(keep, `${dataset} ${name} ${seed}`);
  const settings = { effort: 'normal', seed, threads: 1, ...kept } as const;
  const poison = attack !== 'none';
  const found: Audit = await audit({ set, classes }, settings, {}, async (watched, findings) => {
    const { checkpoints, trainer } = watched;
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
    const network = silentNetwork(trainer);
    const clean = pick(data.test, [...Array(Math.min(TRUSTED, data.test.n)).keys()]);
    const observed = {
      set,
      classes: classes.length,
      features: checkpoints[checkpoints.length - 1].features,
      // Half-way: after the first epoch, few poisoned samples are not learned yet either.
      loss: checkpoints[1].loss,
      network,
      trusted: { set: clean, features: await network.features(clean) },
      epsilon: condition.rate,
      seed,
    };
    for (const detector of detectors) scores[detector.name] = (await detector.detect(observed)).scores!;
    await network.release();
    if (data.triggered) before.asr = (await trainer.evaluate(data.triggered, 'triggered')).accuracy;
    if (!deep) return;
    score = await scoreOf(checkpoints, poisoned, classes.length, seed);
    const judgedOn = { test: data.test, triggered: data.triggered };
    const asked = allInterventions.filter((how) => interventions || how === 'retrain');
    const audited = { labelled: { set, classes }, watched, found: findings, settings: settingsFor(n, settings) };
    done = await intervene(audited, asked, judgedOn);
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
    found: poison && marked.every((m, c) => m || !isTarget(c)),
    flagged: marked.filter((m, c) => m && isTarget(c)).length,
    falseAlarms: marked.filter((m, c) => m && !isTarget(c)).length,
    notes: found.classes.filter((c) => c.note !== null).length,
    p: poison ? found.classes[TARGET].p : Math.min(...found.classes.map((c) => c.p)),
    auroc: each((s) => auroc(s, poisoned.poisoned)!.auroc),
    auprc: each((s) => auprc(s, poisoned.poisoned)),
    accuracy: { before: before.accuracy, after: after?.accuracy ?? null },
    asr: { before: before.asr, after: after?.asr ?? null },
    cleanAsr,
    poisoned: poisoned.poisoned.reduce((a, b) => a + b, 0),
    named: { all: found.suspicious.length, poisoned: found.suspicious.filter((i) => poisoned.poisoned[i]).length },
    sides: poison ? found.classes[TARGET].sides : null,
    information: informationOf(found, poisoned, [...classes.keys()].filter(isTarget)),
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

/** Kendall's τ of the stealth score and the AUROC of each method, over the sets that have both. */
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
    `| ${METHODS.map(titleOf).join(' | ')} |`,
    `|${METHODS.map(() => '---|').join('')}`,
    `| ${cells.join(' | ')} |`,
    '',
  ];
}

/** The main result, of BadNets and Blend at 5 % and 10 % and of clean sets: the worst of all sets, and means. */
function summary(rows: readonly Row[]): string[] {
  const plain = rows.filter((r) => /^(badnets|blend) (5|10) %$/.test(r.condition));
  const clean = rows.filter((r) => r.condition.startsWith('clean'));
  if (plain.length === 0) return [];
  const count = (of: readonly Row[], hit: (r: Row) => boolean) => `${of.filter(hit).length} of ${of.length}`;
  const best = (r: Row) => Math.max(...METHODS.slice(1).map((m) => r.auroc[m]!));
  // Differences to the network that was trained on the clean set of the same seed.
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
    `| target flagged | ${count(plain, (r) => r.found)} |`,
    `| another class flagged | ${count(plain, (r) => r.falseAlarms > 0)} |`,
    `| smallest AUROC of a set | ${show(Math.min(...plain.map((r) => r.auroc.audit!)))} |`,
    `| largest distance below the best published detector on the same set | ${show(Math.max(...plain.map((r) => best(r) - r.auroc.audit!)))} |`,
    `| ASR after cleaning minus that of the clean network: mean (smallest … largest) | ${beside(
      (r) => r.asr.after,
      (c, attack) => c.cleanAsr?.[attack],
    )} |`,
    `| clean accuracy after cleaning minus that of the clean network | ${beside(
      (r) => r.accuracy.after,
      (c) => c.accuracy.before,
    )} |`,
    `| false alarms on clean sets, balanced and imbalanced | ${count(clean, (r) => r.falseAlarms > 0)} |`,
    '',
  ];
}

/** Spread over the other classes of both clusters of flagged targets, by which the poisoned cluster is recognised. */
function spreadLine(rows: readonly Row[]): string[] {
  const decided = rows.flatMap(({ condition, sides }) => {
    const poisoned = poisonedCluster({ sides });
    return /^(badnets|blend)/.test(condition) && sides && poisoned !== null
      ? [{ poisoned: sides.content[poisoned].spread, rest: sides.content[1 - poisoned].spread }]
      : [];
  });
  if (decided.length === 0) return [];
  const range = (of: 'poisoned' | 'rest') => {
    const v = decided.map((d) => d[of]);
    return `${show(Math.min(...v), 2)} … ${show(Math.max(...v), 2)}`;
  };
  const count = `${decided.length} sets of BadNets and Blend`;
  return [
    `Spread of the cluster taken for poisoned and of the other cluster, ${count}: ${range('poisoned')} and ${range('rest')}.`,
    '',
  ];
}

/** Countermeasures and their results. */
function interventionTable(rows: readonly Row[]): string[] {
  const some = rows.filter((r) => r.interventions?.length > 0);
  if (some.length === 0) return [];
  const lines = [
    '| set, seed | countermeasure | clean accuracy | ASR | named samples assigned to their label | |',
    '|---|---|---|---|---|---|',
  ];
  for (const { condition, seed, interventions } of some)
    for (const { how, judgement, note } of interventions) {
      const cells = [judgement?.accuracy, judgement?.asr, judgement?.named].map((v) => show(v ?? Number.NaN));
      lines.push(`| ${[`${condition}, ${seed}`, how, ...cells, note].join(' | ')} |`);
    }
  return [...lines, ''];
}

/** In how many sets a target is flagged, and of several targets how often all. */
function targetsFound(rows: readonly Row[], several: boolean): string {
  const count = (of: (r: Row) => boolean) => `${rows.filter(of).length} of ${rows.length}`;
  const all = count((r) => r.found);
  return several ? `${count((r) => r.flagged > 0)}, all: ${all}` : all;
}

/** Share of the poisoned samples that were named, and number of others that were named, per set with a flagged target. */
function named(rows: readonly Row[]): string {
  const found = rows.filter((r) => r.flagged > 0);
  if (found.length === 0) return '–';
  const share = mean(found.map((r) => r.named.poisoned / r.poisoned));
  return `${show(share)}, ${show(mean(found.map((r) => r.named.all - r.named.poisoned)), 1)}`;
}

/** Before and after cleaning, and of a network trained on the clean set. */
const change = (what: 'accuracy' | 'asr', rows: readonly Row[], clean: number) =>
  `${show(mean(rows.map((r) => r[what].before)))} → ${show(mean(rows.map((r) => r[what].after)))} (${show(clean)})`;

const titleOf = (m: Method) => (m === 'audit' ? 'ibscope audit' : m);

/** Tables of all rows in Markdown, grouped by data set and condition. */
export function auditTable(rows: readonly Row[]): string {
  const lines: string[] = [];
  for (const [dataset, title] of Object.entries(DATASETS)) {
    const of = rows.filter((r) => r.dataset === dataset);
    if (of.length === 0) continue;
    lines.push(
      `## ${title}`,
      '',
      ...summary(of),
      `| set | target flagged | another class flagged | largest p of the target (clean: smallest p) | AUROC ${METHODS.join(' / ')} | AUPRC audit / best published detector | poisoned named, others named | clean accuracy before → after (clean network) | ASR before → after (clean network) |`,
      '|---|---|---|---|---|---|---|---|---|',
    );
    for (const { name, attack, targets } of CONDITIONS) {
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
          poison ? targetsFound(some, targets !== undefined) : '',
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
      keep: { type: 'string' },
    },
  });
  for (const folder of [values.out, values.keep]) if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const file = join(values.out, 'audit-rows.jsonl');
  const read = () => readRows<Row>(file);
  const only = values.only?.split(',');
  const known = new Set(read().map((r) => `${r.dataset} ${r.condition} ${r.seed}`));
  const jobs: Job[] = [];
  // Seed by seed, so that the rows at any time are a whole grid of fewer seeds.
  for (let seed = 0; seed < Math.max(Number(values.seeds), Number(values['cifar-seeds'])); seed++)
    for (const condition of CONDITIONS) {
      if (only && !only.some((o) => condition.name.startsWith(o))) continue;
      const most = [Number(values.seeds), Number(values['cifar-seeds'])];
      const [shapes, cifar] = most.map((n, i) => Math.min(n, condition.seeds?.[i] ?? n));
      const more = {
        condition,
        seed,
        keep: values.keep,
        deep: condition.targets === undefined && seed < Math.min(cifar, Number(values.deep)),
        interventions: seed === 0 && /^(badnets|blend) 5 %$/.test(condition.name),
      };
      if (seed < shapes) jobs.push({ dataset: 'shapes10', trainLimit: condition.images ?? 2000, ...more });
      if (values.images && seed < cifar)
        jobs.push({ dataset: 'folder', dataDir: values.images, trainLimit: condition.images ?? 4000, ...more });
    }
  const open = jobs.filter((j) => !known.has(`${j.dataset} ${j.condition.name} ${j.seed}`));
  await makeRows(
    file,
    open,
    benchJobs('one'),
    'sets',
    (row) =>
      `${row.dataset}, ${row.condition}, seed ${row.seed}: p ${row.p.toExponential(1)}, audit ${row.seconds.toFixed(0)} s`,
  );
  const head =
    '# What the audit finds\n\n`npm run -s bench -- audit` makes these tables; [audit.md](audit.md#baselines) explains the columns.\n\n';
  const text = auditTable(read());
  writeFileSync(join(values.out, 'audit-table.md'), `${head}${text}`);
  console.log(text);
}
