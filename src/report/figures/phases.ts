/** The phases of each group as bars over time, with the 95 % interval of every boundary. */
import * as Plot from '@observablehq/plot';
import type { Phase, PhaseKind, Phases } from '../../dynamics/phases.js';
import { shortened } from '../format.js';
import { className, type GroupContext, groupStyle, type Role, roleOrder } from '../groups.js';
import { draw, type FigureSize, FRAME, innerWidth } from './frame.js';
import type { LegendEntry } from './legend.js';
import { type Clock, momentAt, spanText, timeAxis, timeRange, timeShare } from './time-axis.js';

export const phaseColor: Record<PhaseKind, string> = {
  expansion: 'var(--expansion)',
  compression: 'var(--compression)',
  convergence: 'var(--convergence)',
  other: 'var(--other-phase)',
  'not resolved': 'transparent',
};

/** The legend of the kinds of phases. */
export const phaseEntries: readonly LegendEntry[] = Object.entries(phaseColor).map(([label, box]) => ({
  label,
  box,
  open: label === 'not resolved',
}));

/** The letter for a bar that is too short for the word. */
const letters: Record<PhaseKind, string> = {
  expansion: 'E',
  compression: 'C',
  convergence: 'V',
  other: 'O',
  'not resolved': '?',
};

interface Bar extends Phase {
  /** Label of the row: the name, shortened. */
  row: string;
  name: string;
}

export interface PhasesData extends GroupContext, Clock {
  phases: readonly Phases[];
}

/** Characters of a row's label; a longer name is shortened, and its end, where the number of the class is, stays. */
const [ROOM, END] = [16, 5];

/** Left margin of labels as long as the names of groups. */
const MARGIN = 74;

/** One row per group, in the order of the legend. Long because it is one description of marks for Plot. */
export function phasesFigure(data: PhasesData, document: Document, size: FigureSize = {}): Element {
  const rows = data.phases
    .map((p) => ({ ...p, style: groupStyle(p.group, data) }))
    .filter((p) => p.style !== null && p.phases.length > 0)
    .sort((a, b) => roleOrder.indexOf(a.style!.role) - roleOrder.indexOf(b.style!.role));
  const bars: Bar[] = rows.flatMap((r) => {
    const name = rowName(r.group, r.style!.role, data);
    return r.phases.map((p) => ({ ...p, name, row: shortened(name, ROOM, END) }));
  });
  const moments = bars.flatMap((b) => [b.start, b.end]);
  const range = timeRange(moments);
  const { width = 520, height = 58 + 25 * rows.length } = size;
  const marginLeft = Math.max(MARGIN, ...bars.map((b) => 14 + Math.ceil(6.6 * b.row.length)));
  const inner = innerWidth(width, { ...FRAME, marginLeft });
  const axis = timeAxis(moments, inner, data);
  const pixels = (b: Bar) => inner * (timeShare(b.end, range, data) - timeShare(b.start, range, data));
  const words = (b: Bar) => (pixels(b) > 6.5 * b.kind.length ? b.kind : pixels(b) > 12 ? letters[b.kind] : '');
  const boundaries = bars.flatMap((b) =>
    b.endInterval ? [{ row: b.row, low: b.endInterval[0], high: b.endInterval[1], at: b.end }] : [],
  );
  return draw(
    document,
    {
      title: 'Training phases by group',
      description: rows
        .map(
          (r) =>
            `${rowName(r.group, r.style!.role, data)}: ${r.phases.map((p) => `${p.kind} from ${spanText(p.start, p.end, data)}`).join(', ')}`,
        )
        .join('; '),
    },
    {
      width,
      height,
      marginLeft,
      marginTop: 8,
      x: axis.scale,
      y: { type: 'band', domain: [...new Set(bars.map((b) => b.row))], padding: 0.22, label: null },
      marks: [
        Plot.axisY({ tickSize: 0, label: null }),
        axis.marks,
        bars.map((b) =>
          Plot.barX([b], {
            x1: 'start',
            x2: 'end',
            y: 'row',
            fill: phaseColor[b.kind],
            fillOpacity: 0.55,
            stroke: b.kind === 'not resolved' ? 'var(--axis)' : 'var(--surface)',
            strokeDasharray: b.kind === 'not resolved' ? '3 3' : 'none',
            title: (d: Bar) => `${d.name}: ${d.kind}, ${spanText(d.start, d.end, data)}`,
          }),
        ),
        Plot.ruleY(boundaries, { x1: 'low', x2: 'high', y: 'row', stroke: 'currentColor', strokeWidth: 1.5, dy: 8 }),
        Plot.tickX(boundaries, { x: 'at', y: 'row', stroke: 'currentColor', strokeWidth: 1.5 }),
        Plot.text(bars, {
          x: (b: Bar) => momentAt((timeShare(b.start, range, data) + timeShare(b.end, range, data)) / 2, range, data),
          y: 'row',
          text: words,
          fill: 'currentColor',
          fontSize: 10.5,
          dy: -1,
        }),
      ].flat() as Plot.Markish[],
    },
  );
}

function rowName(group: string, role: Role, context: GroupContext): string {
  if (role === 'other') return className(Number(group), context);
  if (role === 'all') return 'target, all';
  if (role === 'backdoor') return context.poisoned ? 'poisoned' : 'subset';
  return role;
}
