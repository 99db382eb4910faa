import { describe, expect, it } from 'vitest';
import { trajectories } from '../../src/dynamics/trajectory.js';
import { newDocument } from '../../src/report/dom.js';
import { logTicks, padded } from '../../src/report/figures/frame.js';
import { phasesFigure } from '../../src/report/figures/phases.js';
import { planeFigure, planeTrails, planeUntil } from '../../src/report/figures/plane.js';
import { scatterFigure } from '../../src/report/figures/scatter.js';
import { scoreParts, scorePartsFigure } from '../../src/report/figures/score-parts.js';
import { scoreStripFigure } from '../../src/report/figures/score-strip.js';
import {
  momentText,
  sharedClock,
  spanText,
  timeRange,
  timeShare,
  timeTicks,
} from '../../src/report/figures/time-axis.js';
import { accuracyFigure, classLossFigure, lossFigure, trainingRows } from '../../src/report/figures/training.js';
import { trajectoryFigure } from '../../src/report/figures/trajectories.js';
import { wholeSetFigure } from '../../src/report/figures/whole-set.js';
import { example } from './example.js';

const report = example();
const curves = trajectories(report.information);
const data = { ...report, quantity: 'I(X;T)' as const, curves, rows: report.information };

/** Places of the marks of a group: circles and symbols of the dots of one colour, in pixels. */
function places(dots: Element): [number, number][] {
  return [...dots.querySelectorAll('circle,path')].map((dot) => {
    const moved = /translate\(([^,]+),([^)]+)\)/.exec(dot.getAttribute('transform') ?? '');
    return [Number(moved ? moved[1] : dot.getAttribute('cx')), Number(moved ? moved[2] : dot.getAttribute('cy'))];
  });
}

/** The part of a figure whose marks have that colour. */
const partOfColour = (svg: Element, part: string, attribute: 'fill' | 'stroke', colour: string) =>
  [...svg.querySelectorAll(`[data-part="${part}"]`)].find((g) => g.getAttribute(attribute) === `var(--${colour})`)!;

/** Axis value of a pixel, from two tick labels: `axis` 1 is y, 0 is x. */
function scale(svg: Element, name: string, axis: 0 | 1): (pixel: number) => number {
  const labels = [...svg.querySelectorAll(`[data-part="${name}"] text`)];
  const [a, b] = [labels[0], labels[labels.length - 1]].map((t) => ({
    value: Number(t.textContent!.replace('−', '-').replace('%', '')),
    pixel: Number(/translate\(([^,]+),([^)]+)\)/.exec(t.getAttribute('transform')!)![axis + 1]),
  }));
  return (pixel) => a.value + ((pixel - a.pixel) / (b.pixel - a.pixel)) * (b.value - a.value);
}

