/** I(X;T) falls while I(T;Ŷ) holds, after it has risen: the second of the paper's training phases. */
import { isClassGroup, partOf } from '../dynamics/group-id.js';
import { at, commonEpochs, mean, type StealthQuantity, type Trajectory } from '../dynamics/index.js';
import { type Claim, type Judgement, noAttack, unresolved } from './claim.js';
import { curvesOf } from './levels.js';
import { type Repeated, type Setting, triggerOf } from './settings.js';
import { byAttackAndSeed, bySeed, type Cell } from './spread.js';
import { failures, succeeds } from './success.js';
import type { StudyRun } from './types.js';
import { allOf, judge } from './verdict.js';
import { sentences } from './words.js';

/**
 * Smallest effect of interest: I(X;T) falls by a tenth of the height that it has expanded to, and I(T;Ŷ) holds if it falls by less than a
 * tenth of its own. The paper draws the fall and gives no size for it, so it is the size of every finding without one.
 */
const INTEREST = 0.1;

/**
 * Epoch from which on the paper's protocol can tell a compression: phases need four checkpoints (dynamics/phases.ts), and the protocol's
 * first four are the epochs 1, 5, 10 and 20 (`PAPER_EPOCHS`). A training that ends earlier cannot contradict one.
 */
const FIRST_TOLD = 20;

/** What a group does after its expansion, in one run. */
interface Fall {
  attack: string;
  seed: number;
  /** Change from the end of the expansion to the last checkpoint, as a share of the value at that end. */
  xt: number;
  ty: number;
  /** Whether the training ends too early to show a compression: before `FIRST_TOLD`, or in an expansion (dynamics/phases.ts). */
  tooShort: boolean;
}

/** Index at which the largest rise of a curve ends; null where it never rises. */
function endOfExpansion(values: readonly number[]): number | null {
  let lowest = Number.POSITIVE_INFINITY;
  let largest = 0;
  let end: number | null = null;
  values.forEach((v, i) => {
    lowest = Math.min(lowest, v);
    if (v - lowest > largest) {
      largest = v - lowest;
      end = i;
    }
  });
  return end;
}

/**
 * The falls of one group. Where the expansion of a run ends is read from the mean curve of the attack's other seeds: a maximum of the run's own
 * curve would lie above its later values by noise alone. Without another seed there is none.
 */
function fallsOf({ config, runs }: Repeated, group: string): Fall[] {
  const curve = (run: StudyRun, q: StealthQuantity) => curvesOf(run, q).find((c) => c.group === group);
  const both = runs.flatMap((run) => {
    const [xt, ty] = [curve(run, 'I(X;T)'), curve(run, 'I(T;Ŷ)')];
    const rising = run.report.phases.find((p) => p.group === group)?.phases.at(-1)?.kind === 'expansion';
    return xt && ty ? [{ seed: run.config.seed, xt, ty, rising }] : [];
  });
  const epochs = commonEpochs(both.flatMap((b) => [b.xt, b.ty]));
  const last = epochs.length - 1;
  const value = (c: Trajectory) => at(c, epochs).values;
  return both.flatMap(({ seed, xt, ty, rising }) => {
    const others = both.filter((b) => b.seed !== seed).map((b) => value(b.xt));
    const end = others.length === 0 ? null : endOfExpansion(epochs.map((_, i) => mean(others.map((o) => o[i]))));
    if (end === null) return [];
    const change = (c: Trajectory) => value(c)[last] / value(c)[end] - 1;
    const tooShort = epochs[last] < FIRST_TOLD || rising;
    return [{ attack: triggerOf(config), seed, xt: change(xt), ty: change(ty), tooShort }];
  });
}

/** The rule: I(X;T) is lower at the end than after its expansion, and I(T;Ŷ) is not. A training that is too short contradicts nothing. */
function judgeFalls(falls: readonly Fall[], spread: (cells: readonly Cell[]) => ReturnType<typeof bySeed>): Judgement {
  if (falls.length === 0)
    return unresolved('No expansion to judge: it takes two seeds, and a trajectory of I(X;T) that rises.');
  const cells = (of: 'xt' | 'ty') => falls.map((f) => ({ attack: f.attack, seed: f.seed, value: f[of] }));
  const what = (q: string) => `${q} from the end of the expansion to the last checkpoint, of its value there`;
  const share = { unit: 'share', interest: INTEREST } as const;
  const measured = [
    judge(spread(cells('xt')), { ...share, what: what('I(X;T)'), direction: 'below' }),
    judge(spread(cells('ty')), { ...share, what: what('I(T;Ŷ)'), direction: 'holds' }),
  ];
  const short = falls.filter((f) => f.tooShort).length;
  const effects = measured.map((e) =>
    e.verdict === 'contradicted' && 2 * short > falls.length
      ? { ...e, verdict: 'not resolved' as const, runsNeeded: null }
      : e,
  );
  const words =
    short === 0
      ? ''
      : `Of ${falls.length} trajectories ${short} are too short to contradict: they end before epoch ${FIRST_TOLD} or in an expansion.`;
  const evidence = [sentences(effects), words].filter(Boolean).join(' ');
  return { verdict: allOf(effects.map((e) => e.verdict)), evidence, effects };
}

export const poisonedSamplesCompress: Claim = {
  claim: 'I(X;T) of poisoned samples is compressed after it has expanded',
  missing: noAttack,
  judge(setting) {
    const attacks = setting.attacks.filter(succeeds);
    const failed = failures(setting.attacks);
    if (attacks.length === 0) return unresolved(failed);
    const falls = attacks.flatMap((a) => fallsOf(a, partOf(a.config.target, 'backdoor')));
    const found = judgeFalls(falls, byAttackAndSeed);
    return { ...found, evidence: [found.evidence, failed].filter(Boolean).join(' ') };
  },
};

/** One value a seed: attacks and classes are averaged, because the claim is about neither. */
const overRuns = (cells: readonly Cell[]) => {
  const seeds = [...new Set(cells.map((c) => c.seed))];
  return bySeed(seeds.map((seed) => mean(cells.filter((c) => c.seed === seed).map((c) => c.value))));
};

export const cleanClassesCompress: Claim = {
  claim: 'I(X;T) of clean classes is compressed after it has expanded',
  missing: () => null,
  judge({ attacks }: Setting) {
    const classes = (a: Repeated) =>
      [...new Set(curvesOf(a.runs[0], 'I(X;T)').map((c) => c.group))].filter(isClassGroup);
    return judgeFalls(
      attacks.flatMap((a) => classes(a).flatMap((k) => fallsOf(a, k))),
      overRuns,
    );
  },
};
