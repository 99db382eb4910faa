/** The report of one run: a single HTML page that opens anywhere. */

import { mean, trajectories } from '../dynamics/trajectory.js';
import { newDocument } from './dom.js';
import { momentText } from './figures/time-axis.js';
import { count, decimal, duration, percent } from './format.js';
import { cautions, chanceText, outcome, verdict } from './headline.js';
import { type Html, html, withCode } from './html.js';
import { facts, page, section, warningList } from './page.js';
import { kicker } from './parts.js';
import {
  detectorsSection,
  gallerySection,
  phasesSection,
  representationSection,
  scoreSection,
  separationSection,
  spacesSection,
  trainingSection,
  trajectorySection,
} from './run-sections.js';
import { configTable, epochTable, estimateTables } from './tables.js';
import type { RunReport } from './types.js';
import { reportWarnings } from './warnings.js';
import { glossary } from './words.js';

/** Renders the report of one run as one HTML file without references to anything outside it. */
export async function renderRunReport(report: RunReport): Promise<string> {
  const document = newDocument();
  const curves = trajectories(report.information);
  const title = report.poisoned ? report.attack : 'Nothing poisoned';
  const header = html`<h1>${title} <span>on ${report.dataset}</span></h1>
<p class="lede">${outcome(report)}</p><p class="lede">${verdict(report.stealth, report)}</p>${cautionNotes(report)}
${headlineFacts(report)}${warningList(reportWarnings(report))}`;
  const body = html`${trajectorySection(report, curves, document)}${phasesSection(report, curves, document)}${scoreSection(
    report,
    document,
  )}${representationSection(report, document)}${separationSection(report, document)}${spacesSection(report)}${detectorsSection(report)}${trainingSection(report, document)}${await gallerySection(report)}${section(
    'numbers',
    'Numbers',
    null,
    report.information.length > 0 && estimateTables(report),
    report.epochs.length > 0 && epochTable(report.epochs),
    html`<details><summary>Configuration</summary>${configTable(report.config)}</details>`,
  )}${section('words', 'Words', null, glossary())}`;
  const time = report.seconds === null ? '' : ` Duration of the run: ${duration(report.seconds)}.`;
  const footer = html`Made by ibscope ${report.version}.${time}`;
  return page(`${report.name}: ${title} on ${report.dataset}`, kicker(report.name), header, body, footer);
}

/** Under the verdict: what it does not say. */
const cautionNotes = (report: RunReport): Html[] =>
  cautions(report).map((words) => html`<p class="note">${withCode(words)}</p>`);

function headlineFacts(report: RunReport): Html {
  const last = report.epochs[report.epochs.length - 1];
  const { stealth, draft } = report;
  const range = stealth?.null;
  return facts([
    { name: 'clean accuracy', value: percent(last?.testAccuracy), note: last && `epoch ${last.epoch}` },
    { name: 'attack success rate', value: percent(last?.asr), note: report.poisoned ? null : 'no trigger' },
    {
      name: 'stealth score S',
      value: decimal(stealth?.score, 2),
      note: stealth?.score == null ? null : `β = ${stealth.beta}${report.seeds === 1 ? ', one seed' : ''}`,
    },
    {
      name: 'clean classes score',
      value: range ? `${decimal(range.low, 2)}–${decimal(range.high, 2)}` : '–',
      note: range && `95 % range, ${count(range.draws, 'draw')}`,
    },
    {
      name: 'p',
      value: chanceText(stealth?.p),
      note:
        range &&
        (range.gapsByClass
          ? `rank among ${range.draws} draws ${decimal(stealth?.rank, 3)}`
          : `smallest possible ${decimal(1 / (1 + range.draws), 3)}`),
    },
    {
      name: 'D beyond the null',
      value: decimal(stealth?.excess, 3),
      note: range && stealth && `D ${decimal(stealth.distance, 3)}, null ${decimal(mean(range.distances), 3)}`,
    },
    {
      name: 'authors’ draft score',
      value: decimal(draft?.score, 2),
      note:
        draft &&
        `0 to 4, lower is stealthier${draft.note ? `; at ${draft.epochs.map((e) => momentText(e, report)).join(', ')}` : ''}`,
    },
  ]);
}