/** Epoch of a pixel on the axis of time, from the first and the last epoch that are labelled: equal ratios are equally far apart. */
function epochAt(svg: Element): (pixel: number) => number {
  const axes = [...svg.querySelectorAll('[data-part="x-axis tick label"]')];
  const labels = [...axes[axes.length - 1].querySelectorAll('text')];
  const [a, b] = [labels[0], labels[labels.length - 1]].map((t) => ({
    value: Number(t.textContent),
    pixel: Number(/translate\(([^,]+),/.exec(t.getAttribute('transform')!)![1]),
  }));
  return (pixel) => a.value * (b.value / a.value) ** ((pixel - a.pixel) / (b.pixel - a.pixel));
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
    'whole set': wholeSetFigure(data, document),
  };

  it.each(Object.entries(figures))('has a name and a description for screen readers: %s', (_, svg) => {
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
    const x = epochAt(svg);
    const drawn = places(partOfColour(svg, 'dot', 'stroke', 'backdoor')).map(([cx, cy]) => [x(cx), y(cy)]);
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

describe('the names of rows of the phases figure', () => {
  const ofClass = report.phases.find((p) => p.group === '1')!;
  const drawn = (classNames: readonly string[] | undefined) =>
    phasesFigure({ ...report, classNames, phases: [ofClass, { ...ofClass, group: '2' }] }, newDocument());
  const namesOf = (svg: Element) =>
    [...svg.querySelectorAll('[data-part="y-axis tick label"] text')].map((t) => t.textContent);

  it('are those of the classes, with their numbers; long ones keep the number, and the pointer has them whole', () => {
    const svg = drawn(['airplane', 'cat', 'an uncommonly long name', 'dog']);
    expect(namesOf(svg)).toEqual(['cat (1)', 'an uncommo…e (2)']);
    const titles = [...svg.querySelectorAll('rect title')].map((t) => t.textContent!);
    expect(titles.filter((t) => t.startsWith('an uncommonly long name (2): '))).toHaveLength(ofClass.phases.length);
    expect(svg.querySelector('desc')!.textContent).toContain('an uncommonly long name (2): ');
  });

  it('are numbers where classes have no names', () => {
    expect(namesOf(drawn(undefined))).toEqual(['class 1', 'class 2']);
  });
});

describe('the information plane', () => {
  it('has each checkpoint of a group at I(X;T) and I(T;Ŷ), in the order of epochs', () => {
    const svg = planeFigure({ ...report, curves }, newDocument());
    const [x, y] = [scale(svg, 'x-axis tick label', 0), scale(svg, 'y-axis tick label', 1)];
    for (const [colour, group] of [
      ['backdoor', '0/backdoor'],
      ['clean', '0/clean'],
    ]) {
      const of = (quantity: string) => curves.find((c) => c.group === group && c.quantity === quantity)!.values;
      const drawn = places(partOfColour(svg, 'dot', 'stroke', colour));
      expect(drawn).toHaveLength(6);
      drawn.forEach(([cx, cy], i) => {
        expect(x(cx)).toBeCloseTo(of('I(X;T)')[i], 6);
        expect(y(cy)).toBeCloseTo(of('I(T;Ŷ)')[i], 6);
      });
    }
  });
});

describe('the figures of training', () => {
  it('have clean accuracy and attack success rate at their values, in per cent', () => {
    const svg = accuracyFigure(report.epochs, newDocument());
    const [x, y] = [epochAt(svg), scale(svg, 'y-axis tick label', 1)];
    const drawn = places(partOfColour(svg, 'dot', 'fill', 'backdoor'));
    expect(drawn.map(([cx]) => Math.round(x(cx)))).toEqual(report.epochs.map((e) => e.epoch));
    for (const [i, [, cy]] of drawn.entries()) expect(y(cy)).toBeCloseTo(100 * report.epochs[i].asr!, 6);
    const last = report.epochs[11];
    expect(svg.querySelector('desc')!.textContent).toContain(
      `clean accuracy ${(100 * last.testAccuracy).toFixed(1)} %, training accuracy ${(100 * last.trainAccuracy).toFixed(1)} %, attack success rate ${(100 * last.asr!).toFixed(1)} %`,
    );
  });

  it('have a logarithmic axis where losses span more than a factor of 50, and only there', () => {
    const label = (rows: typeof report.epochs) =>
      lossFigure(rows, newDocument()).querySelector('[data-part="y-axis label"]')!.textContent;
    expect(label(report.epochs)).toBe('cross-entropy, nats');
    const falling = report.epochs.map((e, i) => ({ ...e, trainLoss: 2 * 0.5 ** i }));
    expect(label(falling)).toBe('cross-entropy, nats (log scale)');
  });

  it('have one line for the poisoned samples and one per class', () => {
    const svg = classLossFigure({ ...report, rows: report.epochs }, newDocument());
    const lines = [...svg.querySelectorAll('[data-part="line"]')].map((g) => g.getAttribute('stroke'));
    expect(lines.sort()).toEqual(['var(--backdoor)', 'var(--clean)', 'var(--other)', 'var(--other)', 'var(--other)']);
  });
});

describe('the strip of the score', () => {
  const { stealth } = report;

  it('has the score, every draw of the null, and the range at their values', () => {
    const svg = scoreStripFigure([{ name: '', stealth: stealth! }], newDocument());
    const x = scale(svg, 'x-axis tick label', 0);
    const [[diamond]] = places(svg.querySelector('[data-part="dot"]')!);
    expect(x(diamond)).toBeCloseTo(stealth!.score!, 6);
    const [draws, mean] = [...svg.querySelectorAll('[data-part="tick"]')].map((g) =>
      [...g.querySelectorAll('line')].map((l) => x(Number(l.getAttribute('x1')))),
    );
    expect(draws).toHaveLength(stealth!.null!.draws);
    for (const [i, v] of draws.entries()) expect(v).toBeCloseTo(stealth!.null!.scores[i], 6);
    expect(mean[0]).toBeCloseTo(stealth!.null!.mean, 6);
    expect(svg.querySelector('[data-part="bar"] title')!.textContent).toBe(
      `95 % range of clean classes: ${stealth!.null!.low.toFixed(3)} to ${stealth!.null!.high.toFixed(3)}`,
    );
  });

  it('has no range and no draws without a null', () => {
    const svg = scoreStripFigure([{ name: '', stealth: { ...stealth!, null: null, p: null } }], newDocument());
    expect(svg.querySelectorAll('[data-part="bar"] rect, [data-part="tick"] line')).toHaveLength(0);
    expect(places(svg.querySelector('[data-part="dot"]')!)).toHaveLength(1);
  });
});

describe('the parts of the score', () => {
  it('are bars as long as what they add to D, each with its number', () => {
    const svg = scorePartsFigure(report.stealth!, newDocument());
    const parts = scoreParts(report.stealth!);
    const bars = [...svg.querySelectorAll('[data-part="bar"] path, [data-part="bar"] rect')];
    const x = scale(svg, 'x-axis tick label', 0);
    const texts = [...svg.querySelectorAll('[data-part="text"] text')];
    expect(bars).toHaveLength(4);
    expect(texts.map((t) => t.textContent)).toEqual(parts.map((p) => p.contribution.toFixed(3)));
    texts.forEach((t, i) => {
      const [, end] = /translate\(([^,]+),/.exec(t.getAttribute('transform')!)!;
      expect(x(Number(end))).toBeCloseTo(parts[i].contribution, 6);
    });
  });

  it('add up to the distance, for any β', () => {
    const { stealth } = report;
    const sum = scoreParts(stealth!).reduce((s, p) => s + p.contribution, 0);
    expect(sum).toBeCloseTo(stealth!.distance!, 12);
  });
});

describe('axis ticks', () => {
  it('of a logarithmic axis are powers of ten where there are enough of them', () => {
    expect(logTicks([0.009, 20])).toEqual([0.01, 0.1, 1, 10]);
    expect(logTicks([0.4, 12]).map((t) => Number(t.toPrecision(3)))).toEqual([0.5, 1, 2, 5, 10]);
  });
});

describe('the names of points', () => {
  // A character of the figures' type is at least 5.5 pixels wide, and a line of it 11 high.
  const boxesOf = (svg: Element) =>
    [...svg.querySelectorAll('[data-part="text"]')].flatMap((g) => {
      const shift = translation(g);
      return [...g.querySelectorAll('text')].map((t) => {
        const [x, y] = translation(t).map((v, i) => v + shift[i]);
        const wide = 5.5 * t.textContent!.length;
        const left = g.getAttribute('text-anchor') === 'end' ? x - wide : x;
        return { name: t.textContent!, left, right: left + wide, top: y - 5.5, bottom: y + 5.5 };
      });
    });
  const translation = (e: Element) =>
    (/translate\(([-\d.]+),([-\d.]+)\)/.exec(e.getAttribute('transform') ?? '') ?? ['', '0', '0']).slice(1).map(Number);
  const figureOf = (at: readonly [string, number, number][], width: number) =>
    scatterFigure(
      at.map(([name, x, y]) => ({ name, x, y, low: y - 0.02, high: y + 0.02 })),
      newDocument(),
      { width, title: 'S against PSNR', xLabel: 'PSNR (dB)', yLabel: 'S' },
    );

  // Two attacks of equal visibility and nearly equal score, at either end and in the middle.
  it.each([
    [27.2, 'in the middle'],
    [15, 'at the left'],
    [40, 'at the right'],
  ])('of nearly equal PSNR do not lie on each other (%d dB, %s), on a phone either', (at) => {
    const points: [string, number, number][] = [
      ['adaptive-blend', at, 0.8],
      ['label-consistent', at + 0.1, 0.802],
      ['low-frequency', at - 0.1, 0.798],
      ['sig', 15, 0.6],
      ['wanet', 40, 0.95],
    ];
    for (const width of [352, 548]) {
      const boxes = boxesOf(figureOf(points, width));
      expect(boxes.map((b) => b.name)).toEqual(points.map(([name]) => name));
      for (const [i, a] of boxes.entries()) {
        expect(a.left).toBeGreaterThan(0);
        expect(a.right).toBeLessThan(width);
        for (const b of boxes.slice(i + 1))
          expect(
            a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom,
            `${a.name}, ${b.name}`,
          ).toBe(false);
      }
    }
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

describe('the axis of time', () => {
  const clock = { stepsPerEpoch: 78 };
  const inFirst = [2, 3, 6, 12, 23, 42].map((step) => step / 78);
  const run = [...inFirst, 1, 2, 4, 8, 16, 32, 60];
  const labels = (moments: number[], pixels: number, of = clock as { stepsPerEpoch?: number }) => {
    const { steps, epochs } = timeTicks(moments, pixels, of);
    return [steps.map((t) => t.label).join(' '), epochs.map((t) => t.label).join(' ')];
  };

  it('labels the recorded steps of the first epoch, then the first epoch, its doublings and the last', () => {
    expect(labels(run, 488)).toEqual(['2 3 6 12 23 42', '1 2 4 8 16 32 60']);
    expect(labels([...inFirst, 1, 2, 3], 300)).toEqual(['2 3 6 12 23 42', '1 2 3']);
  });

  it('labels whole epochs alone where there are no others, from the first of them', () => {
    expect(labels([1, 5, 10, 20, 40, 60, 80, 100, 120], 300, {})).toEqual(['', '1 2 4 8 16 32 64 120']);
    expect(labels([10, 20, 60], 300, {})).toEqual(['', '10 16 32 60']);
    expect(labels([4], 300, {})).toEqual(['', '4']);
    expect(labels([1, 2, 3], 300, {})).toEqual(['', '1 2 3']);
  });

  it('labels steps alone while the first epoch lasts', () => {
    expect(labels(inFirst.slice(0, 3), 300)).toEqual(['2 3 6', '']);
  });

  it.each([180, 240, 300, 488])('leaves room between labels on %i pixels', (pixels) => {
    for (const stepsPerEpoch of [20, 78, 391, 1563])
      for (const last of [1, 3, 60, 120, 1000]) {
        const steps = [2, 3, 6, 12, 23, 42, 140, 560].filter((s) => s < stepsPerEpoch).map((s) => s / stepsPerEpoch);
        const moments = [...steps, 1, last];
        const ticks = timeTicks(moments, pixels, { stepsPerEpoch });
        const ends = [...ticks.steps, ...ticks.epochs].map((t) => {
          const at = pixels * timeShare(t.epoch, timeRange(moments));
          return [at - 3 * t.label.length, at + 3 * t.label.length];
        });
        for (let i = 1; i < ends.length; i++) expect(ends[i][0] - ends[i - 1][1]).toBeGreaterThan(3);
      }
  });

  it('gives equal ratios equal lengths; what was recorded before the first step stands one doubling before the first moment', () => {
    expect([1, 2, 4, 8].map((e) => timeShare(e, timeRange([1, 8])))).toEqual(
      [0, 1 / 3, 2 / 3, 1].map((v) => expect.closeTo(v, 12)),
    );
    expect(timeRange([0, 0.5, 4])).toEqual([0.25, 4]);
    expect(timeShare(0, [0.25, 4])).toBe(0);
    expect(labels([0, 0.5, 4], 300)[0]).toBe('0 39');
  });

  it('names moments in steps inside the first epoch, where the steps of an epoch are known', () => {
    const name = (epoch: number, of = clock as { stepsPerEpoch?: number }) => momentText(epoch, of);
    expect([2 / 78, 1, 4, 1.5].map((e) => name(e))).toEqual(['step 2', 'epoch 1', 'epoch 4', 'epoch 1.5']);
    expect(name(2 / 78, {})).toBe('epoch 0.026');
    expect(spanText(2 / 78, 4, clock)).toBe('step 2 to epoch 4');
    expect(spanText(2 / 78, 6 / 78, clock)).toBe('step 2 to step 6');
    expect(spanText(1, 4, clock)).toBe('epoch 1 to 4');
  });

  it('names no steps where the epochs of two runs have different numbers of them', () => {
    expect(sharedClock([{ stepsPerEpoch: 78 }, {}])).toEqual({ stepsPerEpoch: 78 });
    expect(sharedClock([{ stepsPerEpoch: 78 }, { stepsPerEpoch: 391 }])).toEqual({ stepsPerEpoch: undefined });
  });

  it('is that of trajectories, phases and training: the same moment stands at the same share of each', () => {
    const shift = (e: number) => (e === 1 ? 2 / 78 : e === 2 ? 12 / 78 : e);
    const information = report.information.map((r) => ({ ...r, epoch: shift(r.epoch) }));
    const early = {
      ...report,
      ...clock,
      quantity: 'I(X;T)' as const,
      curves: trajectories(information),
      rows: information,
    };
    const moments = [2, 12].map((step) => ({
      epoch: step / 78,
      step,
      trainLoss: 3,
      testLoss: 3,
      testAccuracy: 0.1,
      asr: 0.1,
      seconds: 1,
    }));
    const width = 400;
    const drawn = [
      trajectoryFigure(early, newDocument(), { width, height: 250 }),
      accuracyFigure(trainingRows({ epochs: report.epochs, moments }), newDocument(), { width, ...clock }),
    ];
    const ticks = drawn.map((svg) =>
      [...svg.querySelectorAll('[data-part="x-axis tick label"] text')].map(
        (t) => t.textContent + t.getAttribute('transform')!,
      ),
    );
    expect(ticks[0].map((t) => Number.parseFloat(t))).toEqual([2, 12, 1, 2, 4, 8, 12]);
    expect(ticks[1]).toEqual(ticks[0]);
    for (const svg of drawn)
      expect([...svg.querySelectorAll('[data-part="x-axis label"]')].map((l) => l.textContent)).toEqual([
        'step of the first epoch',
        'epoch (logarithmic)',
      ]);
  });
});
