/** The numbers of runs as rows, for other programs. Units: nats, epochs, seconds; shares in 0 … 1. */

import { UserError } from '../base/errors.js';
import { reportOf } from '../pipeline/report.js';
import { groupStyle } from '../report/groups.js';
import type { RunReport } from '../report/types.js';
import { RunDirectory } from '../runs/directory.js';
import type { RunResult } from '../runs/documents.js';
import type { TableName } from './names.js';

/** A value in a table; null where there is none. */
export type Cell = string | number | boolean | null;
/** A row by the names of its columns. */
export type Row = Record<string, Cell>;

/** Columns that are not numbers with a fraction. */
const kinds = {
  text: 'run layer group role quantity estimator attack dataset model reason kind'.split(' '),
  whole: 'epoch epochs samples draws seed target window nullDraws start end startLow startHigh endLow endHigh'.split(
    ' ',
  ),
  flag: 'saturated converged'.split(' '),
};

/** What a column of any of the tables holds besides null. */
export function kindOf(column: string): keyof typeof kinds | 'number' {
  return (Object.keys(kinds) as (keyof typeof kinds)[]).find((k) => kinds[k].includes(column)) ?? 'number';
}

/** A run as exports see it. */
export interface Exportable {
  /** Its folder, as the caller named it. */
  run: string;
  report: RunReport;
  /** Null while the run is in progress. */
  result: RunResult | null;
  created: string | null;
}

/** Reads runs, finished or not. Throws `UserError` for a folder that is no run, is damaged, or has neither epochs nor estimates. */
export async function readExportable(paths: readonly string[]): Promise<Exportable[]> {
  const found: Exportable[] = [];
  for (const path of paths) {
    const dir = await RunDirectory.read(path);
    const document = await dir.readDocument<{ created?: string }>('run.json');
    const report = await reportOf(dir);
    if (report.information.length === 0 && report.epochs.length === 0)
      throw new UserError(`${path}: it has no epochs and no estimates yet; a trace is analyzed first: ibscope analyze`);
    found.push({
      run: path.replace(/\/+$/, ''),
      report,
      result: await dir.readDocument<RunResult>('result.json'),
      created: document?.created ?? null,
    });
  }
  return found;
}

/** The role of `k/null-a0` and `k/null-b0`. */
const HALF = 'half of a clean class, for the null';

const finite = (v: number | null | undefined): number | null =>
  typeof v === 'number' && Number.isFinite(v) ? v : null;

const make: Record<TableName, (run: Exportable) => Row[]> = {
  trajectories: ({ run, report }) =>
    report.information.map((e) => ({
      run,
      epoch: e.epoch,
      layer: e.layer ?? null,
      group: e.group,
      role: groupStyle(e.group, report)?.label ?? HALF,
      quantity: e.quantity,
      estimator: e.estimator,
      nats: finite(e.nats),
      standardError: finite(e.standardError),
      heldOutNats: finite(e.heldOutNats),
      trainNats: finite(e.trainNats),
      ceiling: finite(e.ceiling),
      samples: e.samples,
      draws: e.draws,
      saturated: e.saturated,
      converged: e.converged,
    })),
  scores: ({ run, report: r }) => {
    const last = r.epochs.at(-1);
    const s = r.stealth;
    return [
      {
        run,
        attack: r.attack,
        dataset: r.dataset,
        model: r.model,
        seed: finite(r.config.seed as number),
        poisonRate: finite(r.poisonRate),
        target: r.target,
        epochs: last?.epoch ?? null,
        accuracy: finite(last?.testAccuracy),
        asr: finite(last?.asr),
        stealth: finite(s?.score),
        distance: finite(s?.distance),
        excess: finite(s?.excess),
        nullMean: finite(s?.null?.mean),
        nullLow: finite(s?.null?.low),
        nullHigh: finite(s?.null?.high),
        nullDraws: finite(s?.null?.draws),
        p: finite(s?.p),
        beta: finite(s?.beta),
        window: finite(s?.window),
        reason: s?.reason ?? null,
      },
    ];
  },
  phases: ({ run, report }) =>
    report.phases.flatMap((g) =>
      g.phases.map((p) => ({
        run,
        group: g.group,
        role: groupStyle(g.group, report)?.label ?? HALF,
        kind: p.kind,
        start: p.start,
        end: p.end,
        startLow: p.startInterval?.[0] ?? null,
        startHigh: p.startInterval?.[1] ?? null,
        endLow: p.endInterval?.[0] ?? null,
        endHigh: p.endInterval?.[1] ?? null,
      })),
    ),
  epochs: ({ run, report }) => {
    const classes = Math.max(0, ...report.epochs.map((e) => e.classLoss.length));
    return report.epochs.map((e) => ({
      run,
      epoch: e.epoch,
      learningRate: finite(e.learningRate),
      trainLoss: finite(e.trainLoss),
      trainAccuracy: finite(e.trainAccuracy),
      testLoss: finite(e.testLoss),
      testAccuracy: finite(e.testAccuracy),
      backdoorLoss: finite(e.backdoorLoss),
      asr: finite(e.asr),
      seconds: finite(e.seconds),
      ...Object.fromEntries(Array.from({ length: classes }, (_, k) => [`classLoss${k}`, finite(e.classLoss[k])])),
    }));
  },
};

/** One table of all runs, in their order. All rows have the same columns; `epochs` has those of the run with the most classes. */
export function tableOf(name: TableName, runs: readonly Exportable[]): Row[] {
  const rows = runs.flatMap(make[name]);
  const columns = [...new Set(rows.flatMap((r) => Object.keys(r)))];
  return rows.map((r) => Object.fromEntries(columns.map((c) => [c, r[c] ?? null])));
}
