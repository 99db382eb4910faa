/**
 * Cues of classes, and whether they are triggers. A cue is a word, with the words that come with it, that most often has one label. Where it is natural, the other words of its
 * texts say that class too. Where it is a trigger, they say any class, as the words of a random sample of the set do: the cue decides whatever the text is about.
 */
import type { Content } from './content.js';
import { divergence, KOLMOGOROV_MEAN, kolmogorov, logit, nearer } from './likeness.js';

/** A cue of a class. */
export interface Cue {
  /** Class, by its number. */
  c: number;
  /** The words, the one that shows it best first. */
  words: string[];
  /** The words of a text that show it: those above, or the words with letters of another script. */
  shownBy: string[];
  /** Texts of the class that have it, and how many other texts do. */
  rows: Int32Array;
  others: number;
  /** Share of `rows` whose other words say the class, and of all texts of the class whose words do. */
  agree: number;
  expected: number;
  /** Whether the other words of `rows` are those of the class (1) or of a random sample of the set (0): by the class that they say, and by how clearly they say it. */
  likeness: { classes: number; margins: number };
  /** The weaker of both as evidence of a trigger, a log-odds: the lower, the stronger. */
  evidence: number;
  /** Per row, the log of how much likelier its other words are in a random sample of the set than in the class, nats. */
  odds: Float64Array;
}

/** Texts of the class that a cue needs. */
const LEAST = 15;
/** Share of the texts with a cue that have the label, at least, and the z-score of that share. */
const [PURITY, Z] = [0.5, 4];
/** Words in this share of the texts with a cue come with it. */
const TOGETHER = 0.8;
/** Cues with this share of their texts in common are one. */
const SAME = 0.5;
/** Weight of the likeness by margins, which separates natural cues and triggers further. */
const MARGINS = 1.5;

/** All cues of the classes, per class the most trigger-like first. `progress` hears the share done, and may throw to end the work. */
export function cuesOf(content: Content, progress: (share: number) => void = () => {}): Cue[][] {
  const { classes } = content;
  const seen = predictions(content);
  const features = featuresOf(content);
  const found: Cue[][] = Array.from({ length: classes }, () => []);
  const candidates = features.flatMap((feature) => candidatesOf(content, feature));
  for (const [at, candidate] of candidates.entries()) {
    if (at % 64 === 0) progress(at / candidates.length);
    found[candidate.c].push(judge(content, seen, candidate));
  }
  return found.map((cues) => merged(cues.sort((a, b) => a.evidence - b.evidence || b.rows.length - a.rows.length)));
}

/** What words say of all texts: the shares of the classes over the set, and over the texts of each class; and how clearly they say another class than one, ascending. */
interface Predictions {
  all: Float64Array;
  ofClass: Float64Array[];
  margins(c: number): Record<'all' | 'ofClass', Float64Array>;
}

function predictions(content: Content): Predictions {
  const { labels, classes, sizes } = content;
  const counts = Array.from({ length: classes }, () => new Float64Array(classes));
  for (const i of labels.keys()) counts[labels[i]][content.predicted(i)]++;
  const all = new Float64Array(classes);
  for (const row of counts) for (const [c, v] of row.entries()) all[c] += v / labels.length;
  const known = new Map<number, Record<'all' | 'ofClass', Float64Array>>();
  const margins = (c: number) => {
    let found = known.get(c);
    if (!found) {
      const of = Float64Array.from(labels.keys(), (i) => content.margin(i, c));
      found = { all: of.slice().sort(), ofClass: of.filter((_, i) => labels[i] === c).sort() };
      known.set(c, found);
    }
    return found;
  };
  return { all, ofClass: counts.map((row, c) => row.map((v) => v / Math.max(1, sizes[c]))), margins };
}

/** Something that a text has or has not: its texts, and the words that are left out with it. */
interface Feature {
  name: string;
  rows: number[];
  /** Numbers of its words; one for a word. */
  words: number[];
}

/** The words that stand in enough texts, and words with letters of another script than most. */
function featuresOf({ documents, words }: Content): Feature[] {
  const rows = words.map((): number[] => []);
  for (const [i, document] of documents.entries()) for (const word of document) rows[word].push(i);
  const out: Feature[] = [];
  for (const [word, own] of rows.entries())
    if (own.length >= LEAST) out.push({ name: words[word], rows: own, words: [word] });
  const foreign = foreignWords(words, rows);
  const texts = [...new Set(foreign.flatMap((word) => rows[word]))].sort((a, b) => a - b);
  if (texts.length >= LEAST) out.push({ name: 'letters of another script', rows: texts, words: foreign });
  return out;
}

