/** Slices of a study in as many processes as there are cores, of ibscope or of PyTorch. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { python } from '../step/measure.js';

export interface SliceRequest {
  model: string;
  width: number;
  batch: number;
  /** γ */
  noise: number;
  /** Images that are trained on. */
  images: number;
  /** Images of each of the `passes`. */
  probed: number;
  passes: number;
  /** Groups that are estimated, and the samples of each. */
  groups: number;
  samples: number;
}

/** Seconds of each part, and the mean of all estimates in units of their own noise, nats. */
export interface SliceFigures {
  training: number;
  probes: number;
  estimates: number;
  meanNats: number;
}

/** From `.bench/bench/slice`, where this runs. */
const PEER = join(import.meta.dirname, '../../../bench/peer_slice.py');

function lastLine<Figures>(command: string, args: string[]): Promise<Figures> {
  return new Promise((done, fail) => {
    const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (part) => {
      text += part;
    });
    child.on('error', fail);
    child.on('close', (code) => {
      if (code === 0) done(JSON.parse(text.trim().split('\n').at(-1)!));
      else fail(new Error(`${command} ${args[0]}: exit code ${code}`));
    });
  });
}

/** The means of what as many processes as there are cores print, all at the same time: one line of JSON each, of numbers. */
export async function ofEveryCore<Figures extends object>(command: string, args: string[]): Promise<Figures> {
  const all = await Promise.all(
    Array.from({ length: availableParallelism() }, () => lastLine<Record<string, number>>(command, args)),
  );
  const names = Object.keys(all[0]);
  return Object.fromEntries(names.map((name) => [name, all.reduce((s, f) => s + f[name], 0) / all.length])) as Figures;
}

export function measureSlice(side: 'ours' | 'peer', request: SliceRequest): Promise<SliceFigures> {
  const [command, script] =
    side === 'ours' ? [process.execPath, join(import.meta.dirname, 'child.js')] : [python(), PEER];
  return ofEveryCore(command, [script, JSON.stringify(request)]);
}
