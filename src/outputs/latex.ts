/** The scores of runs as a LaTeX table: one row per attack, data set, model and poison rate, with mean and spread over seeds. */
import { mean, standardDeviation } from '../dynamics/index.js';
import type { Exportable } from './tables.js';

/** Characters that a backslash does not escape. */
const WORDS: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
};

/** Escapes the characters that have a meaning in LaTeX. */
export const escapeLatex = (text: string) => text.replace(/[\\{}$&#^_~%<>|]/g, (c) => WORDS[c] ?? `\\${c}`);

/** `$0.912$`, over several seeds `$0.912 \pm 0.010$` (mean, standard deviation); an en dash where there is none. */
function value(values: readonly (number | null | undefined)[]): string {
  const there = values.filter((v): v is number => typeof v === 'number' && Number.isFinite(v));
  if (there.length === 0) return '--';
  return there.length === 1
    ? `$${there[0].toFixed(3)}$`
    : `$${mean(there).toFixed(3)} \\pm ${standardDeviation(there).toFixed(3)}$`;
}

/** A `table` environment for the package booktabs. Runs that differ only in their seed share a row; its column n counts them. */
export function latex(runs: readonly Exportable[]): string {
  const rows = new Map<string, Exportable[]>();
  for (const run of runs) {
    const { attack, dataset, model, poisonRate } = run.report;
    const key = JSON.stringify([attack, dataset, model, poisonRate]);
    rows.set(key, [...(rows.get(key) ?? []), run]);
  }
  const lines = [...rows.values()].map((some) => {
    const [{ report: first }] = some;
    const each = (f: (r: Exportable['report']) => number | null | undefined) => value(some.map((s) => f(s.report)));
    const [low, high] = (['low', 'high'] as const).map((end) =>
      some.map((s) => s.report.stealth?.null?.[end]).filter((v) => v !== undefined),
    );
    const range = low.length > 0 ? `$[${Math.min(...low).toFixed(2)}, ${Math.max(...high).toFixed(2)}]$` : '--';
    const rate = first.poisonRate === null ? '--' : `$${Number((100 * first.poisonRate).toFixed(2))}\\,\\%$`;
    return `    ${[
      ...[first.attack, first.dataset, first.model].map(escapeLatex),
      rate,
      String(some.length),
      each((r) => r.epochs.at(-1)?.testAccuracy),
      each((r) => r.epochs.at(-1)?.asr),
      each((r) => r.stealth?.score),
      range,
      each((r) => r.stealth?.p),
    ].join(' & ')} \\\\`;
  });
  const several = [...rows.values()].some((r) => r.length > 1);
  return `% \\usepackage{booktabs}
\\begin{table}
  \\centering
  \\caption{Stealth score $S$ of each attack, the 95\\,\\% range of clean classes in the role of the target, and $p$, the share of them that score as low.${several ? ' Over $n$ seeds: mean $\\pm$ standard deviation; the range is that of all seeds together.' : ''}}
  \\label{tab:stealth}
  \\begin{tabular}{lllrrrrrrr}
    \\toprule
    attack & data & model & rate & $n$ & accuracy & ASR & $S$ & clean classes & $p$ \\\\
    \\midrule
${lines.join('\n')}
    \\bottomrule
  \\end{tabular}
\\end{table}
`;
}
