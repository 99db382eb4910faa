/**
 * Whether the two clusters of a class are a backdoor's or the class's own: other networks are trained without some samples and asked
 * about them. The statistics that made a class a candidate cannot tell; a class of two natural kinds has two clusters as well.
 */
import { createHash } from 'node:crypto';
import type { RunHooks } from '../base/progress.js';
import { indicesByClass } from '../datasets/limits.js';
import type { ImageSet } from '../datasets/types.js';
import { binomialCdf } from '../dynamics/binomial.js';
import { mean } from '../dynamics/trajectory.js';
import { rowsOf } from '../information/columns.js';
import { type Checkpoint, secondHalf, type WatchSettings } from './checkpoint.js';
import { choosePoisoned, contentOf, type Partition } from './cluster-content.js';
import type { Keep } from './keep.js';
import { type Signal, WEIGHT } from './names.js';
import { logOddsOf, numbersOf, type Part, partsOf } from './parts.js';
import { trainingProgress } from './progress.js';
import { isClear } from './reference.js';
import { epochsOfOthers, type Shown, shownWithout, strongest } from './second-network.js';
import type { Signals } from './signals.js';
import { type ClassVerdict, FURTHER, LEVEL, scoreOf } from './verdict.js';

/** Candidates that get a network each; more are scored together. */
const MOST_ALONE = 3;
/**
 * Share of the samples taken for poisoned that a network trained without these assigns to other classes, at least: images of other
 * classes go there, images of the class itself to the class. Most of them, where another network has said already that they show other
 * classes; more, where none was asked; nearly all, where what it said is doubtful. Poisoned samples that were missed teach the network the trigger, so the
 * share is not always 1. Images of a clean class that is hard to learn reach 0.85 where they have a watermark (docs/audit.md).
 */
const TAKEN = { confirmed: 0.5, unasked: 0.75, doubtful: 0.86 };
/**
 * Share of the samples taken for poisoned that the audit's own network assigns to their label in the end, at least. What makes a trigger dangerous is
 * that networks learn it. Mislabelled images also look like images of other classes, and a network hardly learns them.
 */
const LEARNED = 0.9;
/**
 * The set as a whole: `level` of its clusters against clean sets, up to which its classes are candidates, and the share of classes of
 * clean sets that is taken for an upper limit on those whose smaller cluster counts as foreign and learned (docs/audit.md has what was seen).
 */
const WHOLE_SET = { level: 0.05, foreign: 0.1 };

/** What an audit knows while it looks into its candidates. */
export interface Examination {
  set: ImageSet;
  checkpoints: readonly Checkpoint[];
  signals: Signals;
  found: ClassVerdict[];
  settings: WatchSettings;
  hooks: RunHooks;
  keep: Keep;
  /** Log-odds of the poisoned cluster, nats, [n]: set for classes where that is known. */
  scores: Float64Array;
  /** Rows of samples that are known to be poisoned already: every further network does without them. */
  known: Int32Array;
}

/** A candidate: its class, the rows of its samples, its parts, and the part of each sample. */
interface Candidate {
  c: number;
  own: Int32Array;
  parts: Part[];
  part: Int32Array;
}

/**
 * Sets `sides`, `note` and `suspicious` of the outlying classes, given by their numbers, and the scores of their samples; of a class with p above
 * the level only if it is flagged. If the set is outlying as a whole, its other classes are candidates too, and are flagged if another network
 * confirms more of them than in clean sets. Where samples are known to be poisoned already, a class may be asked about for its I(X;T) alone, and a class that
 * is flagged gets the smaller of its p and that of its I(X;T).
 */
