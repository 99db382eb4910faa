/** Runs that the dashboard starts: each a command line of its own, so that it outlives a page, and ends as one by hand does. */

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { flagOf } from '../config/flags.js';
import type { RunConfig } from '../config/options.js';

const MAIN = fileURLToPath(new URL('../cli/main.js', import.meta.url));

/** What a run says on its way that no file has: its last lines. */
const LINES = 20;

interface Started {
  child: ChildProcess;
  lines: string[];
  code: number | null;
}

export class Work {
  private readonly started = new Map<string, Started>();

  /** The command line that stands for a request, as arguments. */
  static arguments(config: Partial<Record<keyof RunConfig, unknown>>, out: string, resume: boolean): string[] {
    const args = ['run'];
    for (const [key, value] of Object.entries(config)) {
      if (value === undefined || value === '') continue;
      const values =
        key === 'attackOption' && Array.isArray(value) ? value : [Array.isArray(value) ? value.join(',') : value];
      for (const v of values) args.push(flagOf(key), String(v));
    }
    return [...args, '--out', out, ...(resume ? ['--resume'] : [])];
  }

  start(id: string, args: string[]): void {
    // A group of its own: Ctrl-C in the terminal reaches this server, which then asks once.
    const child = spawn(process.execPath, [MAIN, ...args], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
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
    // A signal's end has no code, and is an end all the same.
    child.on('exit', (code) => {
      started.code = code ?? -1;
    });
    child.on('error', (error) => {
      started.code ??= -1;
      started.lines.push(error.message);
    });
    this.started.set(id, started);
  }

  /** Asks a run to finish its step, save and end; false where this server started none of that name. */
  stop(id: string): boolean {
    const found = this.started.get(id);
    if (!found || found.code !== null) return false;
    return found.child.kill('SIGINT');
  }

  isRunning(id: string): boolean {
    return this.started.get(id)?.code === null;
  }

  lines(id: string): string[] {
    return this.started.get(id)?.lines ?? [];
  }

  /** All that still run are asked to stop; what they have is saved. */
  close(): void {
    for (const { child, code } of this.started.values()) if (code === null) child.kill('SIGINT');
  }
}