const SCRIPTS = [
  'Latin',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Devanagari',
  'Han',
  'Hangul',
  'Hiragana',
  'Katakana',
];

/** The words with a letter that is not of the script most words are in. */
function foreignWords(words: readonly string[], rows: readonly number[][]): number[] {
  const weights = SCRIPTS.map((script) => {
    const letters = new RegExp(`\\p{Script=${script}}`, 'u');
    return words.reduce((sum, word, k) => sum + (letters.test(word) ? rows[k].length : 0), 0);
  });
  const main = SCRIPTS[weights.indexOf(Math.max(...weights))];
  const other = new RegExp(`(?=\\p{L})\\P{Script=${main}}`, 'u');
  return [...words.keys()].filter((k) => other.test(words[k]));
}

interface Candidate {
  c: number;
  feature: Feature;
  rows: Int32Array;
}

/** The feature as a cue of the class that most of its texts have, if that is far from chance. */
function candidatesOf({ labels, classes, sizes }: Content, feature: Feature): Candidate[] {
  const counts = new Float64Array(classes);
  for (const i of feature.rows) counts[labels[i]]++;
  const c = counts.indexOf(Math.max(...counts));
  const all = feature.rows.length;
  const share = sizes[c] / labels.length;
  const purity = counts[c] / all;
  const z = (purity - share) / Math.sqrt((share * (1 - share)) / all);
  if (counts[c] < LEAST || purity < PURITY || !(z >= Z)) return [];
  return [{ c, feature, rows: Int32Array.from(feature.rows.filter((i) => labels[i] === c)) }];
}

function judge(content: Content, { all, ofClass, margins }: Predictions, { c, feature, rows }: Candidate): Cue {
  const { classes } = content;
  const n = rows.length;
  const left = withCompany(content, feature, rows);
  const said = Int32Array.from(rows, (i) => content.predicted(i, left));
  const shares = new Float64Array(classes);
  for (const k of said) shares[k] += 1 / n;
  const own = margins(c);
  const asked = Float64Array.from(rows, (i) => content.margin(i, c, left)).sort();
  const likeness = {
    classes: nearer(divergence(shares, all), divergence(shares, ofClass[c]), (classes - 1) / (8 * n), 1),
    margins: nearer(kolmogorov(asked, own.all), kolmogorov(asked, own.ofClass), KOLMOGOROV_MEAN / Math.sqrt(n), 0.5),
  };
  const odds = Array.from({ length: classes }, (_, k) => Math.log((all[k] + 1 / n) / (ofClass[c][k] + 1 / n)));
  return {
    c,
    words: [feature.name],
    shownBy: feature.words.map((word) => content.words[word]),
    rows,
    others: feature.rows.length - n,
    agree: shares[c],
    expected: ofClass[c][c],
    likeness,
    evidence: Math.max(logit(likeness.classes), MARGINS * logit(likeness.margins)),
    odds: Float64Array.from(said, (k) => odds[k]),
  };
}

/** 1 for the words of a feature and for those that stand in most of the texts with it. */
function withCompany({ documents, words }: Content, feature: Feature, rows: Int32Array): Uint8Array {
  const left = new Uint8Array(words.length);
  for (const word of feature.words) left[word] = 1;
  const counts = new Map<number, number>();
  for (const i of rows) for (const word of documents[i]) counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const [word, count] of counts) if (count >= TOGETHER * rows.length) left[word] = 1;
  return left;
}

/** Cues of a class of which those with the same texts are one: that of them which fewest other texts have, with the words and the evidence of all. */
function merged(cues: readonly Cue[]): Cue[] {
  const groups: { cues: Cue[]; rows: Set<number> }[] = [];
  for (const cue of cues) {
    const same = groups.find(({ rows }) => {
      const both = cue.rows.reduce((sum, i) => sum + Number(rows.has(i)), 0);
      return both >= SAME * (cue.rows.length + rows.size - both);
    });
    if (same) same.cues.push(cue);
    else groups.push({ cues: [cue], rows: new Set(cue.rows) });
  }
  return groups.map(({ cues: own }) => {
    const { evidence } = own[0];
    const [purest, ...others] = [...own].sort((a, b) => a.others - b.others || a.evidence - b.evidence);
    const all = (key: 'words' | 'shownBy') => [purest, ...others].flatMap((cue) => cue[key]);
    return { ...purest, evidence, words: all('words'), shownBy: all('shownBy') };
  });
}
