/** Several runs side by side on shared axes: a single HTML page that opens anywhere. */

import { UserError } from '../base/errors.js';
import { answerOf } from '../dynamics/answer.js';
import { type Trajectory, trajectories } from '../dynamics/trajectory.js';
import { comparisonSentences, labelsOf } from './comparison-words.js';
import { newDocument } from './dom.js';
import { padded } from './figures/frame.js';
import { planeFigure, planeTrails } from './figures/plane.js';
import { type ScoreRow, scoreStripFigure } from './figures/score-strip.js';
import { sharedClock } from './figures/time-axis.js';
import { type TrajectoryData, trajectoryExtent, trajectoryFigure } from './figures/trajectories.js';
import { count, decimal, percent } from './format.js';
import { gallery } from './gallery.js';
import { groupStyle } from './groups.js';
import { chanceText } from './headline.js';
import { type Html, html, withCode } from './html.js';
import { type Column, figure, page, section, table, warningList } from './page.js';
import { bandWords, fileWord, groupLegend, kicker, placeFor, rampLegend } from './parts.js';
import { settingsWords } from './settings-words.js';
import type { RunReport } from './types.js';
import { footingWarnings, reportWarnings } from './warnings.js';
import { glossary } from './words.js';

interface Entry {
  report: RunReport;
  /** The name of the attack, and that of the run where two runs share an attack. */
  label: string;
  curves: Trajectory[];
}

/**
 * Renders a comparison of runs as one HTML file that loads nothing from outside. `pageOf`: address of a run's own page, to which its row
 * links. Throws `UserError` where
 * there is no run, and for estimates of different kinds (resolved, held-out, train), which never share a figure.
 */
export async function renderComparison(
  reports: readonly RunReport[],
  pageOf: (report: RunReport) => string | null = () => null,
): Promise<string> {
  if (reports.length === 0) throw new UserError('a comparison needs at least one run');
  if (new Set(reports.map((r) => r.basis)).size > 1) {
    const list = reports.map((r) => `${r.name}: ${r.basis}`).join(', ');
    throw new UserError(`estimates of different kinds cannot be compared (${list})`);
  }
  const document = newDocument();
  const entries = entriesOf(reports);
  const repeated = new Set(reports.map((r) => r.attack)).size < reports.length;
  const datasets = [...new Set(reports.map((r) => r.dataset))].join(', ');
  const perRun = entries.flatMap(({ report, label }) => reportWarnings(report).map((w) => `${label}: ${w}`));
  const header = html`<h1>${count(reports.length, repeated ? 'run' : 'attack')} <span>on ${datasets}</span></h1>
${comparisonSentences(reports).map((words) => html`<p class="lede">${withCode(words)}</p>`)}<p class="note">${settingsWords(reports)}</p>`;
  const body = html`${section(
    'score',
    'Stealth against clean classes',
    'p and the range are those of each run: they say whether information flows differently through its target class, not whether two attacks differ.',
    scoreFigure(entries, document),
    summary(entries, pageOf),
    warningList(footingWarnings(reports)),
    perRun.length > 0 &&
      html`<details><summary>Warnings of the single runs (${perRun.length})</summary><ul>${perRun.map((w) => html`<li>${w}</li>`)}</ul></details>`,
  )}${await triggerSection(entries)}${trajectorySections(entries, document)}${planeSection(entries, document)}${section('words', 'Words', null, glossary())}`;
  const versions = [...new Set(reports.map((r) => r.version))].join(', ');
  const names = reports.map((r) => r.name).join(', ');
  return page(
    `Comparison of ${names}`,
    kicker(`comparison of ${names}`),
    header,
    body,
    html`Made by ibscope ${versions}.`,
  );
}

function entriesOf(reports: readonly RunReport[]): Entry[] {
  const labels = labelsOf(reports);
  return reports.map((report, i) => ({ report, label: labels[i], curves: trajectories(report.information) }));
}

function scoreFigure(entries: readonly Entry[], document: Document): Html | null {
  const rows: ScoreRow[] = entries.flatMap(({ report, label }) =>
    report.stealth ? [{ name: label, stealth: report.stealth }] : [],
  );
  if (!rows.some((r) => r.stealth.score !== null)) return null;
  return html`<div class="medium">${figure(
    'comparison-score',
    html`<b>Stealth scores</b> Diamonds: the runs. Strokes: their clean classes in the role of the target. Bars: 95 % range for one more.`,
    'two',
    (width) => scoreStripFigure(rows, document, { width }),
  )}</div>`;
}

