/** Accuracies and attack success rate, losses, and the loss of each class beside that of the poisoned samples, over epochs. */

import * as Plot from '@observablehq/plot';
import type { EpochRow } from '../../dynamics/types.js';
import { decimal, percent } from '../format.js';
import { className, type GroupContext } from '../groups.js';
import type { RunReport } from '../types.js';
import { draw, type FigureSize, innerWidth, logTicks, valueAxis } from './frame.js';
import { type Clock, momentText, timeAxis } from './time-axis.js';

export interface Series {
  label: string;
  color: string;
  dash: string;
  width: number;
  value: (row: EpochRow) => number | null;
}

export const accuracySeries: readonly Series[] = [
  { label: 'clean accuracy', color: 'var(--clean)', dash: 'none', width: 2, value: (r) => r.testAccuracy },
  { label: 'training accuracy', color: 'var(--clean)', dash: '2 3', width: 1.5, value: (r) => r.trainAccuracy },
  { label: 'attack success rate', color: 'var(--backdoor)', dash: '7 3', width: 2, value: (r) => r.asr },
];

export const lossSeries: readonly Series[] = [
  { label: 'test loss', color: 'var(--clean)', dash: 'none', width: 2, value: (r) => r.testLoss },
  { label: 'training loss', color: 'var(--clean)', dash: '2 3', width: 1.5, value: (r) => r.trainLoss },
];

/** Training loss of the poisoned samples and of each class, by the label trained on; the other classes are thin and grey. */
export function classLossSeries(rows: readonly EpochRow[], context: GroupContext): Series[] {
  const classes = Math.max(0, ...rows.map((r) => r.classLoss.length));
  const loss = (k: number) => (r: EpochRow) => r.classLoss[k] ?? null;
  const others = Array.from({ length: classes }, (_, k) => k).filter((k) => k !== context.target);
  return [
    {
      label: 'poisoned samples',
      color: 'var(--backdoor)',
      dash: '7 3',
      width: 2,
      value: (r) => r.backdoorLoss,
    },
    {
      label: `clean samples of the target, ${className(context.target, context)}`,
      color: 'var(--clean)',
      dash: 'none',
      width: 2,
      value: loss(context.target),
    },
    ...others.map((k) => ({
      label: className(k, context),
      color: 'var(--other)',
      dash: 'none',
      width: 1,
      value: loss(k),
    })),
  ];
}

/** The entries of the legend of `classLossSeries`: the other classes share one. */
export function classLossLegend(series: readonly Series[]): Series[] {
  const other = series.find((s) => s.width === 1);
  const own = series.filter((s) => s.width > 1);
  return other ? [...own, { ...other, label: 'other classes', width: 1.4 }] : own;
}

/** Epochs and the moments inside them, in the order of time; what is not recorded at a moment is NaN. */
export function trainingRows({ epochs, moments }: Pick<RunReport, 'epochs' | 'moments'>): EpochRow[] {
  const none = {
    learningRate: Number.NaN,
    trainAccuracy: Number.NaN,
    classLoss: [],
    classAccuracy: [],
    backdoorLoss: null,
  };
  return [...epochs, ...moments.map((m) => ({ ...none, ...m }))].sort((a, b) => a.epoch - b.epoch);
}

/** The entry of a series in the legend; the other classes share one. */
export const legendName = (s: Pick<Series, 'label' | 'width'>) => (s.width === 1 ? 'other classes' : s.label);

/** Entries of the legend of some series, each once. */
export const legendOf = (series: readonly Series[]): Omit<Series, 'value'>[] =>
  series
    .filter((s, i) => series.findIndex((t) => legendName(t) === legendName(s)) === i)
    .map(({ color, dash, ...s }) => ({ color, dash, label: legendName(s), width: Math.max(1.4, s.width) }));

/** Size and axis of a figure of training, and the entries of its legend that are switched off. */
export interface TrainingView extends FigureSize, Clock {
  hidden?: ReadonlySet<string>;
}

