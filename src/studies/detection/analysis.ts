/**
 * Whether a measure of stealth predicts what detectors find: rank correlations over the attacked runs of a study. Every measure is turned so
 * that higher means stealthier; a measure predicts a detector if stealthier attacks are detected less, ρ < 0.
 */
import { clusterInterval, rankShares, smallestVisible, spearman } from '../../dynamics/spearman.js';
import { mean } from '../../dynamics/trajectory.js';
import { decide } from '../../findings/verdict.js';
import type { DetectorResult, JudgedRun } from './types.js';

/** The smallest |ρ| of interest, stated beforehand: under it a measure explains less than a quarter of the variance of ranks. */
export const INTEREST = 0.5;

export type Prediction = 'predicts' | 'does not predict' | 'not resolved';

/** What is read of a detector. */
export const outcomes = {
  auroc: { label: 'AUROC', of: (d: DetectorResult) => d.auroc },
  tprAt1: { label: 'TPR at 1 % FPR', of: (d: DetectorResult) => d.tprAt1 },
  own: {
    label: 'own decision',
    /** TPR − FPR of its own rule; of a detector of networks 1 where it finds the target class, else 0. */
    of: (d: DetectorResult) =>
      d.tpr !== null && d.fpr !== null ? d.tpr - d.fpr : d.targetFound === null ? null : Number(d.targetFound),
  },
} as const;
export type Outcome = keyof typeof outcomes;

/** A measure of stealth, turned so that higher is stealthier. */
export interface Measured {
  name: string;
  space: 'information' | 'input' | 'feature' | 'parameter';
  of(row: JudgedRun): number | null;
}

/** Measures of the three spaces of which a higher value is stealthier; of the others a lower one is. */
const HIGHER = ['psnr', 'ssim', 'ssimfull', 'msssim', 'cdbi'];

/** S, its p, and every measure that the rows have. */
export function measuresOf(rows: readonly JudgedRun[]): Measured[] {
  const own: Measured[] = [
    { name: 'S', space: 'information', of: (row) => row.stealth.score },
    { name: 'p of S', space: 'information', of: (row) => row.stealth.p },
  ];
  const spaces = (['input', 'feature', 'parameter'] as const).flatMap((space) =>
    [...new Set(rows.flatMap((row) => Object.keys(row.spaces[space])))].map((name): Measured => {
      const sign = HIGHER.includes(name) ? 1 : -1;
      return {
        name,
        space,
        of: (row) => {
          const value = row.spaces[space][name];
          return value === null || value === undefined || !Number.isFinite(value) ? null : sign * value;
        },
      };
    }),
  );
  return [...own, ...spaces].filter((m) => rows.some((row) => m.of(row) !== null));
}

/** A measure against one result of one detector. */
export interface Correlation {
  measure: string;
  detector: string;
  threatModel: string;
  outcome: Outcome;
  /** Runs with both values, and clusters (data set × attack × seed) of them. */
  n: number;
  clusters: number;
  /** Spearman's ρ, ranked inside each data set; null where a value never varies. */
  rho: number | null;
  /** 95 %, whole clusters resampled. */
  interval: [number, number] | null;
  /** 95 %, whole attacks resampled: seeds of one attack are alike. Of S alone. */
  overAttacks: [number, number] | null;
  /** ρ given ASR and the poisoned share of the set, and its 95 % interval by clusters; the interval of S alone. */
  partial: number | null;
  partialInterval: [number, number] | null;
  /** Smallest |ρ| that so many clusters see with 80 % power. */
  visible: number;
  verdict: Prediction;
}

/** One run as a pair of values. */
interface Pair {
  row: JudgedRun;
  x: number;
  y: number;
}

/** Runs that are attacked: only they can be detected. */
export const attacked = (rows: readonly JudgedRun[]) =>
  rows.filter((row) => row.asr !== null && row.config.attack !== 'none');

export const clusterOf = ({ dataset, config }: JudgedRun) => `${dataset} ${config.attack} ${config.seed}`;

const attackOf = ({ row: { dataset, config } }: Pair) => `${dataset} ${config.attack}`;

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

const rhoOf = (pairs: readonly Pair[], given: readonly (readonly number[])[] = []) =>
  spearman(
    pairs.map((p) => p.x),
    pairs.map((p) => p.y),
    { strata: pairs.map((p) => p.row.dataset), given },
  );

/** The rule: the one of all findings, for a claim that ρ lies below 0. */
export function predictionOf(interval: readonly [number, number] | null): Prediction {
  if (interval === null) return 'not resolved';
  const verdict = decide('below', interval, interval, [-INTEREST, INTEREST]);
  return verdict === 'reproduced' ? 'predicts' : verdict === 'contradicted' ? 'does not predict' : 'not resolved';
}

