/** Figures of a training step in a process of its own, of ibscope or of another implementation. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { UserError } from '../../src/base/errors.js';
import type { StepRequest } from './build.js';

export interface StepFigures {
  /** From the median of seven steps after two of warm-up. */
  imagesPerSecond: number;
  /** Peak resident memory, less what the process had before it built the model. */
  peakMemoryMB: number;
  /** Mean loss of the first two steps: the second has a backward pass and an update behind it. */
  losses: number[];
}

export interface PeerFigures {
  name: string;
  imagesPerSecond: number;
  peakMemoryMB: number;
  /** What scripts other than bench/peer.py leave out. */
  losses?: number[];
}

export interface Pairs {
  ours: StepFigures;
  peer: PeerFigures;
  /** Our images per second over the peer's: median of the pairs. */
  ratio: number;
}

/** The last line that a process prints, as JSON. */
function lastLine(command: string, args: string[]) {
  const ran = spawnSync(command, args, { encoding: 'utf8' });
  if (ran.status === 0) return JSON.parse(ran.stdout.trim().split('\n').at(-1)!);
  throw new Error((ran.stderr || String(ran.error ?? ran.signal)).trim().split('\n').at(-1));
}

export function measureStep(request: StepRequest): StepFigures {
  return lastLine(process.execPath, [join(import.meta.dirname, 'child.js'), JSON.stringify(request)]);
}

export const python = () => process.env.PYTHON ?? 'python3';

/** Whether Python has what the peers need. */
export const hasPeer = (): boolean => spawnSync(python(), ['-c', 'import torch, numpy']).status === 0;

/** What `script` prints for these arguments: `{"peer": …, "images_per_s": …, "peak_mb": …, "losses"?: […]}`. */
export function measurePeer(script: string, args: (string | number)[]): PeerFigures {
  let printed: Record<string, unknown>;
  try {
    printed = lastLine(python(), [script, ...args.map(String)]);
  } catch (error) {
    throw new UserError(`${script} ${args.join(' ')}: ${(error as Error).message}`);
  }
  const { peer, images_per_s, peak_mb, losses } = printed as Record<
    'peer' | 'images_per_s' | 'peak_mb' | 'losses',
    never
  >;
  if (!(Number(images_per_s) > 0)) throw new UserError(`${script}: its last line has no images_per_s`);
  return { name: peer, imagesPerSecond: images_per_s, peakMemoryMB: peak_mb, losses };
}

export const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Medians over `count` pairs, an odd number, the two sides in turn: what else the machine does meets both. */
export function alternate(count: number, ourSide: () => StepFigures, theirSide: () => PeerFigures): Pairs {
  const pairs = Array.from({ length: count }, () => ({ ours: ourSide(), peer: theirSide() }));
  const over = (f: (pair: (typeof pairs)[number]) => number) => median(pairs.map(f));
  return {
    ours: {
      imagesPerSecond: over((p) => p.ours.imagesPerSecond),
      peakMemoryMB: over((p) => p.ours.peakMemoryMB),
      losses: pairs[0].ours.losses,
    },
    peer: {
      ...pairs[0].peer,
      imagesPerSecond: over((p) => p.peer.imagesPerSecond),
      peakMemoryMB: over((p) => p.peer.peakMemoryMB),
    },
    ratio: over((p) => p.ours.imagesPerSecond / p.peer.imagesPerSecond),
  };
}
