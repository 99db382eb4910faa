/**
 * Noise models of resolved information, side by side: how far each sets the poisoned samples of a study's runs apart from their clean ones,
 * in units of its own null, and whether its p is uniform where nothing is poisoned.
 *
 *   npm run -s bench -- variants DIR
 *
 * DIR is the folder of a study that kept its probes. Every finished run and variant appends a row to docs/estimators-variants.jsonl, so that
 * a stopped measurement goes on; the page docs/estimators-variants.md is made of the rows. I(X;T) alone is compared (β = 0).
 */
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../src/base/errors.js';
import { isClassGroup, isNullGroup, partOf } from '../src/dynamics/group-id.js';
import {
  calibration,
  everyClassAsTarget,
  mean,
  type StealthResult,
  standardDeviation,
  stealth,
} from '../src/dynamics/index.js';
import { readSafetensors } from '../src/formats/safetensors.js';
import type { Variant } from '../src/information/resolved-moment.js';
import {
  cleanLadder,
  kappasOf,
  ladders,
  type ResolutionRow,
  resolvedRows,
  SCORED,
} from '../src/pipeline/resolution.js';
import { RunDirectory } from '../src/runs/directory.js';
import { type GroupsDocument, readRunDocument } from '../src/runs/documents.js';
import { channelOf, tensorDraws } from '../src/runs/probes.js';

const VARIANTS: readonly Variant[] = [
  'own',
  'common',
  'diagonal',
  'isotropic',
  'draw-means',
  'cross-draws',
  'gaussian',
];

interface Row {
  run: string;
  attack: string;
  seed: number;
  variant: Variant;
  kappa: number;
  /** Poisoned minus clean samples at every moment, nats. */
  difference: number[];
  /** Integration gap, and mean and standard deviation of the null's. */
  gap: number;
  null: [number, number];
  p: number | null;
  /** p of every class as target, where nothing is poisoned. */
  classes?: number[];
}

/** The ladders of one moment, every variant of every group that the score reads. */
async function momentRows(dir: RunDirectory, epoch: number, gamma: number, seed: number): Promise<ResolutionRow[]> {
  const { tensors } = await readSafetensors(dir.probe(epoch));
  const channel = (await channelOf(dir, epoch, tensors, gamma))!;
  const t = tensorDraws(tensors.t);
  const plan = (await dir.readDocument<GroupsDocument>('groups.json'))!;
  const read = Object.entries(plan.groups).filter(
    ([id]) => isClassGroup(id) || isNullGroup(id) || /\/(backdoor|clean|all)$/.test(id),
  );
  const groups = new Map(read.map(([id, rows]) => [id, Int32Array.from(rows)]));
  return ladders(epoch, seed, { t, groups }, channel, VARIANTS).rows;
}

async function rowsOfRun(path: string, name: string): Promise<Row[]> {
  const dir = await RunDirectory.read(path);
  const { config } = await readRunDocument(dir);
  const measured: ResolutionRow[] = [];
  for (const epoch of await dir.probes()) measured.push(...(await momentRows(dir, epoch, config.noise, config.seed)));
  const { target } = config;
  const found: Row[] = [];
  for (const variant of VARIANTS) {
    const scored = { ...SCORED, 'I(X;T)': variant };
    // A Gaussian model has no ceiling, so no κ of its own: it takes that of `own`.
    const ruled = variant === 'gaussian' ? 'own' : variant;
    const kappas = kappasOf([
      cleanLadder(
        measured.map((r) =>
          r.variant === ruled ? { ...r, variant: 'own' } : r.variant === 'own' ? { ...r, variant: 'other' } : r,
        ),
      ),
    ]);
    const table = resolvedRows(measured, kappas, scored).map((r) => ({ ...r, saturated: false }));
    const options = { target, beta: 0, estimator: 'resolved' };
    const result = stealth(table, options);
    const at = (part: 'backdoor' | 'clean') =>
      table
        .filter((r) => r.quantity === 'I(X;T)' && r.group === partOf(target, part))
        .sort((a, b) => a.epoch - b.epoch);
    const [b, c] = [at('backdoor'), at('clean')];
    found.push({
      run: name,
      attack: config.attack,
      seed: config.seed,
      variant,
      kappa: kappas['I(X;T)']!,
      difference: b.map((r, i) => Number((r.nats - c[i].nats).toPrecision(4))),
      ...gapsOf(result),
      p: result.p,
      ...(config.attack === 'none'
        ? { classes: everyClassAsTarget(table, options).flatMap(({ p }) => (p === null ? [] : [p])) }
        : {}),
    });
  }
  return found;
}

