/** The report of a training on an untrusted set: what was decided when and why, and which samples were set aside. */
import { preciseChance } from '../report/headline.js';
import { html, withCode } from '../report/html.js';
import { facts, page, section, table } from '../report/page.js';
import { kicker } from '../report/parts.js';
import { pngUri } from '../report/png.js';
import { REASONS } from './methods/types.js';
import type { TrainDocument } from './types.js';

/** A sample that was set aside, with its pixels. */
export interface ShownSample {
  label: string;
  pixels: Uint8Array;
  height: number;
  width: number;
  channels: number;
}

/** The page as HTML text. */
export async function trainPage(document: TrainDocument, samples: readonly ShownSample[]): Promise<string> {
  const share = (v: number | null) => (v === null ? '–' : v.toFixed(3));
  const { decisions, suspicious, setAside, answer } = document;
  const lede =
    document.defence === 'none'
      ? answer
      : `${suspicious.length} of ${document.images} samples were set aside. ${answer}`;
  const rows = decisions.flatMap((d) =>
    [...d.classes]
      .sort((a, b) => a.p - b.p)
      .slice(0, 3)
      .map((c) => ({ ...c, epoch: d.epoch, level: d.level })),
  );
  const value = (v: number | null | undefined) => (v == null ? '–' : v.toFixed(2));
  const pictures = await Promise.all(
    samples.map(async (s) => html`<img src="${await pngUri(s.pixels, s)}" alt="${s.label}">`),
  );
  const body = html`${facts([
    { name: 'clean accuracy', value: share(document.accuracy), note: 'test/' },
    { name: 'ASR', value: share(document.asr), note: 'test-triggered/' },
    { name: 'defence', value: document.defence },
    { name: 'set aside', value: String(suspicious.length), note: `of ${document.images}` },
    {
      name: 'training',
      value: `${Number(document.epochs.toFixed(1))} epochs`,
      note: `${Math.round(document.seconds)} s`,
    },
  ])}
${
  decisions.length > 0 &&
  section(
    'decisions',
    'Decisions',
    'The three classes with the smallest p at each decision. p: chance that any class of a clean set shows evidence this strong. Pattern: share of other images that its pattern makes the network name the class. Content: how much more images with a common pattern look like other classes than like their own. But for ln d′ and the pattern, values are in nats.',
    table(rows, [
      { head: 'epoch', value: (r) => r.epoch },
      { head: 'class', value: (r) => r.label, kind: 't' },
      { head: 'p', value: (r) => preciseChance(r.p) },
      { head: 'level', value: (r) => r.level.toFixed(4) },
      { head: '', value: (r) => (r.flagged ? 'flagged' : ''), kind: 'flag' },
      { head: 'excess ln d′', value: (r) => value(r.values.separation) },
      { head: 'two-sided', value: (r) => value(r.values['two-sidedness']) },
      { head: 'pattern', value: (r) => value(r.values.pattern) },
      { head: 'content', value: (r) => value(r.values.content) },
      { head: 'I(X;T)', value: (r) => value(r.values.information) },
      { head: 'between clusters', value: (r) => value(r.values['cluster information']) },
    ]),
  )
}
${
  setAside.length > 0 &&
  section(
    'set-aside',
    'Set aside',
    withCode('`suspicious.txt` lists all of them.'),
    table(setAside, [
      { head: 'class', value: (s) => s.label, kind: 't' },
      { head: 'samples', value: (s) => s.samples },
      { head: 'parts by', value: (s) => s.by, kind: 't' },
      { head: 'why', value: (s) => REASONS[s.why], kind: 't' },
    ]),
    html`<p>${pictures}</p>`,
  )
}`;
  return page(
    'Training',
    kicker('train'),
    html`<h1>Training on an untrusted set</h1><p class="lede">${lede}</p>`,
    body,
    html`ibscope ${document.version}`,
  );
}
