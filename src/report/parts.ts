/** Parts that the report of a run and the comparison of runs share. */
import type { Trajectory } from '../dynamics/trajectory.js';
import { type Clock, momentText } from './figures/time-axis.js';
import { groupStyle, roleOrder } from './groups.js';
import { type Html, html } from './html.js';
import { legend } from './page.js';
import type { RunReport } from './types.js';

/** The line above the title. */
export function kicker(name: string): Html {
  return html`<b>ibscope</b> · ${name}`;
}

/** What a band shows. The interval of a single training seed holds within that run only. */
export function bandWords({ seeds }: Pick<RunReport, 'seeds'>): string {
  return `±1.96 standard errors${seeds === 1 ? ', within run' : `, ${seeds} seeds`}`;
}

/** `I(T;Ŷ)` → `I-T-Yhat`, for file names. */
export function fileWord(quantity: string): string {
  return quantity.replace('Ŷ', 'Yhat').replace(/\W+/g, '-').replace(/^-|-$/g, '');
}

/** `three` columns for three panels and for more than four, else `two`. */
export function placeFor(panels: number): 'two' | 'three' {
  return panels === 3 || panels > 4 ? 'three' : 'two';
}

/** Legend of the groups that the curves of one or more runs hold; the other classes share one entry. */
export function groupLegend(
  runs: readonly { report: RunReport; curves: readonly Trajectory[] }[],
  document: Document,
): Html {
  const styles = runs.flatMap(({ report, curves }) => curves.flatMap((c) => groupStyle(c.group, report) ?? []));
  const first = roleOrder.flatMap((role) => {
    const same = styles.filter((s) => s.role === role);
    if (same.length === 0) return [];
    // Where only some runs are poisoned, one colour has two meanings.
    const labels = role === 'backdoor' ? [...new Set(same.map((s) => s.label))].sort() : [same[0].label];
    return { ...same[0], label: labels.join('; under none, ') };
  });
  return legend(
    first
      .filter((s) => s.role !== 'whole')
      .map((s) => (s.role === 'other' ? { ...s, width: 1.4, label: 'other classes' } : s)),
    document,
  );
}

/** The legend of the colours of moments, in epochs, in the information plane. */
export function rampLegend(moments: readonly number[], clock: Clock): Html {
  const [first, last] = [Math.min(...moments), Math.max(...moments)];
  if (first === last) return html`<span class="epochs">${momentText(first, clock)}</span>`;
  return html`<span class="epochs">${momentText(first, clock)}<span class="ramp"></span>${momentText(last, clock)}</span>`;
}
