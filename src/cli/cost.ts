/** The cost of runs in words, for `--dry-run`. */

import { duration } from '../base/duration.js';
import { loadWords, type RunCost, secondsOf } from '../pipeline/run-cost.js';
import { table } from './table.js';

const tera = (flops: number) => (flops / 1e12).toPrecision(3);

/** The cost of one run, by kinds of work. */
export function costWords(c: RunCost): string {
  const rows = [
    ['training and evaluation', `${tera(c.trainingFlops)} TFLOP`, duration(c.trainingSeconds)],
    ['probes', `${tera(c.probeFlops)} TFLOP`, duration(c.probeSeconds)],
    ['resolved information', '–', duration(c.resolvedSeconds)],
    ['critics', `${tera(c.criticFlops)} TFLOP`, duration(c.criticSeconds)],
    ['data, pictures and report', '–', duration(c.otherSeconds)],
    ['all', `${tera(c.trainingFlops + c.probeFlops + c.criticFlops)} TFLOP`, duration(secondsOf(c))],
  ];
  return `${table(['', 'operations', 'time here'], rows)}\ntimes: number of steps × time of a step, measured on this machine now\n${[loadWords(), ...c.missing].join('\n')}`;
}

/** The costs of the kinds of run in a study, a row each. */
export function costTable(costs: readonly ({ runs: number; like: string } & RunCost)[]): string {
  const rows = costs.map((c) => [
    c.like,
    String(c.runs),
    tera(c.trainingFlops),
    tera(c.criticFlops),
    duration(c.trainingSeconds + c.probeSeconds),
    duration(c.criticSeconds + c.resolvedSeconds),
    duration(secondsOf(c)),
  ]);
  const head = ['one run like', 'runs', 'training TFLOP', 'critic TFLOP', 'training and probes', 'information', 'all'];
  return `${table(head, rows)}\n${loadWords()}`;
}
