/** The sections of the report of one run, in the order of the page. */

import type { Acceleration } from '../dynamics/acceleration.js';
import { partOf } from '../dynamics/group-id.js';
import { mean, type Trajectory, trajectories } from '../dynamics/trajectory.js';
import { embeddingFigure } from './figures/embedding.js';
import { linesFigure } from './figures/lines.js';
import { phaseColor, phasesFigure } from './figures/phases.js';
import { planeFigure, planeTrails } from './figures/plane.js';
import { scorePartsFigure } from './figures/score-parts.js';
import { scoreStripFigure } from './figures/score-strip.js';
import { separationFigure } from './figures/separation.js';
import { momentText } from './figures/time-axis.js';
import {
  accuracyFigure,
  accuracySeries,
  classLossFigure,
  classLossLegend,
  classLossSeries,
  lossFigure,
  lossSeries,
  type Series,
  trainingRows,
  withValues,
} from './figures/training.js';
import { trajectoryFigure } from './figures/trajectories.js';
import { wholeSetCurves, wholeSetFigure, wholeSetLooks } from './figures/whole-set.js';
import { count, decimal } from './format.js';
import { gallery, textGallery } from './gallery.js';
import { groupStyle } from './groups.js';
import { verdict } from './headline.js';
import { type Html, html, raw } from './html.js';
import { hollowWords, instrumentWords } from './instrument.js';
import { facts, figure, legend, section } from './page.js';
import { bandWords, fileWord, groupLegend, placeFor, rampLegend } from './parts.js';
import { detectorWords, SPACES_INTRO } from './spaces.js';
import { detectorsTable, readingTable, spacesTable } from './tables.js';
import type { RunReport } from './types.js';

/** What the trajectories are, by the basis of the estimates. */
const basisWords: Record<RunReport['basis'], string> = {
  train: 'Estimated mutual information of training pairs',
  'held-out': 'Estimated mutual information of held-out samples',
  resolved:
    'Resolved information: what a channel of the network’s own noise, magnified κ times, tells about which sample of the group it was (I(X;Ŷ): critics, held-out samples)',
};

const meanings = ({ samples }: Pick<RunReport, 'samples'>) => {
  const one = samples === 'texts' ? 'text' : 'image';
  return {
    'I(X;T)': `what T knows about the ${one}`,
    'I(T;Ŷ)': 'what T knows about the prediction',
    'I(X;Ŷ)': `what the prediction knows about the ${one}`,
  };
};

/** One panel per quantity, and one of the whole training set. */
export function trajectorySection(report: RunReport, curves: readonly Trajectory[], document: Document): Html {
  const shown = (group: string) => group !== 'all' && groupStyle(group, report) !== null;
  const quantities = (['I(X;T)', 'I(T;Ŷ)', 'I(X;Ŷ)'] as const).filter((q) =>
    curves.some((c) => c.quantity === q && shown(c.group)),
  );
  const whole = wholeSetCurves(curves);
  const panels = quantities.length + (whole.length > 0 ? 1 : 0);
  const title = 'How information flows';
  if (panels === 0) return section('trajectories', title, 'No mutual information was estimated in this run.');
  const place = placeFor(panels);
  const height = place === 'two' ? 300 : 268;
  const words = instrumentWords(report);
  const shading = report.phases.find((p) => p.group === partOf(report.target, 'backdoor'))?.phases;
  const intro = [
    `${basisWords[report.basis]} at each checkpoint, in nats. Bands: ${bandWords(report)}.`,
    shading?.some((p) => p.kind !== 'not resolved') &&
      quantities.includes('I(X;T)') &&
      `Shading behind I(X;T): phases of ${report.poisoned ? 'the poisoned samples' : 'the random subset'}, colours as in the next section.`,
    hollowWords(report.information.filter((r) => groupStyle(r.group, report))),
  ];
  const trajectory = (quantity: (typeof quantities)[number]) =>
    figure(
      `${report.name}-${fileWord(quantity)}`,
      html`<b>${quantity}</b> ${meanings(report)[quantity]}`,
      place,
      (width) =>
        trajectoryFigure(
          {
            ...report,
            quantity,
            curves,
            rows: report.information,
            shading: quantity === 'I(X;T)' ? shading : undefined,
          },
          document,
          { width, height },
        ),
    );
  const wholeSet =
    whole.length > 0 &&
    html`<div>${figure(`${report.name}-whole-set`, html`<b>The whole training set</b> all quantities`, place, (width) =>
      wholeSetFigure({ ...report, curves, rows: report.information }, document, { width, height }),
    )}${legend(
      whole.map((c) => ({ label: c.quantity, ...wholeSetLooks[c.quantity]! })),
      document,
    )}</div>`;
  return section(
    'trajectories',
    title,
    intro.filter(Boolean).join(' '),
    groupLegend([{ report, curves }], document),
    html`<div class="grid ${place}">${quantities.map(trajectory)}${wholeSet}</div>`,
    words !== null && html`<p class="note">${words}</p>`,
  );
}