export async function judgeCandidates(examination: Examination, outlying: readonly number[]): Promise<void> {
  const { set, signals, found, known } = examination;
  const members = indicesByClass(set.labels, found.length);
  const isOther = (k: number) => found[k].p > FURTHER && !outlying.includes(k) && members[k].length > 0;
  const others = signals.classes.filter((_, k) => isOther(k)).map((e) => e.values);
  const candidates: Candidate[] = [];
  for (const c of outlying) {
    const candidate = candidateOf(examination, c, await partsFor(examination, c, others));
    // Checkpoints that disagree may leave all samples in one cluster.
    if (candidate.parts.length > 1) candidates.push(candidate);
    else if (found[c].p <= LEVEL) found[c].note = 'unlike';
  }
  const isWhole = known.length === 0 && signals.wholeSet <= WHOLE_SET.level;
  const more = isWhole ? await alsoClear(examination, outlying) : [];
  const all = [...candidates, ...more];
  const isTogether = candidates.length > MOST_ALONE;
  const choices = isTogether
    ? candidates.map(smallerParts)
    : await inTurn(candidates, (candidate) => alone(examination, candidate));
  const taken = await takenForOthers(examination, all, [...choices, ...more.map(smallerParts)]);
  const isAlone = (k: number) => !isTogether && k < candidates.length;
  const isForeign = taken.map(
    ({ poisoned, isDoubtful, share }, k) =>
      poisoned !== null && share >= TAKEN[isDoubtful ? 'doubtful' : isAlone(k) ? 'confirmed' : 'unasked'],
  );
  const isPoisoned = taken.map(({ rows }, k) => isForeign[k] && learned(examination, rows) >= LEARNED);
  const count = isPoisoned.filter(Boolean).length;
  const p = (signals.wholeSet * (1 - binomialCdf(count - 1, all.length, WHOLE_SET.foreign))) / WEIGHT.reference;
  for (const [k, candidate] of all.entries()) {
    const verdict = found[candidate.c];
    const isMore = k >= candidates.length;
    if (!isPoisoned[k]) {
      if (!isForeign[k] && (isMore || verdict.p > LEVEL)) continue;
      verdict.note = isForeign[k] ? 'mislabelled' : 'two kinds';
    } else if (isMore) {
      if (p > LEVEL) continue;
      setP(verdict, p);
    } else if (known.length > 0) setP(verdict, Math.min(verdict.p, verdict.evidence.p['I(X;T)']));
    describe(examination, candidate, taken[k], isPoisoned[k]);
  }
}

function setP(verdict: ClassVerdict, p: number) {
  verdict.p = p;
  verdict.score = scoreOf(p);
}

/** Candidates of a set that is outlying as a whole: the other classes whose clusters are clearer than those of clean classes on average. */
async function alsoClear(examination: Examination, outlying: readonly number[]): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const [c, { values }] of examination.signals.classes.entries()) {
    if (outlying.includes(c) || !isClear({ separation: values.separation, gain: values['two-sidedness'] })) continue;
    const candidate = candidateOf(examination, c, await partsFor(examination, c, null));
    if (candidate.parts.length > 1) candidates.push(candidate);
  }
  return candidates;
}

/** Share of the samples that the audit's own network assigns to their label: mean over the last two checkpoints of the second half. */
function learned({ set, checkpoints }: Examination, rows: Int32Array): number {
  const late = secondHalf(checkpoints).slice(-2);
  return mean(
    late.map(
      ({ logits }) => rows.filter((i) => strongest(logits.data, i, logits.d) === set.labels[i]).length / rows.length,
    ),
  );
}

/** The parts of a class; only those of its first split without `others` to compare further ones with. */
function partsFor(
  { set, checkpoints, signals, found, settings }: Examination,
  c: number,
  others: readonly Record<Signal, number>[] | null,
): Promise<Part[]> {
  const own = Int32Array.from(indicesByClass(set.labels, found.length)[c]);
  const first = Float64Array.from(own, (i) => signals.logOdds[i]);
  return partsOf(checkpoints, own, first, others, settings.seed);
}

function candidateOf({ set, found }: Examination, c: number, parts: Part[]): Candidate {
  const own = Int32Array.from(indicesByClass(set.labels, found.length)[c]);
  return { c, own, parts, part: numbersOf(parts, own.length) };
}

/** Writes down what the clusters of a class show, and, if one is poisoned, the scores of its samples. */
function describe(
  { found, scores, signals }: Examination,
  { c, own, parts }: Candidate,
  { poisoned, content, share }: Taken,
  isPoisoned: boolean,
): void {
  const verdict = found[c];
  verdict.sides = { content, poisoned: isPoisoned ? 1 : null, ...(poisoned && { taken: share }) };
  verdict.suspicious = isPoisoned;
  if (!isPoisoned || !poisoned) return;
  const logOdds = logOddsOf(parts, poisoned, own.length);
  own.forEach((i, at) => {
    scores[i] = logOdds[at];
    // The second cluster is the poisoned one from here on.
    signals.logOdds[i] = logOdds[at];
  });
}

