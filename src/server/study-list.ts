/** The studies of the folder by their plans: how many jobs wait, run (and where), are done or failed, and the time that is left. */
import { join } from 'node:path';
import { failedNames } from '../runs/failures.js';
import { holderOf } from '../runs/lease.js';
import type { PlannedJob, StudyPlanFile } from '../runs/study-plan.js';
import { readJson, whyUnread } from './read.js';

export interface StudySummary {
  /** Folder of the study, as a path from the folder of the list, with `/`. */
  id: string;
  /** Why its plan cannot be read. */
  problem?: string;
  /** Name of the study, such as `attacks`. */
  study?: string;
  jobs?: Record<'waiting' | 'running' | 'done' | 'failed', number>;
  /** Jobs in progress on each machine. */
  places?: { host: string; jobs: number }[];
  /** Names of the runs that failed. */
  failed?: string[];
  /** Estimated seconds until the last job has ended at as many at a time as now; null where none is in progress. */
  secondsLeft?: number | null;
}

/** What the list says of a run (`RunSummary`). */
interface SeenRun {
  state: string;
  epoch?: number;
  epochs?: number;
}

/** What is kept of a plan. */
export interface KnownPlan {
  study: string;
  jobs: Pick<PlannedJob, 'name' | 'seconds'>[];
}

/** Reads the plan in a folder. Throws for a file that is none. */
export function planOf(file: string): KnownPlan {
  const plan = readJson<Partial<StudyPlanFile>>(file);
  if (typeof plan?.study !== 'string' || !Array.isArray(plan.jobs)) throw new Error('is not the plan of a study');
  const jobs = plan.jobs.map((job) => ({ name: String(job?.name), seconds: Number(job?.seconds) || 0 }));
  return { study: plan.study, jobs };
}

/** The study in `path`, with the runs of the whole list by their ids. */
export function summariseStudy(
  path: string,
  id: string,
  plan: KnownPlan,
  runs: ReadonlyMap<string, SeenRun>,
): StudySummary {
  const failures = failedNames(path);
  const jobs = { waiting: 0, running: 0, done: 0, failed: 0 };
  const places = new Map<string, number>();
  const failed: string[] = [];
  let seconds = 0;
  for (const job of plan.jobs) {
    const run = runs.get(`${id === '.' ? '' : `${id}/`}runs/${job.name}`);
    const state =
      run?.state === 'done' || run?.state === 'running' ? run.state : failures.has(job.name) ? 'failed' : 'waiting';
    jobs[state]++;
    if (state === 'failed') failed.push(job.name);
    if (state === 'running') {
      const host = holderOf(join(path, 'runs', job.name))?.host ?? 'this machine';
      places.set(host, (places.get(host) ?? 0) + 1);
    }
    if (state === 'running' || state === 'waiting')
      seconds += job.seconds * (1 - (run?.epoch ?? 0) / (run?.epochs ?? 1));
  }
  return {
    id,
    study: plan.study,
    jobs,
    places: [...places].map(([host, jobs]) => ({ host, jobs })).sort((a, b) => a.host.localeCompare(b.host)),
    failed,
    secondsLeft: jobs.running > 0 ? Math.round(seconds / jobs.running) : null,
  };
}

/** A plan that cannot be read. */
export const unreadStudy = (id: string, error: unknown): StudySummary => ({ id, problem: whyUnread(error) });
