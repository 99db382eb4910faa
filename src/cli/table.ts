/** Tables on the terminal, and the table of runs with its notes. */
import { SUCCESS } from '../dynamics/types.js';
import { chanceText } from '../report/headline.js';
import type { RunResult } from '../runs/documents.js';

const fixed = (x: number | null, digits = 3) => (x === null || Number.isNaN(x) ? '–' : x.toFixed(digits));

/** A table with a rule under its head. Columns in `left` are aligned to the left, the others to the right. */
export function table(head: string[], rows: string[][], left: readonly number[] = [0]): string {
  const widths = head.map((h, c) => Math.max(h.length, ...rows.map((r) => r[c].length)));
  const line = (cells: string[]) =>
    cells
      .map((cell, c) => (left.includes(c) ? cell.padEnd(widths[c]) : cell.padStart(widths[c])))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((w) => '─'.repeat(w))), ...rows.map(line)].join('\n');
}

/** The table of runs, the meaning of p, and why a run has no score. */
export function runTable(rows: RunResult[]): string {
  const draft = rows[0].stealth.kind === 'authors-draft';
  const head = ['attack', 'accuracy', 'ASR', draft ? 'draft (lower is stealthier)' : 'stealth S', 'null 95 %', 'p'];
  const body = rows.map(({ attack, accuracy, asr, stealth: s }) => [
    attack,
    fixed(accuracy),
    fixed(asr),
    fixed(s.score),
    s.null ? `${fixed(s.null.low, 2)}–${fixed(s.null.high, 2)}` : '–',
    chanceText(s.p),
  ]);
  const reasons = rows
    .filter((r) => r.stealth.score === null)
    .map((r) => `${r.attack}: no score (${r.stealth.reason})`);
  const failed = rows
    .filter((r) => r.asr !== null && r.asr < SUCCESS)
    .map(
      (r) =>
        `${r.attack}: ASR ${fixed(r.asr)}, the attack does not succeed (ASR ≥ ${SUCCESS}): its score says little about stealth`,
    );
  const draws = Math.min(...rows.flatMap((r) => (r.stealth.null ? [r.stealth.null.draws] : [])));
  const about = Number.isFinite(draws)
    ? [
        rows.some((r) => r.stealth.instrument === 'resolved')
          ? `p: how likely one more clean class has so large an integration gap, by the law of ${draws} null draws; below 0.005 an extrapolation`
          : `p: share of null draws that score as low or lower; with ${draws} draws it is at least ${fixed(1 / (1 + draws), 2)}`,
      ]
    : [];
  return [table(head, body), ...about, ...failed, ...reasons].join('\n');
}