async function inTurn<A, B>(items: readonly A[], f: (item: A) => Promise<B>): Promise<B[]> {
  const out: B[] = [];
  for (const item of items) out.push(await f(item));
  return out;
}

/** A network trained without the samples `chosen` and those known to be poisoned, asked about `asked`. */
function without(
  { set, found, settings, hooks, keep, known }: Examination,
  name: string,
  chosen: Int32Array,
  asked: Int32Array,
): Promise<Shown> {
  const left = known.length > 0 ? Int32Array.from(new Set([...chosen, ...known])).sort() : chosen;
  const epochs = epochsOfOthers(settings.epochs);
  const step = trainingProgress(hooks)(name, set.n * epochs);
  // Under a changed rule the same question may be about other samples.
  const rows = createHash('sha256').update(left).update(asked).digest('hex').slice(0, 16);
  const act = () => shownWithout(set, found.length, left, asked, { ...settings, epochs }, step);
  return keep(`${name} (${rows})`, act);
}

/** Which parts of a class are poisoned, by a network that was trained without the class. */
async function alone(examination: Examination, { c, own, part }: Candidate): Promise<Partition> {
  const { found, set } = examination;
  const { logits } = await without(examination, `what class ${found[c].label} shows`, own, own);
  const known = indicesByClass(set.labels, found.length).filter((m) => m.length > 0).length - 1;
  return choosePoisoned(logits, part, c, known);
}

/**
 * Of many candidates, all parts but the largest: a network without all of these classes would know few others, and with many targets
 * the poisoned samples of one are fewer than its clean ones.
 */
function smallerParts({ parts }: Candidate): Omit<Partition, 'content'> {
  const sizes = parts.map((p) => p.places.length);
  const largest = sizes.indexOf(Math.max(...sizes));
  return { poisoned: new Set([...parts.keys()].filter((k) => k !== largest)), isDoubtful: false };
}

/** What a network says that was trained without the samples taken for poisoned. */
interface Taken extends Partition {
  /** Rows of these samples. */
  rows: Int32Array;
  /** Share of them that it takes for other classes; 0 where it is not known which are poisoned. */
  share: number;
}

/** Asks a network that was trained without any sample that is taken for poisoned; also what the clusters show, where none was asked. */
async function takenForOthers(
  examination: Examination,
  candidates: readonly Candidate[],
  choices: readonly (Omit<Partition, 'content'> & Partial<Partition>)[],
): Promise<Taken[]> {
  const chosen = candidates.map(({ own, part }, k) => own.filter((_, at) => choices[k].poisoned?.has(part[at])));
  const left = Int32Array.from(chosen.flatMap((rows) => [...rows])).sort();
  // A class of which it is not known has its contents already.
  if (left.length === 0) return choices.map((choice, k) => ({ ...(choice as Partition), rows: chosen[k], share: 0 }));
  const asked = Int32Array.from(candidates.flatMap(({ own }) => [...own])).sort();
  const name = `what ${candidates.map(({ c }) => examination.found[c].label).join(', ')} would lose`;
  const { logits } = await without(examination, name, left, asked);
  const at = new Map([...asked].map((row, k) => [row, k]));
  return candidates.map(({ c, own, part }, k) => {
    const { poisoned, isDoubtful, content } = choices[k];
    const cluster = Uint8Array.from(part, (p) => Number(poisoned?.has(p)));
    const taken = chosen[k].filter((i) => strongest(logits.data, at.get(i)!, logits.d) !== c).length;
    const of = Int32Array.from(own, (i) => at.get(i)!);
    return {
      poisoned,
      isDoubtful,
      content: content ?? contentOf(rowsOf(logits, of), cluster, c),
      rows: chosen[k],
      share: poisoned ? taken / chosen[k].length : 0,
    };
  });
}
