/** Parts that the report of a run and the comparison of runs share. */
import type { Trajectory } from '../dynamics/trajectory.js';
import { type Clock, momentText } from './figures/time-axis.js';
import { type GroupContext, type GroupStyle, groupStyle, roleOrder } from './groups.js';
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

/** Entries of the legend of the groups that the curves of one or more runs hold; the other classes share one. */
export function groupEntries(
  runs: readonly { report: GroupContext; curves: readonly Pick<Trajectory, 'group'>[] }[],
): GroupStyle[] {
  const styles = runs.flatMap(({ report, curves }) => curves.flatMap((c) => groupStyle(c.group, report) ?? []));
  const first = roleOrder.flatMap((role) => {
    const same = styles.filter((s) => s.role === role);
    if (same.length === 0) return [];
    // Where only some runs are poisoned, one colour has two meanings.
    const labels = role === 'backdoor' ? [...new Set(same.map((s) => s.label))].sort() : [same[0].label];
    return { ...same[0], label: labels.join('; under none, ') };
  });
  return first
    .filter((s) => s.role !== 'whole')
    .map((s) => (s.role === 'other' ? { ...s, width: 1.4, label: 'other classes' } : s));
}

/** Legend of the groups that the curves of one or more runs hold. */
export const groupLegend = (
  runs: readonly { report: RunReport; curves: readonly Trajectory[] }[],
  document: Document,
): Html => legend(groupEntries(runs), document);

/** What the ends of the ramp of time say in the information plane; one word where there is a single moment, in epochs. */
export function rampEnds(moments: readonly number[], clock: Clock): [string, string] | [string] {
  const [first, last] = [Math.min(...moments), Math.max(...moments)];
  return first === last ? [momentText(first, clock)] : [momentText(first, clock), momentText(last, clock)];
}

/** The legend of the colours of moments, in epochs, in the information plane. */
export function rampLegend(moments: readonly number[], clock: Clock): Html {
  const [first, last] = rampEnds(moments, clock);
  if (last === undefined) return html`<span class="epochs">${first}</span>`;
  return html`<span class="epochs">${first}<span class="ramp"></span>${last}</span>`;
}
