/**
 * The paper's findings, judged on finished runs of one setting. Every verdict follows from an interval over seeds and attacks
 * and from a rule that was written down before the runs were made; an attack that did not take has no say.
 */
import {
  type Average,
  at,
  average,
  commonEpochs,
  type EstimateRow,
  earlyAcceleration,
  epochAverage,
  mean,
  rankCorrelation,
  type StealthQuantity,
  type Trajectory,
  trajectories,
} from '../../dynamics/index.js';
import type { Finding, Verdict } from '../../report/index.js';
import type { StudyRun } from '../study.js';
import type { Repeated, Setting } from './grid.js';

/** Attack success rate from which on an attack counts as having taken. */
export const TAKEN = 0.9;

const ASR = (runs: readonly StudyRun[]) => mean(runs.map((r) => r.result.asr ?? 0));
export const took = ({ config, runs }: Repeated) =>
  config.attack !== 'none' && config.attack !== 'relabel' && ASR(runs) >= TAKEN;

/** What the paper calls visually imperceptible, of its five attacks. */
const IMPERCEPTIBLE = ['blend', 'wanet', 'label-consistent', 'adaptive-blend'];

/** Without the sign of a zero. */
const number = (x: number, digits = 2) =>
  x
    .toFixed(digits)
    .replace(/^-(?=0\.?0*$)/, '')
    .replace('-', '−');
export const withInterval = (a: Average, digits = 2) =>
  Number.isFinite(a.interval[0])
    ? `${number(a.mean, digits)} (95 % ${number(a.interval[0], digits)} to ${number(a.interval[1], digits)}, n = ${a.n})`
    : `${number(a.mean, digits)} (n = ${a.n})`;

const curvesOf = (rows: readonly EstimateRow[], quantity: string) =>
  trajectories(rows.filter((r) => r.quantity === quantity));

interface Head {
  /** Half-maximum epoch of the backdoor group minus that of the clean classes. */
  difference: Average;
  /** Runs in which a curve was past half at its first checkpoint. */
  censored: number;
  /** Share of its own maximum that a group has at the first checkpoint, backdoor minus the mean of the clean classes. */
  headStart: Average;
}

/** Early acceleration of one attack over its seeds; null where no seed shows a rise. */
export function acceleration({ runs, config }: Repeated, quantity: StealthQuantity): Head | null {
  const found = runs.flatMap((run) => {
    const curves = curvesOf(run.report.information, quantity);
    const backdoor = curves.find((c) => c.group === `${config.target}/backdoor`);
    const clean = curves.filter((c) => /^\d+$/.test(c.group));
    const one = backdoor && earlyAcceleration(backdoor, clean, { seed: run.config.seed });
    const share = (c: Trajectory) => c.values[0] / Math.max(...c.values);
    return one ? [{ one, headStart: share(backdoor) - mean(clean.map(share)) }] : [];
  });
  if (found.length === 0) return null;
  return {
    difference: average(
      found.map((f) => f.one.difference),
      found.map((f) => (f.one.differenceInterval[1] - f.one.differenceInterval[0]) / 3.92),
    ),
    censored: found.filter((f) => f.one.atOrBefore).length,
    headStart: average(found.map((f) => f.headStart)),
  };
}

function earlyFinding(attacks: readonly Repeated[], quantity: StealthQuantity): Finding {
  const claim = `Backdoor samples accelerate early, in ${quantity}`;
  const found = attacks.flatMap((a) => acceleration(a, quantity) ?? []);
  if (found.length === 0) return { claim, verdict: 'not resolved', evidence: 'No attack that took shows a rise.' };
  const overall = average(
    found.map((f) => f.difference.mean),
    found.map((f) => f.difference.standardError),
  );
  const head = average(found.map((f) => f.headStart.mean));
  const censored = found.reduce((s, f) => s + f.censored, 0);
  const runs = found.reduce((s, f) => s + f.difference.n, 0);
  const verdict: Verdict =
    overall.n < 2
      ? 'not resolved'
      : overall.interval[1] < 0
        ? 'reproduced'
        : overall.interval[0] > 0
          ? 'contradicted'
          : 'not resolved';
  return {
    claim,
    verdict,
    evidence: `Half of the maximum is reached ${withInterval(overall)} epochs later than by the clean classes, over attacks; at the first checkpoint the share of the maximum is higher by ${withInterval(head)}. In ${censored} of ${runs} runs a curve is past half at its first checkpoint, which understates the difference.`,
  };
}