/** The information plane beside the phases; null where there is neither. */
export function phasesSection(report: RunReport, curves: readonly Trajectory[], document: Document): Html | null {
  const trails = planeTrails({ ...report, curves });
  const known = report.phases.some((p) => p.phases.length > 0 && groupStyle(p.group, report));
  if (trails.length === 0 && !known) return null;
  const epochs = trails.flatMap((t) => t.points.map((p) => p.epoch));
  const plane =
    trails.length > 0 &&
    figure(
      `${report.name}-plane`,
      html`<b>Information plane</b> One trail per group, marks as above.${rampLegend(epochs, report)}`,
      'two',
      (width) => planeFigure({ ...report, curves }, document, { width, height: Math.round(180 + width / 2) }),
    );
  const unresolved = [...new Set(report.phases.flatMap((p) => p.reason ?? []))];
  const resolved = report.phases.some((p) => p.phases.some((q) => q.kind !== 'not resolved'));
  const drawn =
    resolved &&
    html`${figure(
      `${report.name}-phases`,
      html`<b>Phases</b> Horizontal strokes: 95 % interval of a boundary${report.seeds === 1 && ', within run'}.`,
      'two',
      (width) => phasesFigure(report, document, { width }),
    )}${phaseLegend()}`;
  const phases =
    known &&
    html`<div>${drawn || html`<h3>Phases</h3>`}${accelerationNote(report)}${unresolved.map((r) => html`<p class="note">Not resolved: ${r}.</p>`)}</div>`;
  return section('plane', 'Phases of training', null, html`<div class="grid two">${plane}${phases}</div>`);
}

function phaseLegend(): Html {
  return html`<ul class="legend below">${Object.entries(phaseColor).map(([kind, color]) => {
    const open = kind === 'not resolved';
    return html`<li><span class="box${open && ' open'}" style="background:${raw(color)}"></span>${kind}</li>`;
  })}</ul>`;
}

/** How a group's moment lies to that of the clean classes. */
function whenOf({ differenceInterval: [low, high] }: Acceleration): string {
  return high < 0 ? 'earlier than' : low > 0 ? 'later than' : 'not measurably earlier or later than';
}

function accelerationNote(report: RunReport): Html | null {
  const { acceleration: a, accelerationRunning: b, seeds, poisoned, stepsPerEpoch } = report;
  if (!a) return null;
  const [low, high] = a.differenceInterval;
  const when = whenOf(a);
  const who = poisoned ? 'Poisoned samples' : 'The samples of the random subset';
  // A difference inside one epoch is a number of steps, where the run says how many an epoch has.
  const steps =
    stepsPerEpoch && Math.max(a.epoch, a.cleanEpoch, Math.abs(low), Math.abs(high)) < 1 ? stepsPerEpoch : null;
  const time = (epochs: number) => (steps ? decimal(epochs * steps, 0) : decimal(epochs, 1));
  const without = b
    ? ` With the running statistics of batch norm as training left them at the first moments: ${momentText(b.epoch, report)}, ${whenOf(b)} the clean classes (${momentText(b.cleanEpoch, report)}).${whenOf(b) === whenOf(a) ? '' : ' The two differ because batch norm lags in the first steps; read the first.'}`
    : '';
  return html`<p class="note"><b>Early acceleration.</b> ${who} reach half of their largest I(X;T) at ${momentText(a.epoch, report)}, ${when} the clean classes (${momentText(a.cleanEpoch, report)}); difference ${time(a.difference)} ${steps ? 'steps' : 'epochs'}, 95 % interval ${time(low)} to ${time(high)}${seeds === 1 && ', within run'}.${a.atOrBefore && ' Some curves are past half at their first checkpoint, so their moment may be earlier.'}${without}</p>`;
}

