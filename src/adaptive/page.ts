/** The page of an adaptation: what each round reached, the course of the objective, and what the pattern looks like. */
import { newDocument } from '../report/dom.js';
import { linesFigure } from '../report/figures/lines.js';
import { gallery } from '../report/gallery.js';
import { html } from '../report/html.js';
import { facts, figure, page, section, table } from '../report/page.js';
import { kicker } from '../report/parts.js';
import type { GalleryImage } from '../report/types.js';
import { type AdaptDocument, BOUNDS, type RoundRow, type StepRow } from './types.js';

/** Points of a curve; each is the mean of some steps, because batches differ. */
const POINTS = 12;

/** The page as HTML text, self-contained. `trigger`: path of the trigger file, for the commands. */
export async function adaptPage(
  document: AdaptDocument,
  steps: readonly StepRow[],
  images: readonly GalleryImage[],
  trigger: string,
): Promise<string> {
  const { config, settings, rounds, chosen, visibility, budget } = document;
  const best = rounds[chosen.round];
  const { what } = BOUNDS[settings.form];
  const number = (v: number | null, digits = 3) => (v === null ? '–' : v.toFixed(digits));
  const doc = newDocument();
  const curve = (name: string, value: (row: StepRow) => number) =>
    steps.length === 0
      ? null
      : figure(name, CAPTIONS[name as keyof typeof CAPTIONS], 'two', (width) =>
          linesFigure([{ name: '', points: means(steps, value) }], doc, {
            title: CAPTIONS[name as keyof typeof CAPTIONS],
            xLabel: 'gradient step',
            yLabel: name,
            x: 'values',
            xNames: undefined,
            width,
          }),
        );
  const header = html`<h1>Learned trigger</h1><p class="lede">On surrogates that were trained on it the pattern reaches an ASR of ${number(best.asr)} at a
deviation D of ${number(best.deviation)} of resolved information from clean samples. Whether that holds for a victim, a run says: seeds and architectures
that the surrogates did not have.</p>`;
  const body = html`${facts([
    { name: settings.form, value: number(best.largest, 4), note: `${what}; at most ${settings.epsilon}` },
    { name: 'PSNR', value: `${number(visibility.psnr, 1)} dB`, note: `SSIM ${number(visibility.ssim)}` },
    { name: 'λ', value: String(settings.lambda), note: 'weight of D' },
    {
      name: 'gradient steps',
      value: String(budget.gradientSteps),
      note: `${budget.surrogates} surrogates, ${Math.round(budget.seconds / 60)} min`,
    },
  ])}
${section(
  'rounds',
  'Rounds',
  `Each round trains ${settings.surrogates} ${config.model} of width ${config.width} with seeds of their own on the pattern as it is then. Chosen: round ${chosen.round}, ${chosen.why}.`,
  table<RoundRow>(rounds, [
    { head: 'round', value: (r) => r.round },
    { head: 'ASR', value: (r) => number(r.asr) },
    { head: 'clean accuracy', value: (r) => number(r.accuracy) },
    { head: 'deviation D', value: (r) => number(r.deviation) },
    { head: what, value: (r) => number(r.largest, 4) },
    { head: '', value: (r) => (r.round === chosen.round ? 'chosen' : ''), kind: 't' },
  ]),
)}
${section('course', 'Course', `Means of ${each(steps)} steps, over batches of triggered images and all surrogates of the round.`, html`<div class="grid two">${curve('ASR', (r) => r.asr)}${curve('D', (r) => r.deviation)}</div>`)}
${section('pattern', 'Pattern', 'Test images without and with the pattern.', await gallery(images))}
${section('use', 'Use', null, html`<p><code>npx ibscope run --attack learned --attack-option trigger=${trigger} --seed 7</code></p>`)}`;
  return page('Learned trigger', kicker('learned trigger'), header, body, html`ibscope ${document.version}`);
}

const CAPTIONS = {
  ASR: 'Share of triggered images that surrogates assign to the target',
  D: 'Deviation D of resolved information from clean samples',
} as const;

const each = (steps: readonly StepRow[]) => Math.max(1, Math.ceil(steps.length / POINTS));

function means(steps: readonly StepRow[], value: (row: StepRow) => number): { x: number; y: number }[] {
  const out: { x: number; y: number }[] = [];
  for (let from = 0; from < steps.length; from += each(steps)) {
    const some = steps.slice(from, from + each(steps));
    out.push({ x: from + some.length, y: some.reduce((sum, row) => sum + value(row), 0) / some.length });
  }
  return out;
}
