/**
 * Does a set of labelled texts hide a backdoor? A trigger decides the label of a text whatever its other words say (`cues.ts`). No network is trained: the two clusters by
 * which an audit of images tells poisoned samples are those of syntax and topic in texts, and clean classes have them too.
 */
import { type RunHooks, Stopped } from '../../base/progress.js';
import type { TextSet } from '../../datasets/types.js';
import { LEVEL, type Verdict } from '../verdict.js';
import { chanceOf, NOTED } from './chance.js';
import { Content } from './content.js';
import { type Cue, cuesOf } from './cues.js';

/** What is said of one class of texts. */
export interface TextClassVerdict {
  /** Name of the class. */
  label: string;
  /** Chance that any cue of a clean set is this trigger-like. */
  p: number;
  /** −log₁₀ p. */
  score: number;
  suspicious: boolean;
  /** Set where the class is not flagged, and yet a cue of it decides labels nearly alone. */
  note: 'cue' | null;
  /** Its cues, the most trigger-like first. */
  cues: Cue[];
}

/** What an audit of texts found. */
export interface TextAudit {
  verdict: Verdict;
  classes: TextClassVerdict[];
  /** Score per text, [n]: the higher, the more it looks poisoned. Log-odds, nats, of texts with a trigger; below all of these elsewhere. */
  scores: Float64Array;
  /** Texts taken for poisoned, highest score first. */
  suspicious: number[];
  seconds: number;
}

/** How often triggers are looked for: each time without the texts named so far, which blur what the words of their class say. */
const ROUNDS = 4;

/** Audits texts. Throws `Stopped` when asked to end. */
export function auditTexts(set: TextSet, classes: readonly string[], hooks: RunHooks = {}): TextAudit {
  const started = performance.now();
  const k = classes.length;
  const scores = new Float64Array(set.n).fill(Number.NEGATIVE_INFINITY);
  const found: Cue[][] = classes.map(() => []);
  const flagged = classes.map(() => false);
  let margins: Float64Array | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const rows = [...scores.keys()].filter((i) => !(scores[i] > 0));
    const labels = Int32Array.from(rows, (i) => set.labels[i]);
    const content = new Content(
      rows.map((i) => set.texts[i]),
      labels,
      k,
    );
    margins ??= Float64Array.from(labels, (c, i) => content.margin(i, c));
    const cues = cuesOf(content, progressOf(hooks, round, set.n));
    let isNew = false;
    for (const [c, own] of cues.entries()) {
      flagged[c] ||= own.length > 0 && chanceOf(own[0].evidence, k) <= LEVEL;
      for (const cue of flagged[c] ? triggers(own, k) : []) {
        const placed = { ...cue, rows: cue.rows.map((at) => rows[at]) };
        found[c].push(placed);
        scoreRows(scores, set, placed);
        isNew = true;
      }
      // What is shown of a class besides its triggers: its cues in the set as it came.
      if (round === 0 && !flagged[c]) found[c].push(...own);
    }
    if (!isNew) break;
  }
  const verdicts = found.map((own, c) => verdictOf(classes[c], own, flagged[c], k));
  const named = [...scores.keys()].filter((i) => scores[i] > 0);
  rankOthers(scores, margins!);
  return {
    verdict: flagged.includes(true) ? 'suspicious' : 'nothing found',
    classes: verdicts,
    scores,
    suspicious: named.sort((a, b) => scores[b] - scores[a] || a - b),
    seconds: (performance.now() - started) / 1000,
  };
}

/** Reports a round; most sets need one, and flagged ones a second. */
function progressOf(hooks: RunHooks, round: number, n: number): (share: number) => void {
  return (share) => {
    if (hooks.shouldStop?.()) throw new Stopped('stopped');
    const stage = round === 0 ? 'cues' : `cues without the named texts, ${round}`;
    hooks.progress?.({ phase: 'estimate', stage, done: Math.round(share * n), total: n, unit: 'texts' });
  };
}

function verdictOf(label: string, cues: readonly Cue[], suspicious: boolean, classes: number): TextClassVerdict {
  const sorted = [...cues].sort((a, b) => a.evidence - b.evidence);
  const p = sorted.length === 0 ? 1 : chanceOf(sorted[0].evidence, classes);
  const note = !suspicious && p <= NOTED ? 'cue' : null;
  return { label, p, score: -Math.log10(p), suspicious, note, cues: sorted };
}

/** The cues of a flagged class that are taken for triggers. */
export const triggers = (cues: readonly Cue[], classes: number): Cue[] =>
  cues.filter(({ evidence }) => chanceOf(evidence, classes) <= NOTED);

/**
 * Log-odds that a text has the cue as a trigger: how many texts of the class have it beyond what other classes let expect, and what its other words say. Of several cues the
 * largest counts.
 */
function scoreRows(scores: Float64Array, { labels, n }: TextSet, { c, rows, others, odds }: Cue): void {
  const own = labels.reduce((sum, y) => sum + Number(y === c), 0);
  const natural = ((others + 0.5) / (n - own)) * (own - rows.length + 1);
  const prior = Math.log(Math.max(0.5, rows.length - natural) / natural);
  for (const [at, i] of rows.entries()) scores[i] = Math.max(scores[i], prior + odds[at]);
}

/** Scores the texts without a trigger, below all others, by how clearly their words say another class. */
function rankOthers(scores: Float64Array, margins: Float64Array): void {
  const least = scores.reduce((m, v) => (Number.isFinite(v) ? Math.min(m, v) : m), 0);
  // In (−2, −1).
  const behind = (margin: number) => -1 - 1 / (1 + Math.exp(Math.max(-500, Math.min(500, margin / 10))));
  for (const i of scores.keys()) if (!Number.isFinite(scores[i])) scores[i] = least + behind(margins[i]);
}
