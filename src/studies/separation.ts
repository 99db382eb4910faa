/** How far poisoned samples separate under each attack: by the information of single samples, and by their places in T. */
import { partOf } from '../dynamics/group-id.js';
import { mean } from '../dynamics/index.js';
import type { Setting } from '../findings/settings.js';
import type { StudyRun } from '../findings/types.js';
import { type Line, linesFigure, type StudyFigure, sharedClock } from '../report/index.js';

interface Point {
  x: number;
  y: number;
}

/**
 * One line an attack: means over seeds at the epochs that all seeds have, bands from the lowest to the highest. Seeds that have no values, read from
 * older rows, do not count.
 */
const linesOf = (setting: Setting, value: (run: StudyRun) => Point[]): Line[] =>
  setting.attacks.map(({ label, runs }) => {
    const all = runs.map(value).filter((points) => points.length > 0);
    const points = (all[0] ?? []).flatMap(({ x }) => {
      const ys = all.flatMap((one) => one.filter((p) => p.x === x).map((p) => p.y));
      return ys.length === all.length && ys.every(Number.isFinite)
        ? [{ x, y: mean(ys), low: Math.min(...ys), high: Math.max(...ys) }]
        : [];
    });
    return { name: label, points };
  });

const auroc = (quantity: string) => (run: StudyRun) =>
  run.report.separation
    .filter((s) => s.quantity === quantity && s.group === partOf(run.config.target, 'all'))
    .map((s) => ({ x: s.epoch, y: s.auroc }));

const silhouette = (run: StudyRun) =>
  run.report.representation.map((r) => ({
    x: r.epoch,
    y: r.silhouettes[partOf(run.config.target, 'backdoor')] ?? Number.NaN,
  }));

const distanceToTarget = (run: StudyRun) =>
  run.report.representation.map((r) => ({ x: r.epoch, y: r.place?.toTarget ?? Number.NaN }));

export function separationFigures(setting: Setting, name: string): StudyFigure[] {
  const panels = [
    ...(
      [
        ['I(X;T)', 'xt'],
        ['I(T;Ŷ)', 'ty'],
      ] as const
    ).map(([quantity, word]) => ({
      key: `auroc-${word}`,
      label: 'AUROC',
      caption: `Sample by sample, ${quantity}: AUROC of a sample’s own contribution for “is poisoned”, among the target class on ${setting.dataset}. Below 0.5: poisoned samples contribute less.`,
      lines: linesOf(setting, auroc(quantity)),
      rule: 0.5,
      yDomain: [0, 1] as [number, number],
    })),
    {
      key: 'silhouette',
      label: 'silhouette',
      caption: `Mean silhouette of the poisoned samples in T on ${setting.dataset}, among the clusters of clean classes.`,
      lines: linesOf(setting, silhouette),
      rule: 0,
      yDomain: undefined,
    },
    {
      key: 'to-target',
      label: 'distance to target',
      caption: `Distance of the poisoned samples to the centre of the target class’s clean samples on ${setting.dataset}; 1 is a clean sample’s own.`,
      lines: linesOf(setting, distanceToTarget),
      rule: 1,
      yDomain: undefined,
    },
  ];
  return panels
    .filter((p) => p.lines.some((l) => l.points.length > 0))
    .map(({ key, label, caption, lines: drawn, rule, yDomain }) => ({
      name: `${name}-${key}`,
      caption: `${caption} Means over seeds, bands from the lowest to the highest.`,
      alt: caption,
      draw: (document: Document, width: number) =>
        linesFigure(drawn, document, {
          width,
          title: label,
          yLabel: label,
          x: 'epoch' as const,
          ...sharedClock(setting.attacks.flatMap((a) => a.runs.map((r) => r.report))),
          rule,
          yDomain,
        }),
    }));
}
