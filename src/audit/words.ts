/** What an audit found, in sentences for the command line and the dashboard. */
import type { Note } from './verdict.js';
import type { AuditDocument, ClassDocument, ClassNote } from './write.js';

/** `1 class`, `2 classes`. */
export const counted = (n: number, one: string) => `${n} ${n === 1 ? one : `${one}${one.endsWith('s') ? 'es' : 's'}`}`;

/** The flagged classes, why each is flagged, how many samples are named, and what is noted of other classes. */
export function conclusion({
  classes,
  suspicious,
  suspiciousClasses,
  notes = [],
}: Pick<AuditDocument, 'classes' | 'suspicious' | 'suspiciousClasses'> &
  Partial<Pick<AuditDocument, 'notes'>>): string {
  const noted = notes.map(noteWords);
  if (suspiciousClasses.length === 0)
    return [
      'Nothing found: no class is flagged. This is no proof that the set is clean; docs/audit.md lists what an audit misses.',
      ...noted,
    ].join(' ');
  const reasons = classes.filter((c) => c.suspicious).map(because);
  const named = `${counted(suspicious.length, 'sample')} named; look at them before you decide.`;
  return [
    `Suspicious: ${suspiciousClasses.map((c) => `"${c}"`).join(', ')}.`,
    ...reasons,
    ...(suspicious.length > 0 ? [named] : []),
    ...noted,
  ].join(' ');
}

/** Why a class is flagged. */
const because = ({ label }: Pick<ClassDocument, 'label'>) =>
  `The samples of "${label}" form two clusters, clearer than those of clean classes, and one of them looks like samples of other classes, as poisoned samples do.`;

const NOTES: Record<Note, (label: string) => string> = {
  'two kinds': (label) =>
    `Note: the samples of "${label}" form two clusters, clearer than those of clean classes, and both may belong to it. A class of two different things looks like this, and so does a mark on some of its samples, or a clean-label attack. None is named; both clusters are shown.`,
  mislabelled: (label) =>
    `Note: some samples of "${label}" look like samples of other classes, and the network does not learn to assign them to "${label}", as it would learn a trigger. Mislabelled samples look like this. None is named; both clusters are shown.`,
  unlike: (label) =>
    `Note: the information of "${label}", or the time at which the network learns it, differs from all other classes. Its samples do not form two clusters; none is named.`,
};

/** What a note says. */
export const noteWords = ({ label, note }: ClassNote): string => NOTES[note](label);
