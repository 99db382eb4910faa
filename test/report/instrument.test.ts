/** What report and figures say of resolved information as an instrument. */
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { trajectories } from '../../src/dynamics/trajectory.js';
import type { EstimateRow } from '../../src/dynamics/types.js';
import { newDocument } from '../../src/report/dom.js';
import { trajectoryExtent, trajectoryFigure } from '../../src/report/figures/trajectories.js';
import { wholeSetFigure } from '../../src/report/figures/whole-set.js';
import { type RunReport, renderRunReport } from '../../src/report/index.js';
import { flagsOf, hollowWords, instrumentWords } from '../../src/report/instrument.js';
import { example } from './example.js';

const N = 100;
const CEILING = Math.log(N);

/** The rows of the example as resolved information: I(X;T) at `share` of ln n at epoch 4, half of it elsewhere. */
const resolved = (share: number): EstimateRow[] =>
  example().information.map((r) =>
    r.quantity === 'I(X;Ŷ)'
      ? r
      : {
          ...r,
          estimator: 'resolved',
          nats: (r.quantity === 'I(X;T)' && r.epoch === 4 ? share : 0.5) * CEILING,
          ceiling: CEILING,
          converged: null,
          samples: N,
          draws: 8,
          kappa: r.quantity === 'I(X;T)' ? 4 : Math.SQRT2,
        },
  );

const data = (information: EstimateRow[]) => ({
  ...example(),
  information,
  quantity: 'I(X;T)' as const,
  curves: trajectories(information),
  rows: information,
});

const HOLLOW = 'fill="var(--surface)"';
const hollow = (svg: Element) => svg.outerHTML.split(HOLLOW).length - 1;

describe('a value of resolved information that can hardly fall or rise', () => {
  it.each([
    [0.05, true],
    [0.11, false],
    [0.89, false],
    [0.95, true],
  ])('at %f of ln n is drawn hollow: %s', (share, expected) => {
    const own = data(resolved(share));
    const svg = trajectoryFigure(own, newDocument());
    // Eight curves are drawn but for the whole set: four groups of the target, three other classes.
    expect(hollow(svg)).toBe(expected ? 7 : 0);
    expect(hollow(wholeSetFigure(own, newDocument()))).toBe(expected ? 1 : 0);
    expect(svg.outerHTML.includes('nats\nnot resolved')).toBe(expected);
    const words = 'Hollow marks: not resolved, outside 0.1–0.9 of ln n.';
    expect(hollowWords(own.rows)).toBe(expected ? words : null);
  });

  it('shows the ceiling ln n, which a panel without such values does not reach', () => {
    const [low, high] = [0.5, 0.95].map((share) => data(resolved(share)));
    expect(Math.max(...trajectoryExtent(low))).toBeLessThan(0.9 * CEILING);
    expect(Math.max(...trajectoryExtent(high))).toBe(Math.max(CEILING, 0.95 * CEILING + 1.96 * 0.02));
    const text = (d: typeof high) =>
      [...trajectoryFigure(d, newDocument()).querySelectorAll('[data-part="text"] text')].map((t) => t.textContent);
    expect(text(high)).toEqual(['ln n']);
    expect(text(low)).toEqual([]);
  });

  it('is no flag of critics, whose flags are saturation and convergence', () => {
    const [row] = example().information;
    expect(flagsOf({ ...row, nats: 0 })).toEqual([]);
    expect(flagsOf({ ...row, saturated: true, converged: false })).toEqual(['saturated', 'not converged']);
  });
});

describe('the words on the instrument', () => {
  const report = { ...example(), information: resolved(0.5) };
  const words = (noise: [string, number, number][]) =>
    instrumentWords({ ...report, noise: noise.map(([group, low, high]) => ({ group, low, high })) });

  it('say κ of each quantity and the draws', () => {
    expect(words([])).toBe('κ is 4 for I(X;T) and 1.41 for I(T;Ŷ); each sample has 8 noise draws.');
  });

  it('say the range of the whitened noise, and that it is as expected', () => {
    expect(
      words([
        ['0/clean', 0.97, 1.01],
        ['1', 0.955, 1.04],
      ]),
    ).toMatch(/mean square of 0\.95\d* to 1\.04\d*; 0\.95 to 1\.05 is expected\.$/);
  });

  it('name the groups where it is not: those of the target, classes by number, halves of the null by their count', () => {
    expect(
      words([
        ['0/backdoor', 0.9, 1],
        ['0/clean', 0.96, 1],
        ['1', 0.96, 1.2],
        ['3', 0.94, 1],
        ['1/null-a0', 0.9, 1],
        ['1/null-b0', 0.96, 1],
      ]),
    ).toMatch(
      /0\.900? to 1\.200?\. This is not within the expected 0\.95 to 1\.05 for poisoned samples, classes 1, 3 and 1 of 2 halves of the null\.$/,
    );
  });

  it('do not list the groups where it is so for all of them', () => {
    expect(
      words([
        ['0/clean', 0.9, 1],
        ['1', 0.9, 1],
        ['1/null-a0', 0.96, 1],
        ['1/null-b0', 0.9, 1],
      ]),
    ).toMatch(/for all 2 groups and 1 of 2 halves of the null\.$/);
  });

  it('are in the report of resolved information, and in none of critics', async () => {
    const note = async (r: RunReport) =>
      parseHTML(await renderRunReport(r)).document.querySelector('#trajectories > .note')?.textContent;
    expect(await note(report)).toContain('κ is 4 for I(X;T)');
    expect(await note(example())).toBeUndefined();
  });
});