/** The score against its null and its parts, or why there is none. */
export function scoreSection(report: RunReport, document: Document): Html {
  const { stealth } = report;
  if (!stealth || stealth.score === null) return section('score', 'Stealth score', verdict(stealth, report));
  const by = stealth.window > 1 ? `, smoothed over ${stealth.window} checkpoints` : '';
  const strokes = stealth.null
    ? ' Strokes: clean classes in the role of the target. Thick stroke: their mean. Bar: 95 % range for one more.'
    : ' There is no null to compare with.';
  return section(
    'score',
    'Stealth score',
    `S = ${decimal(stealth.score)}, D = ${decimal(stealth.distance)}, β = ${stealth.beta}, over ${count(stealth.epochs.length, 'checkpoint')}${by}, against ${count(stealth.classes.length, 'other class', 'other classes')}.`,
    html`<div class="grid two">${figure(
      `${report.name}-score`,
      html`<b>Against clean classes</b> Diamond: this run.${strokes}`,
      'two',
      (width) => scoreStripFigure([{ name: '', stealth }], document, { width }),
    )}${figure(
      `${report.name}-score-parts`,
      html`<b>Parts of D</b> Integration: poisoned against clean samples. Footprint: target class against the other classes.${
        stealth.null && ` Clean classes: mean D ${decimal(mean(stealth.null.distances))}.`
      }`,
      'two',
      (width) => scorePartsFigure(stealth, document, { width }),
    )}</div>`,
    report.layers.length > 1 &&
      figure(
        `${report.name}-layers`,
        html`<b>By layer</b> The score above is that of the first layer.`,
        'two',
        (width) =>
          scoreStripFigure(
            report.layers
              .filter((l) => l.stealth.score !== null)
              .map(({ layer, stealth: s }) => ({ name: layer, stealth: s })),
            document,
            { width },
          ),
      ),
    readingTable(report),
  );
}

/** Accuracy, loss, and loss per class over time; null before the first moment. */
export function trainingSection(report: RunReport, document: Document): Html | null {
  const { epochs, name, stepsPerEpoch } = report;
  const rows = trainingRows(report);
  if (rows.length === 0) return null;
  const perClassKeys = classLossLegend(withValues(classLossSeries(epochs, report), epochs));
  const panel = (
    id: string,
    title: string,
    series: readonly Series[],
    drawn: (document: Document, size: { width: number }) => Element,
  ) =>
    series.length > 0 &&
    html`<div>${figure(`${name}-${id}`, html`<b>${title}</b>`, 'three', (width) => drawn(document, { width }))}${legend(series, document)}</div>`;
  return section(
    'training',
    'Training',
    null,
    html`<div class="grid three top">${panel(
      'accuracy',
      'Accuracy and attack success',
      withValues(accuracySeries, rows),
      (d, size) => accuracyFigure(rows, d, { ...size, stepsPerEpoch }),
    )}${panel('loss', 'Loss', withValues(lossSeries, rows), (d, size) => lossFigure(rows, d, { ...size, stepsPerEpoch }))}${panel(
      'class-loss',
      'Training loss by class',
      perClassKeys,
      (d, size) => classLossFigure({ ...report, rows: epochs }, d, size),
    )}</div>`,
  );
}

/** Clean and triggered samples and how much they differ; null where neither samples nor measures are there. */
export async function gallerySection({ gallery: images, texts = [], perception }: RunReport): Promise<Html | null> {
  const measured = Object.entries(perception).filter(([, v]) => v !== null);
  if (images.length === 0 && texts.length === 0 && measured.length === 0) return null;
  const intro =
    texts.length > 0
      ? 'Triggered texts: what the trigger added is underlined, what it removed is struck out.'
      : 'Clean image, triggered image, and their difference: ten times enlarged, around mid-grey.';
  return section(
    'trigger',
    'The trigger',
    images.length > 0 || texts.length > 0 ? intro : null,
    images.length > 0 && (await gallery(images)),
    texts.length > 0 && textGallery(texts),
    measured.length > 0 && facts(measured.map(([name, value]) => ({ name, value: decimal(value) }))),
  );
}

