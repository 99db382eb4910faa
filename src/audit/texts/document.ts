/** The document of an audit of texts, for scripts: classes and samples by their names, as in the audit of images. */
import type { AuditSettings } from '../audit.js';
import { askedOf } from '../findings-folder.js';
import { sampleName, type UntrustedTexts } from '../load.js';
import type { Verdict } from '../verdict.js';
import type { TextAudit } from './audit.js';
import { chanceOf, NOTED } from './chance.js';
import type { Cue } from './cues.js';

/** A cue of a class. */
export interface CueDocument {
  /** The words, the one that shows it best first. */
  words: string[];
  /** Texts of the class that have it, and other texts that do. */
  texts: number;
  others: number;
  /** Share of these texts whose other words say the class, and of all texts of the class whose words do. */
  agree: number;
  expected: number;
  /** Log-odds of a natural cue; the lower, the more trigger-like. */
  evidence: number;
  /** Chance that any cue of a clean set is so trigger-like. */
  p: number;
  /** Whether it is taken for a trigger: its class is flagged, by this cue or by a clearer one. */
  trigger: boolean;
}

/** One class of texts. */
export interface TextClassDocument {
  label: string;
  p: number;
  score: number;
  suspicious: boolean;
  note: 'cue' | null;
  /** Its most trigger-like cues. */
  cues: CueDocument[];
}

/** The document of an audit of texts. */
export interface TextAuditDocument {
  verdict: Verdict;
  samples: 'texts';
  suspiciousClasses: string[];
  /** Classes with a cue that decides labels nearly alone, and that is no alarm. */
  notes: { label: string; note: 'cue' }[];
  classes: TextClassDocument[];
  /** Texts taken for poisoned, highest score first: files, rows of a table (`reviews.csv#17`), or numbers from 0. */
  suspicious: (string | number)[];
  seconds: number;
}

/** Cues of a class that the document has. */
const CUES = 5;

function cueDocument(
  { words, rows, others, agree, expected, evidence }: Cue,
  classes: number,
  suspicious: boolean,
): CueDocument {
  const p = chanceOf(evidence, classes);
  const told = { others, agree, expected, evidence, p, trigger: suspicious && p <= NOTED };
  return { words: words.slice(0, 12), texts: rows.length, ...told };
}

/** Document of an audit. */
export function textAuditDocument(
  untrusted: Pick<UntrustedTexts, 'set' | 'index'>,
  { verdict, classes, suspicious, seconds }: TextAudit,
): TextAuditDocument {
  return {
    verdict,
    samples: 'texts',
    suspiciousClasses: classes.filter((c) => c.suspicious).map((c) => c.label),
    notes: classes.flatMap(({ label, note }) => (note ? [{ label, note }] : [])),
    classes: classes.map(({ cues, ...rest }) => ({
      ...rest,
      cues: cues.slice(0, CUES).map((cue) => cueDocument(cue, classes.length, rest.suspicious)),
    })),
    suspicious: suspicious.map((i) => sampleName(untrusted, i)),
    seconds,
  };
}

/** Document of an audit by the command line, with its set and settings. */
export const wholeTextDocument = (untrusted: UntrustedTexts, settings: AuditSettings, audit: TextAudit) => ({
  ...textAuditDocument(untrusted, audit),
  asked: askedOf(untrusted, settings),
});

/** What `audit.json` of texts holds. */
export type WholeTextDocument = ReturnType<typeof wholeTextDocument>;
