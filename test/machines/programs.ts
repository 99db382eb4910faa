/** Command lines of ibscope that run at the same time, what they say, and what a small study ends with. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAIN } from '../built.js';

/** A command line in progress. */
export class Program {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;

  constructor(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}, wrap: readonly string[] = []) {
    const [program, ...words] = [...wrap, process.execPath, MAIN, ...args];
    this.child = spawn(program, words, { cwd, env: { ...process.env, IBSCOPE_CACHE: join(cwd, '.cache'), ...env } });
    this.child.stdout!.on('data', (text) => {
      this.stdout += text;
    });
    this.child.stderr!.on('data', (text) => {
      this.stderr += text;
    });
    this.ended = new Promise((done) => this.child.once('close', (code, signal) => done(code ?? signal!)));
  }

  /** Waits until stderr holds the text. */
  async says(text: string | RegExp): Promise<void> {
    await until(() => (typeof text === 'string' ? this.stderr.includes(text) : text.test(this.stderr)), this);
  }
}

/** Waits until something holds; fails where the program that is to bring it about ends before. `every`: ms between looks. */
export async function until(holds: () => boolean, program?: Program, every = 20): Promise<void> {
  while (!holds()) {
    const { exitCode, signalCode } = program?.child ?? { exitCode: null, signalCode: null };
    if (program && (exitCode !== null || signalCode !== null)) {
      await program.ended;
      if (holds()) return;
      throw new Error(`ended with ${exitCode ?? signalCode}: ${program.stderr.slice(-2000)}`);
    }
    await sleep(every);
  }
}

/** Options of a study whose runs take seconds. */
export const tinyStudy = (seeds: string, epochs = 1): string[] => [
  ...['study', 'attacks', '--attacks', 'none,badnets', '--rates', '0.3', '--seeds', seeds],
  ...['--model', 'resnet10', '--width', '1', '--batch-size', '50', '--train-limit', '2000', '--test-limit', '50'],
  ...['--epochs', String(epochs), '--checkpoints', `3s,${epochs}`, '--draws', '2', '--null-splits', '0'],
];

/** Folders of the runs of a study. */
export const runsOf = (out: string): string[] => {
  const runs = join(out, 'runs');
  return existsSync(runs) ? readdirSync(runs).sort() : [];
};

/** Results and estimates of all runs of a study, but for places and times, by the name of the run. */
export function numbersOf(out: string): Record<string, unknown> {
  const read = (name: string, file: string) => readFileSync(join(out, 'runs', name, file), 'utf8');
  return Object.fromEntries(
    runsOf(out).map((name) => {
      const { dir: _, report: __, seconds: ___, ...result } = JSON.parse(read(name, 'result.json'));
      return [name, { result, rows: ['information.jsonl', 'resolution.jsonl'].map((log) => read(name, log)) }];
    }),
  );
}

/** Whether a run of the study has been saved in mid-training. */
export const isUnderWay = (out: string): boolean =>
  runsOf(out).some(
    (name) =>
      existsSync(join(out, 'runs', name, 'checkpoints', 'last.safetensors')) &&
      !existsSync(join(out, 'runs', name, 'result.json')),
  );