/** How many of the groups' phases hold a compression after an expansion, how many are resolved without, and how many are neither. */
function compressions(runs: readonly StudyRun[], which: (group: string) => boolean) {
  const counts = { compression: 0, none: 0, unresolved: 0 };
  for (const run of runs)
    for (const { group, phases } of run.report.phases) {
      if (!which(group)) continue;
      const expanded = phases.findIndex((p) => p.kind === 'expansion');
      if (expanded >= 0 && phases.some((p, i) => i > expanded && p.kind === 'compression')) counts.compression++;
      else if (phases.some((p) => p.kind === 'not resolved')) counts.unresolved++;
      else counts.none++;
    }
  return counts;
}

function compressionFinding(runs: readonly StudyRun[], who: string, which: (group: string) => boolean): Finding {
  const { compression, none, unresolved } = compressions(runs, which);
  const total = compression + none + unresolved;
  const verdict: Verdict = 2 * compression > total ? 'reproduced' : 2 * none > total ? 'contradicted' : 'not resolved';
  return {
    claim: `I(X;T) of ${who} is compressed after it has expanded`,
    verdict,
    evidence: `Of ${total} trajectories ${compression} have a compression after an expansion, ${none} are resolved and have none, ${unresolved} are not resolved.`,
  };
}

/** Average over epochs of backdoor − clean, per seed, with the bound on its error. */
function integrationDifference({ runs, config }: Repeated, quantity: StealthQuantity): Average | null {
  const found = runs.flatMap((run) => {
    const curves = curvesOf(run.report.information, quantity);
    const [b, c] = ['backdoor', 'clean'].map((g) => curves.find((x) => x.group === `${config.target}/${g}`));
    if (!b || !c) return [];
    const epochs = commonEpochs([b, c]);
    const [x, y] = [at(b, epochs), at(c, epochs)];
    return [
      {
        value: epochAverage(
          epochs,
          epochs.map((_, i) => x.values[i] - y.values[i]),
        ),
        error: epochAverage(
          epochs,
          epochs.map((_, i) => Math.hypot(x.standardErrors[i], y.standardErrors[i])),
        ),
      },
    ];
  });
  if (found.length === 0) return null;
  return average(
    found.map((f) => f.value),
    found.map((f) => f.error),
  );
}

function lowerFinding(setting: Setting): Finding {
  const claim = 'Blend: I(X;T) and I(T;Ŷ) of backdoor samples stay below the clean ones';
  const blends = setting.attacks.filter((a) => a.config.attack === 'blend' && took(a));
  const parts = blends.flatMap((b) =>
    (['I(X;T)', 'I(T;Ŷ)'] as const).flatMap((q) => {
      const d = integrationDifference(b, q);
      return d ? [{ q, d, label: b.label }] : [];
    }),
  );
  if (parts.length === 0) return { claim, verdict: 'not resolved', evidence: 'Blend did not take.' };
  // One seed's interval holds within that run only.
  const several = parts.every((p) => p.d.n > 1);
  const verdict: Verdict =
    several && parts.every((p) => p.d.interval[1] < 0)
      ? 'reproduced'
      : several && parts.some((p) => p.d.interval[0] > 0)
        ? 'contradicted'
        : 'not resolved';
  const words = parts.map((p) => `${p.label}, ${p.q}: ${withInterval(p.d)} nats`).join('; ');
  return { claim, verdict, evidence: `Backdoor minus clean, averaged over epochs: ${words}.` };
}