function gapsOf({ parts, null: range }: StealthResult): Pick<Row, 'gap' | 'null'> {
  const gaps = range!.gapsByClass!.flat();
  return { gap: parts['I(X;T)']!.integrationGap, null: [mean(gaps), standardDeviation(gaps)] };
}

const text = (x: number, digits = 2) => x.toFixed(digits).replace('-', '−');
const chance = (p: number) => (p < 0.001 ? p.toExponential(0) : p.toFixed(3));

function page(rows: readonly Row[]): string {
  const attacks = [...new Set(rows.map((r) => r.attack))].filter((a) => a !== 'none');
  const of = (variant: Variant, attack: string) => rows.filter((r) => r.variant === variant && r.attack === attack);
  const lines = VARIANTS.map((variant) => {
    const none = of(variant, 'none');
    const classes = none.flatMap((r) => (r.classes ? [r.classes] : []));
    const uniform = classes.length > 0 ? calibration(classes) : null;
    const cells = attacks.flatMap((attack) => {
      const own = of(variant, attack);
      const away = own.map((r) => (r.gap - r.null[0]) / r.null[1]);
      const all = own.flatMap((r) => r.difference);
      return [
        `${text(Math.min(...all))} … ${text(Math.max(...all))}`,
        away.map((a) => text(a, 1)).join(', '),
        own.map((r) => (r.p === null ? '–' : chance(r.p))).join(', '),
      ];
    });
    const small = uniform ? `${uniform.below[0].count} of ${uniform.n}` : '–';
    const smallest = uniform ? chance(Math.min(...classes.flat())) : '–';
    const spread = none.flatMap((r) => r.difference);
    const control = spread.length > 0 ? `${text(Math.min(...spread))} … ${text(Math.max(...spread))}` : '–';
    const kappa = [...new Set(rows.filter((r) => r.variant === variant).map((r) => text(r.kappa, 1)))].join(', ');
    return `| ${variant} | ${[kappa, control, ...cells, small, smallest, uniform ? text(uniform.p, 2) : '–'].join(' | ')} |`;
  });
  const head = [
    'variant',
    'κ',
    'none: nats',
    ...attacks.flatMap((a) => [`${a}: nats`, `${a}: gap, in spreads of the null`, `${a}: p`]),
    'none, every class as target: p ≤ 0.05',
    'smallest',
    'uniform?',
  ];
  return `${INTRO}\n\n| ${head.join(' | ')} |\n|${head.map(() => '---|').join('')}\n${lines.join('\n')}\n`;
}

const INTRO = `# Noise models of resolved information

I(X;T) of poisoned minus clean samples of the target class under seven models of the network's noise, on the runs of one study. *nats*: range
over moments and seeds. *gap, in spreads of the null*: the integration gap minus the mean of the null's gaps, in their standard deviations, by
seed. *p*: by the law of the null, by seed. The last columns: p of every class as target in the runs without poison, and whether they are uniform
(Kolmogorov–Smirnov, p by resampling whole runs and classes).

Made by \`npm run -s bench -- variants DIR\` from the probes of a study (\`--keep-probes\`); the rows are in
[estimators-variants.jsonl](estimators-variants.jsonl).`;

export async function main([folder]: string[]) {
  if (folder === undefined) throw new UserError('name the folder of a study that kept its probes');
  const docs = join(import.meta.dirname, '..', '..', 'docs');
  const file = join(docs, 'estimators-variants.jsonl');
  const known = (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []).map((l): Row => JSON.parse(l));
  const runs = join(folder, 'runs');
  for (const name of readdirSync(runs).sort()) {
    if (known.some((r) => r.run === name) || !existsSync(join(runs, name, 'result.json'))) continue;
    const started = performance.now();
    const rows = await rowsOfRun(join(runs, name), name);
    for (const row of rows) appendFileSync(file, `${JSON.stringify(row)}\n`);
    known.push(...rows);
    console.error(`${name}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  writeFileSync(join(docs, 'estimators-variants.md'), page(known));
}
