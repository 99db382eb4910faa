import type { Finding, Verdict } from '../report/index.js';
import type { StudyRun } from './types.js';

/** How many of the groups' phases hold a compression after an expansion, how many are resolved without, and how many are neither. */
function compressions(runs: readonly StudyRun[], which: (group: string) => boolean) {
  const counts = { compression: 0, none: 0, unresolved: 0 };
  for (const run of runs)
    for (const { group, phases } of run.report.phases) {
      if (!which(group)) continue;
      const expanded = phases.findIndex((p) => p.kind === 'expansion');
      if (expanded >= 0 && phases.some((p, i) => i > expanded && p.kind === 'compression')) counts.compression++;
      else if (phases.some((p) => p.kind === 'not resolved')) counts.unresolved++;
      else counts.none++;
    }
  return counts;
}

export function compressionFinding(runs: readonly StudyRun[], who: string, which: (group: string) => boolean): Finding {
  const { compression, none, unresolved } = compressions(runs, which);
  const total = compression + none + unresolved;
  const verdict: Verdict = 2 * compression > total ? 'reproduced' : 2 * none > total ? 'contradicted' : 'not resolved';
  return {
    claim: `I(X;T) of ${who} is compressed after it has expanded`,
    verdict,
    evidence: `Of ${total} trajectories ${compression} have a compression after an expansion, ${none} are resolved and have none, ${unresolved} are not resolved.`,
  };
}