/** Average |a − b| / mean level of two groups, as the score's integration gap has it. */
function gapOf(rows: readonly EstimateRow[], quantity: StealthQuantity, one: string, other: string): number | null {
  const curves = curvesOf(rows, quantity);
  const [a, b] = [one, other].map((g) => curves.find((c) => c.group === g));
  const others = curves.filter((c) => /^\d+$/.test(c.group));
  if (!a || !b || others.length === 0) return null;
  const epochs = commonEpochs([a, b, ...others]);
  const [x, y, ...rest] = [a, b, ...others].map((c) => at(c, epochs));
  const level = epochAverage(
    epochs,
    epochs.map((_, i) => mean(rest.map((c) => c.values[i]))),
  );
  const gap = epochAverage(
    epochs,
    epochs.map((_, i) => Math.abs(x.values[i] - y.values[i])),
  );
  return level > 0 ? gap / level : null;
}

/** A gap this much larger than noise makes, in units of the clean classes' level, is still called close. Fixed beforehand. */
const CLOSE = 0.1;

/**
 * Gap in I(T;Ŷ) of `backdoor` against `clean` beyond what random halves of clean classes of the same run show, over seeds; null
 * where there is nothing to compare.
 */
function closeness({ runs, config }: Repeated, backdoor: string): Average | null {
  const found = runs.flatMap(({ report }) => {
    const rows = report.information;
    const gap = gapOf(rows, 'I(T;Ŷ)', `${config.target}/${backdoor}`, `${config.target}/clean`);
    const halves = [...new Set(rows.map((r) => r.group).filter((g) => /^\d+\/null-a/.test(g)))];
    const nulls = halves.flatMap((a) => gapOf(rows, 'I(T;Ŷ)', a, a.replace('null-a', 'null-b')) ?? []);
    if (gap === null || nulls.length < 2) return [];
    const m = mean(nulls);
    // A single gap scatters as those of the halves do.
    return [{ excess: gap - m, error: Math.sqrt(nulls.reduce((t, g) => t + (g - m) ** 2, 0) / (nulls.length - 1)) }];
  });
  if (found.length === 0) return null;
  return average(
    found.map((f) => f.excess),
    found.map((f) => f.error),
  );
}

function closeFinding(setting: Setting, backdoor: 'backdoor' | 'authors'): Finding {
  const grouping = backdoor === 'backdoor' ? 'true groups' : 'the authors’ grouping';
  const claim = `Adaptive Blend: I(T;Ŷ) of backdoor samples is close to clean ones (${grouping})`;
  const own = setting.attacks.filter((a) => a.config.attack === 'adaptive-blend');
  const taken = own.filter(took);
  if (taken.length === 0) {
    const success = own.map((a) => number(ASR(a.runs))).join(', ');
    return {
      claim,
      verdict: 'not resolved',
      evidence: own.length > 0 ? `The attack did not take (ASR ${success}).` : 'The attack was not run.',
    };
  }
  const found = taken.flatMap((a) => closeness(a, backdoor) ?? []);
  if (found.length === 0)
    return { claim, verdict: 'not resolved', evidence: 'There are no halves of clean classes to compare with.' };
  const several = found.every((f) => f.n > 1);
  const verdict: Verdict =
    several && found.every((f) => f.interval[1] < CLOSE)
      ? 'reproduced'
      : several && found.some((f) => f.interval[0] > CLOSE)
        ? 'contradicted'
        : 'not resolved';
  const words = found.map((f, i) => `${taken[i].label} ${withInterval(f)}`).join('; ');
  return {
    claim,
    verdict,
    evidence: `The gap beyond that of random halves of clean classes, as a share of their level: ${words}. Up to ${CLOSE} counts as close.`,
  };
}