/** The series that have a value at some epoch: the trace of another training may record few of them. */
export const withValues = (series: readonly Series[], rows: readonly EpochRow[]): Series[] =>
  series.filter((s) => rows.some((r) => Number.isFinite(s.value(r) ?? Number.NaN)));

export function accuracyFigure(rows: readonly EpochRow[], document: Document, size?: TrainingView): Element {
  return lines(rows, accuracySeries, document, {
    ...size,
    title: 'Accuracy and attack success over epochs',
    unit: 'share of samples',
    format: percent,
    domain: [0, 1],
  });
}

export function lossFigure(rows: readonly EpochRow[], document: Document, size?: TrainingView): Element {
  return lines(rows, lossSeries, document, {
    ...size,
    title: 'Loss over epochs',
    unit: 'cross-entropy, nats',
    format: decimal,
  });
}

export function classLossFigure(
  data: GroupContext & { rows: readonly EpochRow[] },
  document: Document,
  size?: TrainingView,
): Element {
  return lines(data.rows, classLossSeries(data.rows, data), document, {
    ...size,
    title: 'Training loss per class and of the poisoned samples',
    unit: 'cross-entropy, nats',
    format: decimal,
  });
}

interface LinesOptions extends TrainingView {
  title: string;
  unit: string;
  format: (value: number) => string;
  domain?: [number, number];
}

/** Long because it is one description of marks for Plot. */
function lines(rows: readonly EpochRow[], all: readonly Series[], document: Document, options: LinesOptions): Element {
  const { width = 360, height = 250, title, unit, format, domain, hidden } = options;
  const series = all.filter((s) => !hidden?.has(legendName(s)));
  const points = series.map((s) =>
    rows.flatMap((r) => {
      const value = s.value(r);
      if (value === null || !Number.isFinite(value)) return [];
      return { epoch: r.epoch, value, title: `${s.label}\n${momentText(r.epoch, options)}: ${format(value)}` };
    }),
  );
  const values = points.flat().map((p) => p.value);
  // From the first moment with a value: losses of classes have none inside the first epoch, whose part of the axis would be empty.
  const axis = timeAxis(
    points.flat().map((p) => p.epoch),
    innerWidth(width),
    options,
  );
  const least = Math.min(...values.filter((v) => v > 0));
  // Losses fall over orders of magnitude: past a factor of 50 only a logarithmic axis shows them.
  const logarithmic = !domain && Math.max(...values) / least > 50;
  const low = logarithmic ? least * 0.8 : 0;
  const y: [number, number] = domain ?? [low, (Math.max(0, ...values) || 1) * 1.05];
  const last = series.flatMap((s, i) => {
    const end = points[i][points[i].length - 1];
    return end && s.width > 1 ? [`${s.label} ${format(end.value)}`] : [];
  });
  return draw(
    document,
    { title, description: `One line per series. At the last epoch: ${last.join(', ') || 'no values'}.` },
    {
      width,
      height,
      x: axis.scale,
      y: { domain: y, type: logarithmic ? 'log' : 'linear' },
      marks: [
        valueAxis(
          logarithmic ? `${unit} (log scale)` : unit,
          domain ? { tickFormat: '%' } : logarithmic ? { ticks: logTicks(y), tickFormat: '~g' } : {},
        ),
        axis.marks,
        series
          .map((s, i) => {
            const shown = logarithmic ? points[i].filter((p) => p.value > 0) : points[i];
            const single = shown.length === 1;
            // Invisible marks carry the tooltips of the wide series. A single epoch has no line, so its mark is visible.
            const pointed = s.width > 1 || single;
            return [
              Plot.lineY(shown, {
                x: 'epoch',
                y: 'value',
                stroke: s.color,
                strokeWidth: s.width,
                strokeDasharray: s.dash,
              }),
              Plot.dot(pointed ? shown : [], {
                x: 'epoch',
                y: 'value',
                r: single ? 3 : 5,
                fill: s.color,
                fillOpacity: single ? 1 : 0,
                title: 'title',
              }),
            ];
          })
          .reverse(),
      ].flat(2) as Plot.Markish[],
    },
  );
}