function summary(entries: readonly Entry[], pageOf: (report: RunReport) => string | null): Html {
  const stealth = (e: Entry) => e.report.stealth;
  const last = (e: Entry) => e.report.epochs[e.report.epochs.length - 1];
  const columns: Column<Entry>[] = [
    {
      head: 'attack',
      value: (e) => {
        const href = pageOf(e.report);
        return href === null ? e.label : html`<a href="${href}">${e.label}</a>`;
      },
      kind: 't',
    },
    { head: 'clean accuracy', value: (e) => percent(last(e)?.testAccuracy) },
    { head: 'ASR', value: (e) => percent(last(e)?.asr) },
    { head: 'S', value: (e) => decimal(stealth(e)?.score) },
    { head: 'clean classes', value: range },
    { head: 'draws', value: (e) => stealth(e)?.null?.draws ?? '–' },
    { head: 'p', value: (e) => chanceText(stealth(e)?.p) },
    { head: 'D', value: (e) => decimal(stealth(e)?.distance) },
    { head: 'D − null', value: (e) => decimal(stealth(e)?.excess) },
    { head: 'answer', value: (e) => (stealth(e) ? answerOf(stealth(e)!) : 'not judged'), kind: 't' },
  ];
  const unscored = entries.some((e) => stealth(e)?.reason);
  const why: Column<Entry> = { head: 'why no score', value: (e) => stealth(e)?.reason ?? '', kind: 'wrap t' };
  return table(entries, unscored ? [...columns, why] : columns, true);
}

/** One triggered image of every attack that has a trigger; null where none has. */
async function triggerSection(entries: readonly Entry[]): Promise<Html | null> {
  const images = entries.flatMap(({ report, label }) =>
    report.gallery.length > 0 ? { ...report.gallery[0], label } : [],
  );
  if (images.length === 0) return null;
  return section('triggers', 'Triggers', null, await gallery(images));
}

function range({ report: { stealth } }: Entry): string {
  const found = stealth?.null;
  return found ? `${decimal(found.low, 2)}–${decimal(found.high, 2)}` : '–';
}

function trajectorySections(entries: readonly Entry[], document: Document): Html[] {
  const quantities = (['I(X;T)', 'I(T;Ŷ)', 'I(X;Ŷ)'] as const).filter((q) =>
    entries.some((e) => e.curves.some((c) => c.quantity === q && groupStyle(c.group, e.report))),
  );
  const times = entries.flatMap((e) => e.curves.flatMap((c) => c.epochs));
  const clock = sharedClock(entries.map((e) => e.report));
  const place = placeFor(entries.length);
  return quantities.map((quantity, i) => {
    const data = entries.map(
      ({ report, curves }): TrajectoryData => ({
        ...report,
        ...clock,
        quantity,
        curves,
        rows: report.information,
        times,
      }),
    );
    const yDomain = padded(data.flatMap(trajectoryExtent));
    return section(
      `trajectories-${fileWord(quantity)}`,
      `${quantity} over epochs`,
      i === 0 ? `All panels share their axes. Bands: ${bandWords(entries[0].report)}.` : null,
      groupLegend(entries, document),
      html`<div class="grid ${place}">${entries.map(({ label, report }, k) =>
        figure(`${report.name}-${fileWord(quantity)}`, html`<b>${label}</b>`, place, (width) =>
          trajectoryFigure({ ...data[k], yDomain }, document, { width, height: 250 }),
        ),
      )}</div>`,
    );
  });
}

function planeSection(entries: readonly Entry[], document: Document): Html | null {
  const trails = entries.flatMap(({ report, curves }) => planeTrails({ ...report, curves }));
  const points = trails.flatMap((t) => t.points);
  if (points.length === 0) return null;
  const times = points.map((p) => p.epoch);
  const clock = sharedClock(entries.map((e) => e.report));
  const xDomain = padded(points.map((p) => p.x));
  const yDomain = padded(points.map((p) => p.y));
  const place = placeFor(entries.length);
  return section(
    'plane',
    'Information plane',
    rampLegend(times, clock),
    groupLegend(entries, document),
    html`<div class="grid ${place}">${entries.map(({ report, curves, label }) =>
      figure(`${report.name}-plane`, html`<b>${label}</b>`, place, (width) =>
        planeFigure({ ...report, ...clock, curves, xDomain, yDomain, times }, document, {
          width,
          height: Math.round(180 + width / 2.2),
        }),
      ),
    )}</div>`,
  );
}
