/** Slurm as it is seen from the machine that submits: a script for a job array, its submission, and which of its tasks are in the queue. */
import { execFile } from 'node:child_process';
import { MachineError, UserError } from '../base/errors.js';
import { shellWord } from '../base/shell.js';

/** Seconds before the time limit at which a run is asked to save. */
const SAVE_BEFORE = 120;

export interface ArrayScript {
  /** Name of the array in Slurm's lists. */
  name: string;
  /** Folder of the logs. */
  logs: string;
  /** Words of the command that carries out a task; its number follows them. */
  command: readonly string[];
  /** Folder in which the command is given. */
  cwd: string;
  /** Minutes after which Slurm ends a task. */
  minutes: number;
  /** Options of `sbatch` by the user, `name=value` or `name`. */
  options: readonly string[];
}

/** Options of `sbatch` as the user gave them, with two dashes. Throws `UserError` for what is no option. */
export function checkedOptions(options: readonly string[]): string[] {
  return options.map((text) => {
    const option = text.replace(/^--/, '');
    if (!/^[a-z][a-z-]*(=\S.*)?$/.test(option) || /[\r\n]/.test(option))
      throw new UserError(
        `--slurm-option ${JSON.stringify(text)}: an option of sbatch is expected, such as partition=long`,
      );
    return `--${option}`;
  });
}

/**
 * The script of an array. Its argument is added to the number of a task, because Slurm limits these numbers. `USR1` comes before the time limit:
 * the run saves, and its task is queued again. `TERM` comes before a preemption, after which Slurm queues the task itself.
 */
export function arrayScript({ name, logs, command, cwd, minutes, options }: ArrayScript): string {
  const own = [
    `--job-name=${name}`,
    `--output=${logs}/%A_%a.log`,
    '--open-mode=append',
    '--ntasks=1',
    '--cpus-per-task=1',
    `--time=${minutes}`,
    '--requeue',
    `--signal=B:USR1@${SAVE_BEFORE}`,
  ];
  const given = checkedOptions(options);
  const keyOf = (option: string) => option.split('=')[0];
  const kept = own.filter((option) => !given.some((other) => keyOf(other) === keyOf(option)));
  return `#!/bin/bash
${[...kept, ...given].map((option) => `#SBATCH ${option}`).join('\n')}

cd ${shellWord(cwd)} || exit 1
${command.map(shellWord).join(' ')} "$((SLURM_ARRAY_TASK_ID + \${1:-0}))" &
work=$!
trap 'again=1; kill -TERM "$work"' USR1
trap 'kill -TERM "$work"' TERM
wait "$work"; code=$?
# A signal ends "wait" before the command has ended.
while kill -0 "$work" 2>/dev/null; do wait "$work"; code=$?; done
if [ -n "$again" ] && [ "$code" -eq 130 ]; then scontrol requeue "$SLURM_JOB_ID"; fi
exit "$code"
`;
}

/** All that is ever started. */
type Program = 'sbatch' | 'squeue' | 'scontrol';

/** Standard output of a program of Slurm. Rejects with `code` ENOENT where it is not installed, else with its message. */
function slurm(program: Program, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (error.code === 'ENOENT') reject(error);
      else reject(new MachineError(`${program}: ${stderr.trim().split('\n').at(-1) || error.message}`));
    });
  });
}

/** Whether jobs can be submitted from this machine. */
export const hasSlurm = (): Promise<boolean> =>
  slurm('sbatch', ['--version']).then(
    () => true,
    (error) => error.code !== 'ENOENT',
  );

/** Numbers as `sbatch --array` takes them: `0-3,7`. */
export function ranges(numbers: readonly number[]): string {
  const parts: [number, number][] = [];
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const last = parts.at(-1);
    if (last && n === last[1] + 1) last[1] = n;
    else parts.push([n, n]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** Submission of some tasks: the numbers of an array, and what the script adds to them. */
export interface Submission {
  offset: number;
  tasks: number[];
}

/** One submission for each `limit` numbers. */
export function submissions(tasks: readonly number[], limit: number): Submission[] {
  const parts = new Map<number, number[]>();
  for (const task of tasks) {
    const offset = task - (task % limit);
    parts.set(offset, [...(parts.get(offset) ?? []), task - offset]);
  }
  return [...parts].map(([offset, numbers]) => ({ offset, tasks: numbers }));
}

/** The command of a submission. */
export const submitWords = (script: string, { offset, tasks }: Submission): string[] => [
  'sbatch',
  '--parsable',
  `--array=${ranges(tasks)}`,
  script,
  ...(offset > 0 ? [String(offset)] : []),
];

/** Largest number of tasks in an array here; Slurm's default where it does not say. */
export async function arrayLimit(): Promise<number> {
  const config = await slurm('scontrol', ['show', 'config']).catch(() => '');
  return Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(config)?.[1] ?? 1001) - 1;
}

/** Submits; returns the number of the array. */
export async function submit(script: string, submission: Submission): Promise<string> {
  const [, ...args] = submitWords(script, submission);
  return (await slurm('sbatch', args)).trim().split(';')[0];
}

/** The tasks of this user that wait or run, as `ARRAY_TASK`: the machine on which each runs, or ''. */
export async function tasksInQueue(): Promise<Map<string, string>> {
  const lines = (await slurm('squeue', ['--noheader', '--array', '--me', '--format=%F %K %t %N'])).split('\n');
  return new Map(
    lines.filter(Boolean).map((line) => {
      const [array, task, state, node = ''] = line.trim().split(/\s+/);
      return [`${array}_${task}`, state === 'R' ? node : ''];
    }),
  );
}
