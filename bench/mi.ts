/**
 * Estimators × tasks × seeds, written as a table into `docs/estimators-table.md`: mean error, spread over seeds, seconds.
 *
 * `--tasks A,B`, `--estimators A,B`, `--samples N` and `--seeds N` narrow the work; `--out FILE` puts the table elsewhere.
 */
import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { UserError } from '../src/base/errors.js';
import { estimator } from '../src/information/index.js';
import { taskNamed, tasks } from '../src/information/tasks/index.js';
import type { Estimator, Samples } from '../src/information/types.js';

const ESTIMATORS = ['infonce', 'nwj', 'mine', 'smile', 'ksg', 'cca', 'plugin', 'mixed'];
/** More columns than this together, and neighbours or a full covariance answer nothing. */
const WIDE = 500;
/** Bounds that must stay below the truth on held-out samples. */
const BOUNDS = ['infonce', 'nwj', 'mine'];

const mean = (v: readonly number[]) => v.reduce((s, x) => s + x, 0) / v.length;
const spread = (v: readonly number[]) => Math.sqrt(v.reduce((s, x) => s + (x - mean(v)) ** 2, 0) / (v.length - 1 || 1));

/** Whether the estimator is meant for such variables. */
function fits({ name }: Estimator, a: Samples, b: Samples): boolean {
  const discrete = Number(a.discrete) + Number(b.discrete);
  if (name === 'plugin') return discrete === 2;
  if (name === 'ksg' || name === 'cca') return discrete === 0 && a.d + b.d <= WIDE;
  return name !== 'mixed' || a.d + b.d <= WIDE;
}

interface Cell {
  nats: number[];
  seconds: number;
}

export async function main(args: string[]): Promise<void> {
  const option = (name: string) => (args.includes(`--${name}`) ? args[args.indexOf(`--${name}`) + 1] : undefined);
  const chosen = option('tasks')?.split(',').map(taskNamed) ?? tasks;
  const names = option('estimators')?.split(',') ?? ESTIMATORS;
  const n = Number(option('samples') ?? 2000);
  const seeds = Array.from({ length: Number(option('seeds') ?? 5) }, (_, seed) => seed);
  const out = option('out') ?? 'docs/estimators-table.md';
  const lines: string[] = [];
  const above = new Map(BOUNDS.map((name) => [name, { pairs: 0, over: 0 }]));
  let done = 0;
  for (const task of chosen) {
    const cells = new Map<string, Cell>();
    for (const seed of seeds) {
      const { a, b } = task.sample(n, seed);
      for (const name of names) {
        const with_ = estimator(name);
        done++;
        if (!fits(with_, a, b)) continue;
        process.stderr.write(`\r\x1b[2K${done} of ${chosen.length * names.length * seeds.length}  ${task.id}  ${name}`);
        const started = performance.now();
        try {
          const { nats, standardError } = await with_.estimate(a, b, { seed });
          const cell = cells.get(name) ?? { nats: [], seconds: 0 };
          cell.nats.push(nats);
          cell.seconds += (performance.now() - started) / 1000 / seeds.length;
          cells.set(name, cell);
          const bound = above.get(name);
          if (bound) {
            bound.pairs++;
            if (nats > task.truth + 2 * Math.hypot(standardError, task.truthError)) bound.over++;
          }
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
        }
      }
    }
    const row = names.map((name) => {
      const cell = cells.get(name);
      if (!cell) return '';
      return `${mean(cell.nats).toFixed(3)} ± ${spread(cell.nats).toFixed(3)} (${cell.seconds.toFixed(1)} s)`;
    });
    lines.push(`| \`${task.id}\` | ${task.truth.toFixed(3)} | ${row.join(' | ')} |`);
    writeFileSync(out, document(names, n, seeds.length, lines, above));
  }
  process.stderr.write('\r\x1b[2K');
  console.log(`${out}: ${chosen.length} tasks`);
}

function document(
  names: string[],
  n: number,
  seeds: number,
  rows: string[],
  above: Map<string, { pairs: number; over: number }>,
): string {
  const counts = [...above]
    .filter(([, { pairs }]) => pairs > 0)
    .map(([name, { pairs, over }]) => `\`${name}\` ${over} of ${pairs}`);
  return [
    '# Estimators on tasks with a known answer',
    '',
    `Mean ± spread over ${seeds} samples of ${n} pairs, default settings, in nats; seconds per estimate. An empty cell: the`,
    'estimator is not for such variables. `npm run bench:mi` writes this page; the laws are in `src/information/tasks`.',
    '',
    `| task | truth | ${names.join(' | ')} |`,
    `|---|---|${names.map(() => '---|').join('')}`,
    ...rows,
    '',
    ...(counts.length === 0
      ? []
      : [
          `Above the truth by more than two of their own standard errors, pairs of task and seed: ${counts.join(', ')}.`,
          '',
        ]),
  ].join('\n');
}
