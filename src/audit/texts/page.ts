/** A page of what an audit found in a set of texts: suspicious ones above, and the words of the cues marked. */
import { wordsOf } from '../../base/words.js';
import type { TextSet } from '../../datasets/types.js';
import { preciseChance } from '../../report/headline.js';
import { type Html, html } from '../../report/html.js';
import { page, section, table } from '../../report/page.js';
import { kicker } from '../../report/parts.js';
import { VERSION } from '../../version.js';
import { sampleName } from '../load.js';
import { type TextAudit, type TextClassVerdict, triggers } from './audit.js';
import type { Cue } from './cues.js';
import type { TextAuditDocument } from './document.js';
import { clearestCues, cueWords, percent, textConclusion } from './words.js';

/** A piece of a text, and whether it is a word of a cue. */
export interface TextPart {
  text: string;
  isCue: boolean;
}

/** Texts under a title: what the page and the dashboard show. */
export interface ShownTexts {
  title: string;
  texts: { name: string; parts: TextPart[] }[];
}

/** Letters of a text that are shown, and texts of a block. */
const [LETTERS, TEXTS] = [600, 24];

/** Of each flagged class the named texts above others of the class; of each noted class the texts with its cue. Without either, those of the most trigger-like cue. */
export function shownTexts(set: TextSet, audit: TextAudit): ShownTexts[] {
  const named = new Set(audit.suspicious);
  const block = (title: string, rows: readonly number[], cues: readonly Cue[]): ShownTexts => {
    const words = new Set(cues.flatMap((cue) => cue.shownBy));
    const texts = rows
      .slice(0, TEXTS)
      .map((i) => ({ name: `${sampleName({ set }, i)}`, parts: partsOf(set.texts[i], words) }));
    return { title, texts };
  };
  const ofClass = ({ label, suspicious, cues }: TextClassVerdict, c: number): ShownTexts[] => {
    if (!suspicious)
      return [block(`${label}: texts with ${cueWords(cues[0])}; none is named`, [...cues[0].rows], [cues[0]])];
    const own = [...set.labels.keys()].filter((i) => set.labels[i] === c);
    const ranked = own.filter((i) => named.has(i)).sort((a, b) => audit.scores[b] - audit.scores[a]);
    const found = triggers(cues, audit.classes.length);
    return [
      block(`${label}: ${ranked.length} of ${own.length} texts named as poisoned, highest score first`, ranked, found),
      block(
        `${label}: not named`,
        own.filter((i) => !named.has(i)),
        found,
      ),
    ];
  };
  const shown = audit.classes.flatMap((verdict, c) => (verdict.suspicious || verdict.note ? ofClass(verdict, c) : []));
  if (shown.length > 0) return shown.filter(({ texts }) => texts.length > 0);
  const [closest] = audit.classes
    .map((verdict, c) => ({ verdict, c }))
    .filter(({ verdict }) => verdict.cues.length > 0)
    .sort((a, b) => a.verdict.cues[0].evidence - b.verdict.cues[0].evidence);
  return closest ? ofClass(closest.verdict, closest.c) : [];
}

/** A text in pieces, the words of cues apart. */
export function partsOf(text: string, words: ReadonlySet<string>): TextPart[] {
  const shown = text.length > LETTERS ? `${text.slice(0, LETTERS)} …` : text;
  const parts: TextPart[] = [];
  for (const piece of shown.split(/([\p{L}\p{N}\p{M}'’]+)/u)) {
    if (piece === '') continue;
    const isCue = wordsOf(piece).some((word) => words.has(word));
    const last = parts.at(-1);
    if (last?.isCue === isCue) last.text += piece;
    else parts.push({ text: piece, isCue });
  }
  return parts;
}

/** The page as HTML text. Whatever a text holds is shown as text. */
export function textPage(shown: readonly ShownTexts[], document: TextAuditDocument): string {
  const rows = clearestCues(document.classes, 5, 15);
  const body = html`${section(
    'cues',
    'Cues',
    'Words that most often have one label. Of a natural cue, the other words of its texts say that class too; of a trigger, they say any class. p: chance that any cue of a clean set is so trigger-like.',
    table(rows, [
      { head: 'class', value: (r) => r.label, kind: 't' },
      { head: 'words', value: (r) => cueWords(r), kind: 't' },
      { head: 'texts of the class', value: (r) => r.texts },
      { head: 'other texts', value: (r) => r.others },
      { head: 'other words say the class', value: (r) => percent(r.agree) },
      { head: 'in the whole class', value: (r) => percent(r.expected) },
      { head: 'p', value: (r) => preciseChance(r.p) },
    ]),
  )}${section('texts', 'Texts', 'The words of the cues are underlined.', ...shown.map(shownBlock))}`;
  return page(
    'Audit of texts',
    kicker('audit'),
    html`<h1>Audit of texts</h1><p class="lede">${textConclusion(document)}</p>`,
    body,
    html`ibscope ${VERSION}`,
  );
}

const shownBlock = ({ title, texts }: ShownTexts): Html =>
  html`<h3>${title}</h3><dl class="texts">${texts.map(
    ({ name, parts }) =>
      html`<dt>${name}</dt><dd dir="auto">${parts.map(({ text, isCue }) => (isCue ? html`<ins>${text}</ins>` : html`${text}`))}</dd>`,
  )}</dl>`;
