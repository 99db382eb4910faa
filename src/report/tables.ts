/** The tables of a report. */

import type { ScoreReading } from '../dynamics/stealth.js';
import type { EpochRow, EstimateRow } from '../dynamics/types.js';
import type { DetectorRow, DetectorsDocument } from '../runs/documents.js';
import { type Clock, momentWord } from './figures/time-axis.js';
import { decimal, percent } from './format.js';
import { groupStyle } from './groups.js';
import { chanceText } from './headline.js';
import { type Html, html } from './html.js';
import { flagsOf } from './instrument.js';
import { type Column, table } from './page.js';
import { foundWords, inputRows, judgedWords, type SpaceRow, spaceRows } from './spaces.js';
import type { RunReport } from './types.js';

const estimateColumns = (clock: Clock): Column<EstimateRow>[] => [
  { head: 'epoch', value: (r) => momentWord(r.epoch, clock) },
  { head: 'group', value: (r) => r.group, kind: 't' },
  { head: 'quantity', value: (r) => r.quantity, kind: 't' },
  { head: 'estimator', value: (r) => r.estimator, kind: 't' },
  { head: 'nats', value: (r) => decimal(r.nats) },
  { head: 'std. error', value: (r) => decimal(r.standardError) },
  { head: 'held-out', value: (r) => decimal(r.heldOutNats) },
  { head: 'train', value: (r) => decimal(r.trainNats) },
  { head: 'ceiling', value: (r) => decimal(r.ceiling, 2) },
  { head: 'samples', value: (r) => r.samples },
  { head: 'draws', value: (r) => r.draws },
  { head: 'flags', value: (r) => flagsOf(r).join(', '), kind: 'flag' },
];

/** Every estimate: one table of the groups, one of the halves for the null; both collapsed. */
export function estimateTables(report: RunReport): Html {
  const main = report.information.filter((r) => groupStyle(r.group, report));
  const rest = report.information.filter((r) => !groupStyle(r.group, report));
  const fold = (title: string, rows: EstimateRow[]) =>
    rows.length > 0 &&
    html`<details><summary>${title} (${rows.length})</summary>${table(rows, estimateColumns(report))}</details>`;
  return html`${fold('All estimates', main)}${fold('Estimates for the null: random subsets of clean classes', rest)}`;
}

const readingColumns: Column<ScoreReading>[] = [
  { head: 'measured by', value: (r) => INSTRUMENTS[r.instrument], kind: 't' },
  { head: 'unit of T', value: (r) => (r.noise === null ? '–' : NOISES[r.noise]), kind: 't' },
  { head: 'averaged over', value: (r) => (r.axis === 'epochs' ? 'epochs' : 'ln(step)'), kind: 't' },
  { head: 'S', value: (r) => decimal(r.score) },
  { head: 'D', value: (r) => decimal(r.distance) },
  { head: 'p', value: (r) => chanceText(r.p) },
  { head: 'rank', value: (r) => decimal(r.rank) },
  { head: 'gap above the null, in its spreads', value: (r) => decimal(r.separation, 1) },
];
const INSTRUMENTS = { resolved: 'resolved information', critics: 'critics' };
const NOISES = { own: 'each group’s own noise', common: 'the clean classes’ noise' };

/** The score under every way it was measured; null where there is only one. The first row is the headline's. */
export function readingTable({ readings }: RunReport): Html | null {
  if (readings.length < 2) return null;
  return html`<p class="note"><b>How far the score depends on how it is measured.</b> First row: the headline.</p>${table(readings, readingColumns)}`;
}

const spaceColumns: Column<SpaceRow>[] = [
  { head: 'space', value: (r) => r.space, kind: 't' },
  { head: 'measure', value: (r) => r.measure, kind: 't' },
  { head: 'value', value: (r) => decimal(r.value) },
  { head: 'stealthier', value: (r) => r.stealthier, kind: 't' },
  { head: 'what it is', value: (r) => r.what, kind: 't' },
];

/** The stealth in input, feature and parameter space; null for a run that has only the first. */
export function spacesTable({ perception, spaces }: RunReport): Html | null {
  return spaces ? table([...inputRows(perception), ...spaceRows(spaces)], spaceColumns) : null;
}

const detectorColumns: Column<DetectorRow>[] = [
  { head: 'detector', value: (r) => r.name, kind: 't' },
  { head: 'judged', value: judgedWords, kind: 't' },
  { head: 'flags', value: (r) => r.skipped ?? foundWords(r), kind: 't' },
  { head: 'TPR', value: (r) => percent(r.tpr) },
  { head: 'FPR', value: (r) => percent(r.fpr) },
  { head: 'AUROC', value: (r) => decimal(r.auroc) },
  { head: 'TPR at 1 % FPR', value: (r) => percent(r.tprAt1) },
];

/** What each detector found. */
export const detectorsTable = ({ detectors }: DetectorsDocument): Html => table(detectors, detectorColumns);

const epochColumns: Column<EpochRow>[] = [
  { head: 'epoch', value: (r) => r.epoch },
  {
    head: 'learning rate',
    value: (r) => (Number.isFinite(r.learningRate) ? String(Number(r.learningRate.toPrecision(4))) : decimal(null)),
  },
  { head: 'train loss', value: (r) => decimal(r.trainLoss) },
  { head: 'test loss', value: (r) => decimal(r.testLoss) },
  { head: 'train accuracy', value: (r) => percent(r.trainAccuracy) },
  { head: 'clean accuracy', value: (r) => percent(r.testAccuracy) },
  { head: 'ASR', value: (r) => percent(r.asr) },
  { head: 'poisoned loss', value: (r) => decimal(r.backdoorLoss) },
  { head: 'seconds', value: (r) => decimal(r.seconds, 1) },
];

export function epochTable(rows: readonly EpochRow[]): Html {
  return html`<details><summary>All epochs (${rows.length})</summary>${table(rows, epochColumns)}</details>`;
}

/** The configuration, nested names joined by dots. */
export function configTable(config: Record<string, unknown>): Html {
  return table(configRows(config), [
    { head: 'setting', value: ([name]) => name, kind: 't' },
    { head: 'value', value: ([, value]) => value, kind: 'wrap t' },
  ]);
}

/** Every setting and its value as text. */
export function configRows(config: Record<string, unknown>, prefix = ''): [string, string][] {
  return Object.entries(config).flatMap(([key, value]): [string, string][] => {
    const name = prefix + key;
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      return configRows(value as Record<string, unknown>, `${name}.`);
    }
    return [[name, typeof value === 'string' ? value : (JSON.stringify(value) ?? '–')]];
  });
}