/** Where poisoned samples lie in T: silhouettes, distances, embeddings; null where nothing was recorded. */
export function representationSection(report: RunReport, document: Document): Html | null {
  const { representation, target } = report;
  if (representation.length === 0) return null;
  const own = [partOf(target, 'backdoor'), partOf(target, 'clean')];
  const line = (name: string, value: (r: (typeof representation)[number]) => number | undefined) => ({
    name,
    points: representation.flatMap((r) => {
      const y = value(r);
      return y !== undefined && Number.isFinite(y) ? [{ x: r.epoch, y }] : [];
    }),
  });
  const others = (r: (typeof representation)[number]) =>
    mean(Object.entries(r.silhouettes).flatMap(([id, s]) => (own.includes(id) ? [] : [s])));
  const who = report.poisoned ? 'poisoned' : 'random subset';
  const silhouettes = [
    line(who, (r) => r.silhouettes[own[0]]),
    line('clean, target', (r) => r.silhouettes[own[1]]),
    { ...line('other classes', others), look: { color: 'var(--other)', dash: 'none' } },
  ];
  // No colour of a group: both are of the poisoned samples.
  const places = [
    { ...line('to target', (r) => r.place?.toTarget), look: { color: 'var(--all)', dash: 'none' } },
    { ...line('to source', (r) => r.place?.toSource), look: { color: 'var(--mixed)', dash: '7 3' } },
  ];
  const pictures = embeddingFigures(report, document);
  return section(
    'representation',
    'Poisoned samples in T',
    'The clusters are the poisoned samples, the clean samples of the target class, and each other class. A silhouette of 1 means a cluster far from all others; 0 means that it lies between two. Distances are to the centres of clean classes; the unit is the distance of a clean sample from the centre of its own class.',
    html`<div class="grid two">${figure(
      `${report.name}-silhouettes`,
      html`<b>Silhouette</b> mean of each group`,
      'two',
      (width) =>
        linesFigure(silhouettes, document, {
          width,
          title: 'Silhouettes over epochs',
          yLabel: 'silhouette',
          x: 'epoch',
          stepsPerEpoch: report.stepsPerEpoch,
        }),
    )}${
      report.poisoned &&
      figure(
        `${report.name}-places`,
        html`<b>Distance of poisoned samples</b> to the centres of the target class and of their original class`,
        'two',
        (width) =>
          linesFigure(places, document, {
            width,
            title: 'Distances over epochs',
            yLabel: 'distance',
            x: 'epoch',
            stepsPerEpoch: report.stepsPerEpoch,
            rule: 1,
          }),
      )
    }</div>`,
    pictures.length > 0 && groupLegend([{ report, curves: pictureGroups(report) }], document),
    pictures.length > 0 && html`<div class="grid three">${pictures}</div>`,
    pictures.length > 0 &&
      html`<p class="note">Each embedding is rotated onto the one before. Distances between clusters mean little in embeddings.</p>`,
  );
}

/** Pictures of an embedding that a report shows: two rows of three. */
const PICTURES = 6;

/** The first and the last checkpoint of each embedding, and up to four between them. */
function embeddingFigures(report: RunReport, document: Document): Html[] {
  return report.embeddings.flatMap((picture) => {
    const n = picture.epochs.length;
    const shown = [
      ...new Set(
        Array.from({ length: Math.min(PICTURES, n) }, (_, i) =>
          Math.round((i * (n - 1)) / Math.max(1, Math.min(PICTURES, n) - 1)),
        ),
      ),
    ];
    const name = picture.method === 'umap' ? 'UMAP' : 't-SNE';
    return shown.map((at) =>
      figure(
        `${report.name}-${picture.method}-${momentText(picture.epochs[at], report).replace(' ', '-')}`,
        html`<b>T at ${momentText(picture.epochs[at], report)}</b> ${name}`,
        'three',
        (width) => embeddingFigure(picture, at, report, document, { width }),
      ),
    );
  });
}

/** The groups of the embeddings, for their legend. */
const pictureGroups = ({ embeddings, information }: RunReport): Trajectory[] => {
  const shown = new Set(embeddings.flatMap((e) => e.groups));
  return trajectories(information.filter((r) => shown.has(r.group) && r.quantity === 'I(X;T)'));
};

/** Whether the information of single samples tells the poisoned ones apart; null where it was not recorded. */
export function separationSection(report: RunReport, document: Document): Html | null {
  const { separation, target } = report;
  if (separation.length === 0) return null;
  const panel = (group: string, title: string) =>
    separation.some((s) => s.group === group) &&
    figure(`${report.name}-separation-${group.replace('/', '-')}`, html`<b>${title}</b>`, 'two', (width) =>
      separationFigure(separation, group, document, { width, stepsPerEpoch: report.stepsPerEpoch }),
    );
  return section(
    'separation',
    'Sample by sample',
    `The contribution of each held-out sample to the estimate, as a score for “${report.poisoned ? 'is poisoned' : 'is in the random subset'}”: area under the ROC curve with 95 % bands. At 0.5 the score separates nothing; below 0.5, ${report.poisoned ? 'poisoned' : 'the chosen'} samples contribute less.`,
    html`<div class="grid two">${panel(partOf(target, 'all'), 'Within the target class')}${panel('all', 'Over the whole training set')}</div>`,
  );
}

/** Stealth in three spaces, where the run recorded it. */
export function spacesSection(report: RunReport): Html | null {
  if (!report.spaces || !report.poisoned) return null;
  return section('spaces', 'Stealth in three spaces', SPACES_INTRO, spacesTable(report));
}

/** What published detectors found, where they were asked. */
export function detectorsSection({ detectors }: RunReport): Html | null {
  return detectors ? section('detectors', 'Detectors', detectorWords(detectors), detectorsTable(detectors)) : null;
}