/** Runs with a value of a measure and of a detector. */
function pairsOf(rows: readonly JudgedRun[], measure: Measured, y: (row: JudgedRun) => number | null): Pair[] {
  return attacked(rows).flatMap((row) => {
    const pair = { row, x: measure.of(row), y: y(row) };
    return pair.x === null || pair.y === null ? [] : [pair as Pair];
  });
}

function correlationOf(
  pairs: readonly Pair[],
  measure: string,
): Omit<Correlation, 'measure' | 'detector' | 'threatModel' | 'outcome'> {
  const clusters = pairs.map((p) => clusterOf(p.row));
  const count = new Set(clusters).size;
  const plain = (at: readonly number[]) => rhoOf(at.map((i) => pairs[i]));
  const partial = (at: readonly number[]) => {
    const chosen = at.map((i) => pairs[i]);
    return rhoOf(chosen, [chosen.map((p) => p.row.asr!), chosen.map((p) => p.row.poisonedShare)]);
  };
  const all = [...pairs.keys()];
  const rho = finite(plain(all));
  const given = finite(partial(all));
  const interval = rho === null ? null : clusterInterval(clusters, plain);
  const isScore = measure === 'S';
  return {
    n: pairs.length,
    clusters: count,
    rho,
    interval,
    overAttacks: isScore && rho !== null ? clusterInterval(pairs.map(attackOf), plain) : null,
    partial: given,
    partialInterval: isScore && given !== null ? clusterInterval(clusters, partial) : null,
    visible: smallestVisible(count),
    verdict: predictionOf(interval),
  };
}

const resultOf = (row: JudgedRun, detector: string) => row.detectors.find((d) => d.name === detector);

/** Detectors that the rows name, in their order. */
export function detectorsIn(rows: readonly JudgedRun[]): { name: string; threatModel: string }[] {
  const found = new Map(rows.flatMap((row) => row.detectors.map((d) => [d.name, d.threatModel] as const)));
  return [...found]
    .map(([name, threatModel]) => ({ name, threatModel }))
    .sort((a, b) => a.threatModel.localeCompare(b.threatModel));
}

/** Every measure against one result of every detector that has it. */
export function correlations(rows: readonly JudgedRun[], outcome: Outcome): Correlation[] {
  return detectorsIn(rows).flatMap(({ name: detector, threatModel }) =>
    measuresOf(rows).flatMap((measure): Correlation[] => {
      const pairs = pairsOf(rows, measure, (row) => {
        const result = resultOf(row, detector);
        return result ? outcomes[outcome].of(result) : null;
      });
      return pairs.length < 3
        ? []
        : [{ measure: measure.name, detector, threatModel, outcome, ...correlationOf(pairs, measure.name) }];
    }),
  );
}

/** What a detector does in all runs. */
export interface DetectorSummary {
  name: string;
  threatModel: string;
  /** Attacked runs with an AUROC, or with a decision where it judges networks. */
  n: number;
  auroc: { low: number; mean: number; high: number } | null;
  tprAt1: number | null;
  own: number | null;
  /** Unpoisoned runs that it was asked about: mean share of samples that its rule flags, and runs with a target class. */
  clean: { runs: number; fpr: number | null; withTarget: number | null };
  /** Why it says nothing about any measure; null where it does. */
  uninformative: string | null;
  /** Reasons why it was left out, and of how many runs. */
  skipped: Record<string, number>;
}

/** Least range of AUROC over runs of a detector that can be predicted at all. */
const RANGE = 0.02;

export function detectorSummaries(rows: readonly JudgedRun[]): DetectorSummary[] {
  return detectorsIn(rows).map(({ name, threatModel }): DetectorSummary => {
    const results = (of: readonly JudgedRun[]) => of.flatMap((row) => resultOf(row, name) ?? []);
    const found = results(attacked(rows));
    const values = (outcome: Outcome) => found.flatMap((d) => outcomes[outcome].of(d) ?? []);
    const meanOrNull = (list: readonly number[]) => (list.length > 0 ? mean(list) : null);
    const scores = values('auroc');
    const judged = scores.length > 0 ? scores : values('own');
    const [low, high] = [Math.min(...judged), Math.max(...judged)];
    const clean = results(rows.filter((row) => row.config.attack === 'none')).filter((d) => d.skipped === null);
    const skipped: Record<string, number> = {};
    for (const d of found) if (d.skipped !== null) skipped[d.skipped] = (skipped[d.skipped] ?? 0) + 1;
    return {
      name,
      threatModel,
      n: judged.length,
      auroc: scores.length > 0 ? { low, mean: mean(scores), high } : null,
      tprAt1: meanOrNull(values('tprAt1')),
      own: meanOrNull(values('own')),
      clean: {
        runs: clean.length,
        fpr: meanOrNull(clean.flatMap((d) => d.fpr ?? [])),
        withTarget: clean.some((d) => d.targets) ? clean.filter((d) => (d.targets?.length ?? 0) > 0).length : null,
      },
      uninformative:
        judged.length === 0
          ? 'no result'
          : high - low < (scores.length > 0 ? RANGE : 1)
            ? `its result hardly varies (${low.toFixed(2)} to ${high.toFixed(2)})`
            : null,
      skipped,
    };
  });
}

