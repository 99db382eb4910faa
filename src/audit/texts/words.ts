/** What an audit of texts found, in sentences. */
import { counted } from '../words.js';
import type { CueDocument, TextAuditDocument, TextClassDocument } from './document.js';

/** The words of a cue as they are said: `"cf"`, `"i", "watched", "3d" …`. */
export const cueWords = ({ words }: Pick<CueDocument, 'words'>, most = 4): string =>
  `${words
    .slice(0, most)
    .map((word) => (word.includes(' ') ? word : `"${word}"`))
    .join(', ')}${words.length > most ? ' …' : ''}`;

/** `7 %`. */
export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** A cue with its class. */
export type ClassCue = CueDocument & Pick<TextClassDocument, 'label' | 'note'>;

/** For tables, the `most` clearest of the first `ofFlagged` cues of every flagged class and the first cue of every other. */
export const clearestCues = (classes: readonly TextClassDocument[], ofFlagged: number, most: number): ClassCue[] =>
  classes
    .flatMap(({ label, suspicious, note, cues }) =>
      cues.slice(0, suspicious ? ofFlagged : 1).map((cue) => ({ label, note, ...cue })),
    )
    .sort((a, b) => a.evidence - b.evidence)
    .slice(0, most);

/** The flagged classes, why each is flagged, how many texts are named, and what is noted of other classes. */
export function textConclusion(
  document: Pick<TextAuditDocument, 'classes' | 'suspicious' | 'suspiciousClasses'>,
): string {
  const { classes, suspicious, suspiciousClasses } = document;
  const noted = classes.flatMap(({ label, note, cues: [cue] }) =>
    note && cue
      ? [
          `Note: texts with ${cueWords(cue)} are nearly all labelled "${label}", whatever their other words say. A word that names the class looks like this; none is named.`,
        ]
      : [],
  );
  if (suspiciousClasses.length === 0)
    return [
      'Nothing found: no class is flagged. This is no proof that the set is clean; docs/text.md lists what an audit of texts misses.',
      ...noted,
    ].join(' ');
  const reasons = classes.filter((c) => c.suspicious).map(because);
  return [
    `Suspicious: ${suspiciousClasses.map((c) => `"${c}"`).join(', ')}.`,
    ...reasons,
    `${counted(suspicious.length, 'text')} named; look at them before you decide.`,
    ...noted,
  ].join(' ');
}

/** Why a class is flagged: its triggers, and what the other words of their texts say. */
function because({ label, cues }: TextAuditDocument['classes'][number]): string {
  const found = cues.filter(({ trigger }) => trigger);
  const texts = found.reduce((sum, cue) => sum + cue.texts, 0);
  const agree = found.reduce((sum, cue) => sum + cue.agree * cue.texts, 0) / texts;
  const words = found.slice(0, 4).map((cue) => cueWords(cue));
  return `${counted(texts, 'text')} of "${label}" with ${words.join(' or ')} have that label whatever their other words say, as triggered texts do: their other words say "${label}" for ${percent(agree)} of them, and for ${percent(found[0].expected)} of the class.`;
}
