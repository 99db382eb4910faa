/** The sections of the report of one run, in the order in which they stand. */

import { partOf } from '../dynamics/group-id.js';
import { mean, type Trajectory, trajectories } from '../dynamics/trajectory.js';
import { embeddingFigure } from './figures/embedding.js';
import { linesFigure } from './figures/lines.js';
import { phaseColor, phasesFigure } from './figures/phases.js';
import { planeFigure, planeTrails } from './figures/plane.js';
import { scorePartsFigure } from './figures/score-parts.js';
import { scoreStripFigure } from './figures/score-strip.js';
import {
  accuracyFigure,
  accuracySeries,
  classLossFigure,
  classLossSeries,
  lossFigure,
  lossSeries,
  type Series,
  said,
} from './figures/training.js';
import { hasFlags, trajectoryFigure } from './figures/trajectories.js';
import { wholeSetCurves, wholeSetFigure, wholeSetLooks } from './figures/whole-set.js';
import { count, decimal } from './format.js';
import { gallery } from './gallery.js';
import { groupStyle } from './groups.js';
import { verdict } from './headline.js';
import { type Html, html, raw } from './html.js';
import { facts, figure, legend, section } from './page.js';
import { bandWords, fileWord, groupLegend, placeFor, rampLegend } from './parts.js';
import type { RunReport } from './types.js';

const meanings = {
  'I(X;T)': 'what T keeps of the image',
  'I(T;Ŷ)': 'what Ŷ takes from T',
  'I(X;Ŷ)': 'what Ŷ tells of the image',
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
  const shading = report.phases.find((p) => p.group === partOf(report.target, 'backdoor'))?.phases;
  const intro = [
    `Estimated mutual information of ${report.basis === 'train' ? 'training pairs' : 'held-out samples'} at each checkpoint, in nats. Bands: ${bandWords(report)}.`,
    shading?.some((p) => p.kind !== 'not resolved') &&
      quantities.includes('I(X;T)') &&
      'Shading behind I(X;T): phases of the backdoor group, colours as in the next section.',
    hasFlags(report.information) && 'Hollow marks: saturated or not converged.',
  ];
  const trajectory = (quantity: (typeof quantities)[number]) =>
    figure(`${report.name}-${fileWord(quantity)}`, html`<b>${quantity}</b> ${meanings[quantity]}`, place, (width) =>
      trajectoryFigure(
        { ...report, quantity, curves, rows: report.information, shading: quantity === 'I(X;T)' ? shading : undefined },
        document,
        { width, height },
      ),
    );
  const wholeSet =
    whole.length > 0 &&
    html`<div>${figure(`${report.name}-whole-set`, html`<b>The whole training set</b> all quantities`, place, (width) =>
      wholeSetFigure(curves, document, { width, height }),
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
      html`<b>Information plane</b> One trail per group, marks as above.${rampLegend(Math.min(...epochs), Math.max(...epochs))}`,
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

function accelerationNote({ acceleration: a, seeds, poisoned }: RunReport): Html | null {
  if (!a) return null;
  const [low, high] = a.differenceInterval;
  const when = high < 0 ? 'earlier than' : low > 0 ? 'later than' : 'not measurably earlier or later than';
  const who = poisoned ? 'Backdoor samples' : 'The random subset';
  return html`<p class="note"><b>Early acceleration.</b> ${who}: half of the largest I(X;T) at epoch ${decimal(a.epoch, 1)}, ${when} the clean classes (epoch ${decimal(a.cleanEpoch, 1)}); difference ${decimal(a.difference, 1)} epochs, 95 % interval ${decimal(low, 1)} to ${decimal(high, 1)}${seeds === 1 && ', within run'}.${a.atOrBefore && ' Some curves were past half at their first checkpoint, so their true epoch may be earlier.'}</p>`;
}

/** The score against its null and its parts, or why there is none. */
export function scoreSection(report: RunReport, document: Document): Html {
  const { stealth } = report;
  if (!stealth || stealth.score === null) return section('score', 'Stealth score', verdict(stealth, report));
  const by = stealth.window > 1 ? `, smoothed over ${stealth.window} checkpoints` : '';
  const strokes = stealth.null
    ? ' Strokes: clean classes playing the target; thick: their mean; bar: 95 % range for one more.'
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
      html`<b>What D is made of</b> Integration: backdoor against clean. Footprint: target class against the others.${
        stealth.null && ` Clean classes: mean D ${decimal(mean(stealth.null.distances))}.`
      }`,
      'two',
      (width) => scorePartsFigure(stealth, document, { width }),
    )}</div>`,
    report.layers.length > 1 &&
      figure(`${report.name}-layers`, html`<b>By layer</b> The first one is the headline’s.`, 'two', (width) =>
        scoreStripFigure(
          report.layers
            .filter((l) => l.stealth.score !== null)
            .map(({ layer, stealth: s }) => ({ name: layer, stealth: s })),
          document,
          { width },
        ),
      ),
  );
}