/** A measure against a threat model: the mean rank of a run's AUROC over the informative detectors of the model. */
export interface ModelCorrelation extends Omit<Correlation, 'detector' | 'outcome'> {
  space: Measured['space'];
  detectors: string[];
  /** Each attack left out in turn; null with fewer than three attacks. */
  leftOut: LeftOut | null;
}

export interface LeftOut {
  /** Smallest and largest ρ of the rest. */
  low: number;
  high: number;
  /** Whether ρ of every rest has the sign of the whole. */
  stable: boolean;
  /**
   * Mean absolute error of the share of the ranks, 0 … 1, that a line fitted to the other attacks predicts for the attack that was left out,
   * and that of always predicting the middle.
   */
  error: number;
  middle: number;
}

/** Every measure against every threat model, the best predictor (lowest ρ) of each model first. */
export function modelCorrelations(rows: readonly JudgedRun[]): ModelCorrelation[] {
  const informative = detectorSummaries(rows).filter((d) => d.uninformative === null && d.auroc !== null);
  const models = [...new Set(informative.map((d) => d.threatModel))].sort();
  return models.flatMap((threatModel) => {
    const names = informative.filter((d) => d.threatModel === threatModel).map((d) => d.name);
    const level = meanRanks(rows, names);
    return measuresOf(rows)
      .flatMap((measure): ModelCorrelation[] => {
        const pairs = pairsOf(rows, measure, (row) => level.get(row.name) ?? null);
        if (pairs.length < 3) return [];
        const own = correlationOf(pairs, measure.name);
        return [
          {
            measure: measure.name,
            space: measure.space,
            threatModel,
            detectors: names,
            ...own,
            leftOut: leaveOut(pairs),
          },
        ];
      })
      .sort((a, b) => (a.rho ?? 1) - (b.rho ?? 1));
  });
}

/** Per run that all the detectors judged, the mean of its rank shares by AUROC. */
function meanRanks(rows: readonly JudgedRun[], names: readonly string[]): Map<string, number> {
  const all = attacked(rows).flatMap((row) => {
    const scores = names.map((name) => resultOf(row, name)?.auroc ?? null);
    return scores.includes(null) ? [] : [{ row, scores: scores as number[] }];
  });
  const strata = all.map(({ row }) => row.dataset);
  const shares = names.map((_, k) =>
    rankShares(
      all.map(({ scores }) => scores[k]),
      strata,
    ),
  );
  return new Map(all.map(({ row }, i) => [row.name, shares.reduce((s, own) => s + own[i], 0) / names.length]));
}

/** Leaves out one attack after another. Null with fewer than three attacks, and where ρ has no value. */
export function leaveOut(pairs: readonly Pair[]): LeftOut | null {
  const attacks = [...new Set(pairs.map((p) => p.row.config.attack))];
  const whole = rhoOf(pairs);
  if (attacks.length < 3 || !Number.isFinite(whole)) return null;
  const strata = pairs.map((p) => p.row.dataset);
  const [x, y] = [
    rankShares(
      pairs.map((p) => p.x),
      strata,
    ),
    rankShares(
      pairs.map((p) => p.y),
      strata,
    ),
  ];
  const rest: number[] = [];
  let [error, middle] = [0, 0];
  for (const attack of attacks) {
    const others = [...pairs.keys()].filter((i) => pairs[i].row.config.attack !== attack);
    rest.push(rhoOf(others.map((i) => pairs[i])));
    const line = lineOf(
      others.map((i) => x[i]),
      others.map((i) => y[i]),
    );
    for (const [i, p] of pairs.entries()) {
      if (p.row.config.attack !== attack) continue;
      error += Math.abs(line(x[i]) - y[i]) / pairs.length;
      middle += Math.abs(0.5 - y[i]) / pairs.length;
    }
  }
  const found = rest.filter(Number.isFinite);
  return {
    low: Math.min(...found),
    high: Math.max(...found),
    stable: found.length === rest.length && found.every((r) => Math.sign(r) === Math.sign(whole)),
    error,
    middle,
  };
}

/** Least-squares line, limited to 0 … 1; its mean where x is constant. */
function lineOf(x: readonly number[], y: readonly number[]): (at: number) => number {
  const [mx, my] = [mean(x), mean(y)];
  const spread = x.reduce((s, v) => s + (v - mx) ** 2, 0);
  const slope = spread > 0 ? x.reduce((s, v, i) => s + (v - mx) * (y[i] - my), 0) / spread : 0;
  return (at) => Math.min(1, Math.max(0, my + slope * (at - mx)));
}
