/** Detectors asked one after another, and how well each does where it is known what is poisoned. */
import { UserError } from '../base/errors.js';
import { type Detector, type Finding, type Observed, readsSet } from '../detectors/index.js';
import { auroc, tprAt } from '../dynamics/rank.js';
import type { DetectorRow } from '../runs/documents.js';
import type { Subject } from './subject.js';

/** What one detector found, and the numbers of it. */
export interface Judged {
  row: DetectorRow;
  /** Null where the detector was left out. */
  finding: Finding | null;
}

/**
 * Asks a detector. One that judges inputs at run time is shown those of the subject, if it has any. A detector that lacks something is
 * left out, with the reason.
 */
export async function judge(detector: Detector, subject: Subject, step: (share: number) => void): Promise<Judged> {
  const started = performance.now();
  const inputs = detector.threatModel === 'C' ? subject.inputs : null;
  const judged = detector.threatModel === 'D' ? 'network' : inputs ? 'inputs' : 'training set';
  const nothing = {
    n: null,
    flagged: null,
    auroc: null,
    tprAt1: null,
    tpr: null,
    fpr: null,
    targets: null,
    classScores: null,
  };
  const { name, threatModel } = detector;
  const left = (skipped: string): Judged => ({
    row: { name, threatModel, judged, skipped, ...nothing, seconds: null },
    finding: null,
  });
  if (!readsSet(detector, subject.set))
    return left(`it reads ${detector.reads}, and these are ${'tokens' in subject.set ? 'texts' : 'images'}`);
  const lack = detector.needs.map((need) => subject[need as 'loss' | 'trusted']).find((v) => typeof v === 'string');
  if (lack !== undefined) return left(lack);
  try {
    const finding = await detector.detect(await observed(detector, subject, inputs?.set ?? subject.set), step);
    const numbers = finding.scores
      ? ofSamples(finding, inputs ? { poisoned: inputs.triggered } : subject.truth)
      : nothing;
    return {
      row: {
        name,
        threatModel,
        judged,
        skipped: null,
        ...numbers,
        targets: finding.targets?.map((k) => subject.classes[k]) ?? null,
        classScores:
          finding.classScores && Object.fromEntries(subject.classes.map((c, k) => [c, finding.classScores![k]])),
        seconds: (performance.now() - started) / 1000,
      },
      finding,
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return left(error.message.replace(`${name}: `, ''));
  }
}

/** What a detector reads; what it does not ask for is not computed. */
async function observed(detector: Detector, subject: Subject, set: Subject['set']): Promise<Observed> {
  const { network, classes, epsilon, seed } = subject;
  const asks = (need: keyof Observed) => detector.needs.includes(need);
  const known = subject.trusted as Exclude<Subject['trusted'], string>;
  return {
    set,
    classes: classes.length,
    network,
    epsilon,
    seed,
    loss: subject.loss as Float32Array,
    features: asks('features') ? await network.features(set) : NO_FEATURES,
    trusted: asks('trusted')
      ? { set: known.set, features: asks('features') ? await network.features(known.set) : NO_FEATURES }
      : { set, features: NO_FEATURES },
  };
}

const NO_FEATURES = { data: new Float32Array(0), n: 0, d: 0 };

/** Numbers of a finding about samples; cover samples count neither way. */
function ofSamples({ scores, flagged }: Finding, truth: { poisoned: Uint8Array; cover?: Uint8Array } | null) {
  const n = scores!.length;
  const all = { n, flagged: flagged!.reduce((s, f) => s + f, 0) };
  const rows = truth ? [...scores!.keys()].filter((i) => !truth.cover?.[i]) : [];
  const poisoned = rows.map((i) => truth!.poisoned[i]);
  const own = rows.map((i) => scores![i]);
  const share = (kind: number) => {
    const of = rows.filter((i) => truth!.poisoned[i] === kind);
    return of.length === 0 ? null : of.filter((i) => flagged![i]).length / of.length;
  };
  return {
    ...all,
    auroc: auroc(own, poisoned)?.auroc ?? null,
    tprAt1: tprAt(own, poisoned, 0.01),
    tpr: truth && share(1),
    fpr: truth && share(0),
  };
}
