import { describe, expect, it } from 'vitest';
import { trajectories } from '../../src/dynamics/trajectory.js';
import { newDocument } from '../../src/report/dom.js';
import { epochTicks, logTicks, padded } from '../../src/report/figures/frame.js';
import { phasesFigure } from '../../src/report/figures/phases.js';
import { planeFigure, planeTrails, planeUntil } from '../../src/report/figures/plane.js';
import { scoreParts, scorePartsFigure } from '../../src/report/figures/score-parts.js';
import { scoreStripFigure } from '../../src/report/figures/score-strip.js';
import { accuracyFigure, classLossFigure, lossFigure } from '../../src/report/figures/training.js';
import { trajectoryFigure } from '../../src/report/figures/trajectories.js';
import { wholeSetFigure } from '../../src/report/figures/whole-set.js';
import { example } from './example.js';

const report = example();
const curves = trajectories(report.information);
const data = { ...report, quantity: 'I(X;T)' as const, curves, rows: report.information };

/** Axis value of a pixel, from two tick labels: `axis` 1 is y, 0 is x. */
function scale(svg: Element, name: string, axis: 0 | 1): (pixel: number) => number {
  const labels = [...svg.querySelectorAll(`[data-part="${name}"] text`)];
  const [a, b] = [labels[0], labels[labels.length - 1]].map((t) => ({
    value: Number(t.textContent!.replace('−', '-')),
    pixel: Number(/translate\(([^,]+),([^)]+)\)/.exec(t.getAttribute('transform')!)![axis + 1]),
  }));
  return (pixel) => a.value + ((pixel - a.pixel) / (b.pixel - a.pixel)) * (b.value - a.value);
}