function badnetsFinding(setting: Setting): Finding {
  const claim = 'BadNets is stealthier inside the model than most imperceptible attacks';
  const scores = (a: Repeated) => new Map(a.runs.map((r) => [r.config.seed, r.report.stealth?.score ?? null]));
  const badnets = setting.attacks.filter((a) => a.config.attack === 'badnets' && took(a));
  const rivals = setting.attacks.filter((a) => IMPERCEPTIBLE.includes(a.config.attack) && took(a));
  const pairs = rivals.flatMap((rival) => {
    const equal = badnets.find((b) => b.config.poisonRate === rival.config.poisonRate) ?? badnets[0];
    if (!equal) return [];
    const [own, theirs] = [scores(equal), scores(rival)];
    const differences = [...own].flatMap(([seed, s]) => {
      const t = theirs.get(seed);
      return s !== null && t != null ? [s - t] : [];
    });
    return differences.length > 0 ? [{ label: rival.label, d: average(differences) }] : [];
  });
  if (pairs.length === 0)
    return { claim, verdict: 'not resolved', evidence: 'BadNets or every imperceptible attack did not take.' };
  const [above, below] = [
    pairs.filter((p) => p.d.n > 1 && p.d.interval[0] > 0).length,
    pairs.filter((p) => p.d.n > 1 && p.d.interval[1] < 0).length,
  ];
  const verdict: Verdict =
    2 * above > pairs.length ? 'reproduced' : 2 * below > pairs.length ? 'contradicted' : 'not resolved';
  const words = pairs.map((p) => `${p.label} ${withInterval(p.d)}`).join('; ');
  return { claim, verdict, evidence: `S of BadNets minus S of the other, by seed: ${words}.` };
}

function lookFinding(setting: Setting): Finding {
  const claim = 'Stealth inside the model does not follow the look of the trigger';
  const items = setting.attacks.filter(took).flatMap((a) => {
    const values = a.runs.map((r) => r.report.stealth?.score ?? Number.NaN);
    const look = a.runs[0].report.perception;
    return values.every(Number.isFinite) ? [{ score: mean(values), psnr: look['PSNR (dB)'], ssim: look.SSIM }] : [];
  });
  const of = (key: 'psnr' | 'ssim') => {
    const with_ = items.filter((i) => Number.isFinite(i[key] ?? Number.NaN));
    return rankCorrelation(
      with_.map((i) => i.score),
      with_.map((i) => i[key]!),
    );
  };
  const both = [
    { name: 'PSNR', c: of('psnr') },
    { name: 'SSIM', c: of('ssim') },
  ];
  const verdict: Verdict = both.some(({ c }) => c.interval[0] > 0 || c.interval[1] < 0)
    ? 'contradicted'
    : both.every(({ c }) => c.interval[0] > -0.5 && c.interval[1] < 0.5)
      ? 'reproduced'
      : 'not resolved';
  const words = both.map(
    ({ name, c }) =>
      `${name} τ = ${Number.isFinite(c.tau) ? number(c.tau) : '–'} (95 % ${number(c.interval[0])} to ${number(c.interval[1])}, p = ${number(c.p)}, ${c.n} attacks)`,
  );
  return { claim, verdict, evidence: `Kendall’s rank correlation of S with ${words.join('; with ')}.` };
}

/** All of the paper's findings on one setting. */
export function findings(setting: Setting): Finding[] {
  const { target } = setting.attacks[0].config;
  const taken = setting.attacks.filter(took);
  const runs = taken.flatMap((a) => a.runs);
  return [
    earlyFinding(taken, 'I(X;T)'),
    earlyFinding(taken, 'I(T;Ŷ)'),
    compressionFinding(runs, 'backdoor samples', (g) => g === `${target}/backdoor`),
    compressionFinding(
      setting.attacks.flatMap((a) => a.runs),
      'clean classes',
      (g) => /^\d+$/.test(g),
    ),
    lowerFinding(setting),
    closeFinding(setting, 'backdoor'),
    closeFinding(setting, 'authors'),
    badnetsFinding(setting),
    lookFinding(setting),
  ];
}