/** Accuracy, loss, and loss per class over epochs; null before the first epoch. */
export function trainingSection(report: RunReport, document: Document): Html | null {
  const { epochs, name } = report;
  if (epochs.length === 0) return null;
  const perClass = said(classLossSeries(epochs, report), epochs);
  const other = perClass.find((s) => s.width === 1);
  const perClassKeys = perClass.filter((s) => s.width > 1);
  if (other) perClassKeys.push({ ...other, label: 'other classes', width: 1.4 });
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
      said(accuracySeries, epochs),
      (d, size) => accuracyFigure(epochs, d, size),
    )}${panel('loss', 'Loss', said(lossSeries, epochs), (d, size) => lossFigure(epochs, d, size))}${panel(
      'class-loss',
      'Training loss by class',
      perClassKeys,
      (d, size) => classLossFigure({ ...report, rows: epochs }, d, size),
    )}</div>`,
  );
}

/** Clean and triggered images and how much they differ; null where nothing is known of it. */
export async function gallerySection({ gallery: images, perception }: RunReport): Promise<Html | null> {
  const measured = Object.entries(perception).filter(([, v]) => v !== null);
  if (images.length === 0 && measured.length === 0) return null;
  const intro = 'What a person would see. The difference is drawn around mid-grey, ten times enlarged.';
  return section(
    'trigger',
    'The trigger',
    images.length > 0 ? intro : null,
    images.length > 0 && (await gallery(images)),
    measured.length > 0 && facts(measured.map(([name, value]) => ({ name, value: decimal(value) }))),
  );
}

/** Where the poisoned samples lie in T, in figures and in pictures; null where nothing was recorded. */
export function representationSection(report: RunReport, document: Document): Html | null {
  const { representation, embeddings, target } = report;
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
  const who = report.poisoned ? 'backdoor' : 'random subset';
  const silhouettes = [
    line(who, (r) => r.silhouettes[own[0]]),
    line('clean, target', (r) => r.silhouettes[own[1]]),
    line('other classes', others),
  ];
  const places = [line('to target', (r) => r.place?.toTarget), line('to source', (r) => r.place?.toSource)];
  const pictures = embeddings.flatMap((picture) => {
    // First, last and up to four between.
    const n = picture.epochs.length;
    const shown = [
      ...new Set(
        Array.from({ length: Math.min(6, n) }, (_, i) => Math.round((i * (n - 1)) / Math.max(1, Math.min(6, n) - 1))),
      ),
    ];
    const name = picture.method === 'umap' ? 'UMAP' : 't-SNE';
    return shown.map((at) =>
      figure(
        `${report.name}-${picture.method}-${picture.epochs[at]}`,
        html`<b>Epoch ${picture.epochs[at]}</b> ${name}`,
        'three',
        (width) => embeddingFigure(picture, at, report, document, { width }),
      ),
    );
  });
  return section(
    'representation',
    'Where they lie in T',
    'Clusters are the backdoor samples, the clean samples of the target class, and the other classes. A silhouette of 1 is a cluster far from all others, one of 0 lies between two. Distances are to the centres of clean classes, 1 being how far a clean sample is from its own.',
    html`<div class="grid two">${figure(
      `${report.name}-silhouettes`,
      html`<b>Silhouette</b> mean of each group`,
      'two',
      (width) =>
        linesFigure(silhouettes, document, {
          width,
          title: 'Silhouettes over epochs',
          xLabel: 'epoch',
          yLabel: 'silhouette',
          x: 'epoch',
        }),
    )}${
      report.poisoned &&
      figure(
        `${report.name}-places`,
        html`<b>Distance of backdoor samples</b> to the centres of the target class and of the class each came from`,
        'two',
        (width) =>
          linesFigure(places, document, {
            width,
            title: 'Distances over epochs',
            xLabel: 'epoch',
            yLabel: 'distance',
            x: 'epoch',
            rule: 1,
          }),
      )
    }</div>`,
    pictures.length > 0 && groupLegend([{ report, curves: pictureGroups(report) }], document),
    pictures.length > 0 && html`<div class="grid three">${pictures}</div>`,
    pictures.length > 0 &&
      html`<p class="note">Neighbouring checkpoints are turned onto each other; distances between clusters mean little in such pictures.</p>`,
  );
}

/** The groups that the pictures show, as the legend wants them. */
const pictureGroups = ({ embeddings, information }: RunReport): Trajectory[] => {
  const shown = new Set(embeddings.flatMap((e) => e.groups));
  return trajectories(information.filter((r) => shown.has(r.group) && r.quantity === 'I(X;T)'));
};

/** Whether the information of single samples tells the poisoned ones apart; null where it was not recorded. */
export function separationSection(report: RunReport, document: Document): Html | null {
  const { separation, target } = report;
  if (separation.length === 0) return null;
  const lines = (group: string) =>
    ['I(X;T)', 'I(T;Ŷ)'].map((quantity) => ({
      name: quantity,
      points: separation
        .filter((s) => s.group === group && s.quantity === quantity)
        .map((s) => ({
          x: s.epoch,
          y: s.auroc,
          low: Math.max(0, s.auroc - 1.96 * s.standardError),
          high: Math.min(1, s.auroc + 1.96 * s.standardError),
        })),
    }));
  const panel = (group: string, title: string) =>
    separation.some((s) => s.group === group) &&
    figure(`${report.name}-separation-${group.replace('/', '-')}`, html`<b>${title}</b>`, 'two', (width) =>
      linesFigure(lines(group), document, {
        width,
        title: `AUROC over epochs, ${title}`,
        xLabel: 'epoch',
        yLabel: 'AUROC',
        x: 'epoch',
        yDomain: [0, 1],
        rule: 0.5,
      }),
    );
  return section(
    'separation',
    'Sample by sample',
    `The contribution of each held-out sample to the estimate, as a score for “carries the payload”: area under the ROC curve with 95 % bands. 0.5 tells nothing; below it, ${report.poisoned ? 'poisoned' : 'the chosen'} samples carry less.`,
    html`<div class="grid two">${panel(partOf(target, 'all'), 'Within the target class')}${panel('all', 'Over the whole training set')}</div>`,
  );
}