describe('every figure', () => {
  const document = newDocument();
  const figures: Record<string, Element> = {
    trajectories: trajectoryFigure(data, document),
    plane: planeFigure({ ...report, curves }, document),
    phases: phasesFigure(report, document),
    accuracy: accuracyFigure(report.epochs, document),
    loss: lossFigure(report.epochs, document),
    'class loss': classLossFigure({ ...report, rows: report.epochs }, document),
    'score strip': scoreStripFigure([{ name: '', stealth: report.stealth! }], document),
    'score parts': scorePartsFigure(report.stealth!, document),
    'whole set': wholeSetFigure(curves, document),
  };

  it.each(Object.entries(figures))('has a name and a description for those who cannot see it: %s', (_, svg) => {
    expect(svg.getAttribute('role')).toBe('img');
    expect(svg.getAttribute('aria-label')!.length).toBeGreaterThan(3);
    expect(svg.querySelector('desc')!.textContent!.length).toBeGreaterThan(20);
    expect(svg.outerHTML).not.toMatch(/NaN|undefined|Infinity/);
  });

  it.each(Object.entries(figures))(
    'takes its colours from the page, so that it serves light and dark: %s',
    (_, svg) => {
      const colors = [...svg.outerHTML.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map((m) => m[1]);
      expect(colors.filter((c) => !/^(none|transparent|currentColor|var\(|color-mix\()/.test(c))).toEqual([]);
    },
  );
});

describe('the trajectory figure', () => {
  const svg = trajectoryFigure(data, newDocument());

  it('draws the estimates where the axes say they are', () => {
    const y = scale(svg, 'y-axis tick label', 1);
    const x = scale(svg, 'x-axis tick label', 0);
    const dots = [...svg.querySelectorAll('[data-part="dot"]')].find(
      (g) => g.getAttribute('stroke') === 'var(--backdoor)',
    )!;
    const drawn = [...dots.querySelectorAll('circle,path')].map((dot) => {
      const moved = /translate\(([^,]+),([^)]+)\)/.exec(dot.getAttribute('transform') ?? '');
      const cx = moved ? moved[1] : dot.getAttribute('cx');
      const cy = moved ? moved[2] : dot.getAttribute('cy');
      return [x(Number(cx)), y(Number(cy))];
    });
    const backdoor = curves.find((c) => c.group === '0/backdoor' && c.quantity === 'I(X;T)')!;
    expect(drawn).toHaveLength(backdoor.epochs.length);
    drawn.forEach(([epoch, value], i) => {
      expect(epoch).toBeCloseTo(backdoor.epochs[i], 6);
      expect(value).toBeCloseTo(backdoor.values[i], 6);
    });
  });

  it('says the unit, and the value with its 95 % half-width at each point', () => {
    expect(svg.querySelector('[data-part="y-axis label"]')!.textContent).toBe('I(X;T), nats');
    const row = report.information.find((r) => r.group === '0/backdoor' && r.quantity === 'I(X;T)' && r.epoch === 4)!;
    expect(svg.outerHTML).toContain(`poisoned samples\nepoch 4: ${row.nats.toFixed(3)} ± 0.039 nats`);
  });

  it('draws saturated and unconverged estimates hollow', () => {
    const hollow = (rows: typeof report.information) =>
      trajectoryFigure({ ...data, rows }, newDocument()).outerHTML.split('fill="var(--surface)"').length - 1;
    expect(hollow(report.information)).toBe(0);
    const flagged = report.information.map((r, i) => (i === 0 ? { ...r, saturated: true } : r));
    expect(hollow(flagged)).toBe(1);
  });

  it('leaves out the halves of the null', () => {
    expect(svg.querySelectorAll('[data-part="line"]')).toHaveLength(7);
  });
});

describe('the phases figure', () => {
  it('has one bar per phase, from its first to its last epoch', () => {
    const svg = phasesFigure(report, newDocument());
    const titles = [...svg.querySelectorAll('rect title')].map((t) => t.textContent);
    const expected = report.phases.flatMap((p) => p.phases.map((q) => `${q.kind}, epoch ${q.start} to ${q.end}`));
    expect(titles).toHaveLength(expected.length);
    for (const e of expected) expect(titles.some((t) => t!.endsWith(e))).toBe(true);
  });
});

describe('the parts of the score', () => {
  it('add up to the distance, for any β', () => {
    const { stealth } = report;
    const sum = scoreParts(stealth!).reduce((s, p) => s + p.contribution, 0);
    expect(sum).toBeCloseTo(stealth!.distance!, 12);
  });
});

describe('axis ticks', () => {
  it('of epochs are whole numbers that hold the first and the last', () => {
    expect(epochTicks([1, 5, 10, 120])).toEqual([1, 25, 50, 75, 100, 120]);
    expect(epochTicks([4])).toEqual([4]);
    expect(epochTicks([1, 2, 3])).toEqual([1, 2, 3]);
  });

  it('of a logarithmic axis are powers of ten where there are enough of them', () => {
    expect(logTicks([0.009, 20])).toEqual([0.01, 0.1, 1, 10]);
    expect(logTicks([0.4, 12]).map((t) => Number(t.toPrecision(3)))).toEqual([0.5, 1, 2, 5, 10]);
  });
});

describe('an information plane that is scrubbed', () => {
  const document = newDocument();
  const marks = (svg: Element) => ({
    lines: [...svg.querySelectorAll('[data-part=line] path')].map((p) => p.getAttribute('d')),
    dots: [...svg.querySelectorAll('[data-part=dot] path:not([display]), [data-part=dot] circle:not([display])')].map(
      (d) => d.getAttribute('transform') ?? `${d.getAttribute('cx')},${d.getAttribute('cy')}`,
    ),
  });
  const all = planeFigure({ ...report, curves }, document);

  it('shows at each epoch what a plane of the epochs up to it would, on the same axes', () => {
    const points = planeTrails({ ...report, curves }).flatMap((t) => t.points);
    const ranges = { xDomain: padded(points.map((p) => p.x)), yDomain: padded(points.map((p) => p.y)) };
    for (const epoch of [2, 1, 9, 4]) {
      const until = curves.map((c) => {
        const n = c.epochs.filter((e) => e <= epoch).length;
        return { ...c, epochs: c.epochs.slice(0, n), values: c.values.slice(0, n) };
      });
      planeUntil(all, epoch);
      const truth = marks(planeFigure({ ...report, curves: until, ...ranges }, document));
      expect(marks(all).dots).toEqual(truth.dots);
      // A single point closes its path, where a line that began there does not.
      expect(marks(all).lines).toEqual(truth.lines.map((d) => d!.replace(/Z$/, '')));
    }
  });

  it('is whole again at the last epoch', () => {
    planeUntil(all, 12);
    expect(marks(all)).toEqual(marks(planeFigure({ ...report, curves }, document)));
  });
});
