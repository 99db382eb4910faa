/** What an audit found, in sentences for the command line and the dashboard. */
import { poisonedCluster } from './verdict.js';
import type { AuditDocument, ClassDocument } from './write.js';

/** `1 class`, `2 classes`. */
export const counted = (n: number, one: string) => `${n} ${n === 1 ? one : `${one}${one.endsWith('s') ? 'es' : 's'}`}`;

/** The flagged classes, why each is flagged, and how many samples are named. */
export function conclusion({
  classes,
  suspicious,
  suspiciousClasses,
}: Pick<AuditDocument, 'classes' | 'suspicious' | 'suspiciousClasses'>): string {
  if (suspiciousClasses.length === 0)
    return 'Nothing found: no class is flagged. This is no proof that the set is clean; docs/audit.md lists what an audit misses.';
  const reasons = classes.filter((c) => c.suspicious).map(because);
  const named = `${counted(suspicious.length, 'sample')} named; look at the picture before you decide.`;
  return [
    `Suspicious: ${suspiciousClasses.map((c) => `"${c}"`).join(', ')}.`,
    ...reasons,
    ...(suspicious.length > 0 ? [named] : []),
  ].join(' ');
}

/** Why a class is flagged, and whether samples are named. */
function because({ label, sides }: ClassDocument): string {
  if (!sides)
    return `The information of "${label}", or the time at which the network learns it, differs from all other classes. Its samples do not form two clusters, so none is named.`;
  if (poisonedCluster({ sides }) === null)
    return `The samples of "${label}" form two clusters, as in no other class, and both may belong to it: a clean-label attack looks like this, and so does a class of two different things. None is named; the picture shows both clusters.`;
  return `The samples of "${label}" form two clusters, as in no other class, and one of them looks like images of other classes, as poisoned samples do.`;
}
