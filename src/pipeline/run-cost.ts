/** The cost of a run as a document. `cost.ts` finds it. */
import { availableParallelism, loadavg } from 'node:os';

export interface RunCost {
  /** Floating-point operations, two per multiply-add. */
  trainingFlops: number;
  probeFlops: number;
  criticFlops: number;
  /** Seconds on this machine: training with its evaluations, probes, critics, and resolved information. */
  trainingSeconds: number;
  probeSeconds: number;
  criticSeconds: number;
  resolvedSeconds: number;
  /** Seconds of everything else: data, stealth in input space, clusters and pictures of T, and the report. */
  otherSeconds: number;
  /** What the run will not have, such as a score, and why; a sentence each. */
  missing: string[];
}

export const secondsOf = (c: RunCost) =>
  c.trainingSeconds + c.probeSeconds + c.criticSeconds + c.resolvedSeconds + c.otherSeconds;

/** The load of this machine, in one line: timed steps share the processor with whatever else runs. */
export function loadWords(): string {
  const [load] = loadavg();
  const cores = availableParallelism();
  const busy = load > cores / 2 ? '; other programs slow the run, and these times, down' : '';
  return `load of the machine: ${load.toFixed(1)} on ${cores} cores${busy}`;
}
