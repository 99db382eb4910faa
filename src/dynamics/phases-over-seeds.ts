/** Training phases of one group over seeds: the sequence that most runs show, and when each boundary comes. */
import type { PhaseKind, Phases } from './phases.js';
import { average } from './seeds.js';
import { mean } from './trajectory.js';

/** A boundary between two phases, in epochs. */
export interface Boundary {
  /** Geometric mean over seeds. */
  epoch: number;
  /** 95 % interval, Student over seeds in ln(epoch), and no narrower than the runs' own intervals give; null from one seed. */
  interval: [number, number] | null;
}

/** The phases of one group over seeds. */
export interface PhasesOverSeeds {
  /** Kinds in their order; empty where the seeds show no common sequence. */
  kinds: PhaseKind[];
  /** Between one kind and the next. */
  boundaries: Boundary[];
  /** Seeds that show the sequence, of `of` seeds. */
  n: number;
  of: number;
  /** Why there is no sequence, or why a phase of it is not resolved. */
  reason?: string;
}

const word = ({ phases }: Phases) => phases.map((p) => p.kind).join(', ');

/** Boundary `i` of several trajectories of one seed, as ln(epoch), and the standard error that their own intervals give. */
function boundary(found: readonly Phases[], i: number): { at: number; error: number } {
  const ends = found.map(({ phases }) => phases[i]);
  const errors = ends.map(({ endInterval }) => (endInterval ? Math.log(endInterval[1] / endInterval[0]) / 3.92 : 0));
  // Classes of one run share its noise, so that their mean error is a bound.
  return { at: mean(ends.map((p) => Math.log(p.end))), error: mean(errors) };
}

/**
 * `seeds`: per seed, the phases of the group, or of several that stand for one (the clean classes). The sequence is the one that more than half
 * of all trajectories show; boundaries are averaged within a seed, then over the seeds that show it.
 */
export function phasesOverSeeds(seeds: readonly (readonly Phases[])[]): PhasesOverSeeds {
  const of = seeds.length;
  const all = seeds.flat();
  const none = (reason: string) => ({ kinds: [], boundaries: [], n: 0, of, reason });
  if (all.length === 0) return none('there is no trajectory of I(X;T)');
  const counts = new Map<string, number>();
  for (const p of all) counts.set(word(p), (counts.get(word(p)) ?? 0) + 1);
  const [[sequence, times], ...others] = [...counts].sort((a, b) => b[1] - a[1]);
  if (2 * times <= all.length) {
    const words = [[sequence, times] as const, ...others].slice(0, 3).map(([kinds, n]) => `${kinds} (${n})`);
    return none(`no sequence in more than half of ${all.length} trajectories: ${words.join('; ')}`);
  }
  const own = seeds.map((s) => s.filter((p) => word(p) === sequence)).filter((s) => s.length > 0);
  const [{ phases, reason }] = own[0];
  const boundaries = phases.slice(0, -1).map((_, i): Boundary => {
    const found = own.map((s) => boundary(s, i));
    const a = average(
      found.map((f) => f.at),
      found.map((f) => f.error),
    );
    return { epoch: Math.exp(a.mean), interval: a.n < 2 ? null : [Math.exp(a.interval[0]), Math.exp(a.interval[1])] };
  });
  return { kinds: phases.map((p) => p.kind), boundaries, n: own.length, of, ...(reason ? { reason } : {}) };
}
