/** Runs that the dashboard starts: each is a command line of its own, so that it outlives the page that started it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { pluginArguments } from '../base/plugins.js';

/** Last lines of a run's stderr that are kept: what it says on its way and no file has. */
const LINES = 20;

interface Started {
  child: ChildProcess;
  lines: string[];
  code: number | null;
}

export class StartedRuns {
  private readonly started = new Map<string, Started>();

  /** `main`: path of the script that is the command line. */
  constructor(private readonly main: string) {}

  /** Starts `ibscope ARGS` as the run of that id, with the plugins of this server. */
  start(id: string, args: readonly string[]): void {
    // A process group of its own: Ctrl-C in the terminal reaches this server only, which then asks each run once.
    const child = spawn(process.execPath, [this.main, ...pluginArguments(), ...args], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const started: Started = { child, lines: [], code: null };
    child.stderr!.on('data', (chunk: Buffer) => {
      started.lines.push(
        ...chunk
          .toString()
          .split(/[\r\n]+/)
          .filter(Boolean),
      );
      started.lines.splice(0, started.lines.length - LINES);
    });
    // A run that a signal ended has no exit code.
    child.on('exit', (code) => {
      started.code = code ?? -1;
    });
    child.on('error', (error) => {
      started.code ??= -1;
      started.lines.push(error.message);
    });
    this.started.set(id, started);
  }

  /** Asks a run to finish its step, save and end; false where this server started no run of that id, or it has ended. */
  stop(id: string): boolean {
    const found = this.started.get(id);
    if (!found || found.code !== null) return false;
    return found.child.kill('SIGINT');
  }

  isRunning(id: string): boolean {
    return this.started.get(id)?.code === null;
  }

  /** The last lines of a run's stderr; none where this server did not start it. */
  lines(id: string): string[] {
    return this.started.get(id)?.lines ?? [];
  }

  /** Asks every run that is in progress to save and stop. */
  close(): void {
    for (const { child, code } of this.started.values()) if (code === null) child.kill('SIGINT');
  }
}
