/**
 * The black-box adversary: options of a published attack by successive halving (Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and
 * Hyperparameter Optimization", AISTATS 2016, arXiv 1502.07943). Every candidate is judged by a real run, first a short one; the better third continues with
 * runs three times as long.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import type { RunHooks } from '../base/progress.js';
import { onDevice } from '../config/device.js';
import type { RunConfig } from '../config/options.js';
import { SUCCESS } from '../dynamics/types.js';
import { LocalExecutor } from '../execution/local.js';
import { writeAtomic } from '../formats/files.js';
import { checkFolder } from '../runs/directory.js';
import { takeLease } from '../runs/lease.js';
import { executePlan } from '../studies/execute.js';
import { planStudy, runsAtOnce } from '../studies/plan.js';
import { sweepStudy } from '../studies/sweep.js';
import { commandOfTrial, type Trial, trialsOf } from '../studies/trials.js';
import type { StudyOptions } from '../studies/types.js';

/** One candidate of so many is kept for the next rung. */
const KEPT = 3;

export interface SearchJob {
  /** As of the study `sweep`: one attack, what is varied, and the seeds on which candidates are judged. */
  options: StudyOptions;
  /** Epochs of the longest runs. */
  epochs: number;
  /** Candidates whose PSNR is lower are never preferred to others; dB. */
  leastPsnr?: number;
  /** Folder of the runs and the document; finished runs in it are reused. */
  out: string;
  /** Runs at a time. */
  jobs?: number;
}

/** One candidate in one rung. */
export type Candidate = Pick<Trial, 'values' | 'asr' | 'accuracy' | 'score' | 'p' | 'psnr' | 'reason'> & {
  /** From 1, the same in every rung. */
  candidate: number;
  kept: boolean;
};

/** `search.json`. */
export interface SearchDocument {
  attack: string;
  leastPsnr: number | null;
  rungs: { epochs: number; candidates: Candidate[] }[];
  best: Candidate & { command: string };
  /** Runs, and epochs of training over all of them. */
  budget: { runs: number; epochs: number };
}

/** Epochs of each rung, the last one whole, and how many of `candidates` take part in it: `KEPT` times fewer from rung to rung. */
export function rungsOf(candidates: number, epochs: number): { epochs: number; candidates: number }[] {
  const rungs = [{ epochs, candidates: 1 }];
  for (let many = KEPT, left = epochs / KEPT; rungs[0].candidates < candidates; many *= KEPT, left /= KEPT) {
    if (left < 1) break;
    rungs.unshift({ epochs: Math.max(1, Math.round(left)), candidates: Math.min(candidates, many) });
  }
  rungs[0].candidates = candidates;
  return rungs;
}

/**
 * The candidates in the order of preference: those that are not more visible than allowed, of these those that succeed, by S; then by ASR.
 * A candidate without a score counts as S = 0.
 */
export function ranked<C extends Pick<Candidate, 'asr' | 'score' | 'psnr'>>(all: readonly C[], leastPsnr = 0): C[] {
  const key = ({ asr, score, psnr }: C): [number, number, number] => {
    const succeeds = (asr ?? 0) >= SUCCESS;
    return [
      Number((psnr ?? Number.POSITIVE_INFINITY) >= leastPsnr),
      Number(succeeds),
      succeeds ? (score ?? 0) : (asr ?? 0),
    ];
  };
  return [...all].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    const at = x.findIndex((v, i) => v !== y[i]);
    return at < 0 ? 0 : y[at] - x[at];
  });
}

/** Searches, or resumes: finished runs are reused. Throws `UserError` where no candidate has a result. */
export async function search(job: SearchJob, hooks: RunHooks): Promise<SearchDocument> {
  const { options, out, leastPsnr } = job;
  const planned = (epochs: number) => sweepStudy.plan({ ...options, base: { ...options.base, epochs } });
  const seeds = options.seeds.length;
  const longest = planned(job.epochs);
  const all = longest.length / seeds;
  await checkFolder(out, true);
  await mkdir(out, { recursive: true });
  const lease = takeLease(out);
  const executor = new LocalExecutor(runsAtOnce(longest, job.jobs), () => hooks.shouldStop?.() ?? false);
  try {
    const rungs: SearchDocument['rungs'] = [];
    let left = Array.from({ length: all }, (_, i) => i);
    let best: SearchDocument['best'] | null = null;
    const budget = { runs: 0, epochs: 0 };
    const sizes = rungsOf(all, job.epochs);
    for (const [r, { epochs, candidates }] of sizes.entries()) {
      left = left.slice(0, candidates);
      const configs: { candidate: number; config: RunConfig }[] = [];
      // The plan has all candidates of one seed before those of the next.
      for (const [i, config] of planned(epochs).entries())
        if (left.includes(i % all)) configs.push({ candidate: i % all, config: await onDevice(config, hooks) });
      hooks.line?.(`rung ${r + 1} of ${sizes.length}: ${left.length} candidates, ${epochs} epochs`);
      const plan = await planStudy(
        configs.map((c) => c.config),
        out,
        executor,
        hooks,
        true,
      );
      const { runs } = await executePlan(plan, out, executor, hooks);
      budget.runs += plan.runs.length;
      budget.epochs += epochs * plan.runs.length;
      const rows = trialsOf(runs, options.sweep!.vary).map((trial) => ({ trial, row: rowOf(trial, configs) }));
      if (rows.length === 0) throw new UserError(`${out}: no candidate of the rung with ${epochs} epochs has a result`);
      const order = ranked(
        rows.map(({ row }) => row),
        leastPsnr,
      );
      left = order.map((row) => row.candidate - 1);
      const next = sizes[r + 1]?.candidates ?? 1;
      for (const row of order.slice(0, next)) row.kept = true;
      rungs.push({ epochs, candidates: order });
      const { trial } = rows.find(({ row }) => row === order[0])!;
      best = { ...order[0], command: commandOfTrial(trial, 'runs/best') };
    }
    const document = { attack: options.attacks[0].attack, leastPsnr: leastPsnr ?? null, rungs, best: best!, budget };
    await writeAtomic(join(out, 'search.json'), `${JSON.stringify(document, null, 1)}\n`);
    return document;
  } finally {
    executor.close();
    lease.release();
  }
}

/** A trial as a candidate: its number is that of the plan, whatever other candidates left the search. */
function rowOf(trial: Trial, configs: readonly { candidate: number; config: RunConfig }[]): Candidate {
  const { values, asr, accuracy, score, p, psnr, reason, config } = trial;
  const { candidate } = configs.find((c) => identity(c.config) === identity(config))!;
  return { candidate: candidate + 1, values, asr, accuracy, score, p, psnr, reason, kept: false };
}

/** What tells candidates apart: all but the options in which the rungs and seeds of one candidate differ. */
const identity = ({ epochs, checkpoints, seed, probeSize, device, ...rest }: RunConfig) => JSON.stringify(rest);
