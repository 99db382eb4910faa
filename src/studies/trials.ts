/** The trials of a sweep as numbers: what each reaches, which of them no other beats, and which is best by a stated rule. */
import { groupBy } from '../base/group-by.js';
import { commandOf } from '../config/command.js';
import type { RunConfig } from '../config/options.js';
import { attackOptions } from '../config/resolve.js';
import { type Answer, answerOf, LEVEL } from '../dynamics/answer.js';
import { mean } from '../dynamics/index.js';
import { SUCCESS } from '../dynamics/types.js';
import { meanScore } from '../findings/scores.js';
import { isAttack } from '../findings/success.js';
import type { StudyRun } from '../findings/types.js';
import { pOverSeeds } from './seeds.js';
import type { VariedOption } from './types.js';

/** Runs of one configuration, means over their seeds. */
export interface Trial {
  /** From 1, in the order of the plan. */
  trial: number;
  /** With its options that are not varied. */
  attack: string;
  /** Value of every varied option; null where the attack does not have it. */
  values: Record<string, string | null>;
  seeds: number[];
  /** Folders of its runs. */
  runs: string[];
  accuracy: number;
  /** 0 … 1; null where nothing is attacked. */
  asr: number | null;
  score: number | null;
  /** 95 % interval of `score` over seeds; null from one seed. */
  interval: [number, number] | null;
  p: number | null;
  /** What `p` says, by the one rule of all pages. */
  answer: Answer;
  /** dB; null where it was not measured. */
  psnr: number | null;
  /** Clean images of the smallest class of its runs, where these are too few for a null; absent elsewhere. */
  tooFewForNull?: number;
  /** Why there is no score. */
  reason: string | null;
  /** Whether no other trial has a higher ASR and as high a score, or a higher score and as high an ASR. */
  frontier: boolean;
  config: RunConfig;
}

/** The trials of runs on one data set. */
export function trialsOf(runs: readonly StudyRun[], vary: readonly VariedOption[]): Trial[] {
  const groups = groupBy(runs, ({ config }) => JSON.stringify({ ...config, seed: null }));
  const trials = groups.map((same, i) => trialOf(same, i + 1, vary));
  const scored = trials.filter(isScored);
  for (const i of frontierOf(scored.map((t) => [t.asr, t.score]))) scored[i].frontier = true;
  return trials;
}

/** A trial that has both an ASR and a score. */
export const isScored = (t: Trial): t is Trial & { asr: number; score: number } => t.asr !== null && t.score !== null;

function trialOf(runs: readonly StudyRun[], trial: number, vary: readonly VariedOption[]): Trial {
  const [{ config, report }] = runs;
  const s = meanScore(runs);
  const scored = Number.isFinite(s.mean);
  const asr = isAttack({ config }) ? mean(runs.flatMap((r) => r.result.asr ?? [])) : Number.NaN;
  const short = runs.flatMap((r) => r.report.tooFewForNull ?? []);
  const varies = (name: string) => vary.some((v) => v.key === undefined && v.name === name);
  const psnr = report.perception['PSNR (dB)'];
  return {
    trial,
    attack: [config.attack, ...config.attackOption.filter((text) => !varies(text.split('=')[0]))].join(' '),
    values: Object.fromEntries(vary.map((v) => [v.name, textOfOption(v, config)])),
    seeds: runs.map((r) => r.config.seed),
    runs: runs.map((r) => r.name),
    accuracy: mean(runs.map((r) => r.result.accuracy)),
    asr: Number.isFinite(asr) ? asr : null,
    score: scored ? s.mean : null,
    interval: scored && s.n > 1 ? s.interval : null,
    ...chanceOf(runs),
    ...(short.length > 0 && { tooFewForNull: Math.min(...short) }),
    psnr: psnr ?? null,
    reason: scored ? null : (report.stealth?.reason ?? 'no estimates'),
    frontier: false,
    config,
  };
}

/** p of a trial and what it says: of one run its own, of several that over seeds, whose law every number of draws can bring to the level. */
function chanceOf(runs: readonly StudyRun[]): Pick<Trial, 'p' | 'answer'> {
  if (runs.length === 1) {
    const { stealth } = runs[0].report;
    return { p: stealth?.p ?? null, answer: stealth ? answerOf(stealth) : 'not judged' };
  }
  const p = pOverSeeds(runs);
  return { p, answer: p === null ? 'not judged' : p <= LEVEL ? 'differs' : 'no difference seen' };
}

/** Value of a varied option in a configuration, as text; null where the attack has no such option. */
function textOfOption({ name, key }: VariedOption, config: RunConfig): string | null {
  if (key === undefined) return attackOptions(config)[name] ?? null;
  if (key === 'poisonRate' && config.attack === 'none') return null;
  const value = config[key];
  return value === undefined ? null : Array.isArray(value) ? value.join(',') : String(value);
}

/**
 * The Pareto frontier of points of which both values are to be high: the numbers of those that no other point dominates, by rising first
 * value. A point dominates another if neither of its values is lower and one is higher; equal points do not dominate each other.
 */
export function frontierOf(points: readonly (readonly [number, number])[]): number[] {
  const order = points.map((_, i) => i).sort((a, b) => points[b][0] - points[a][0] || points[b][1] - points[a][1]);
  const kept: number[] = [];
  for (const i of order) {
    const last = kept.at(-1);
    const [x, y] = points[i];
    if (last === undefined || y > points[last][1] || (x === points[last][0] && y === points[last][1])) kept.push(i);
  }
  return kept.reverse();
}

/** What the best trial is chosen by, in words for readers. */
export const RULES = {
  score: `the highest S among trials with an ASR of at least ${SUCCESS}, ties by accuracy`,
  asr: `the highest ASR, because no trial has an ASR of at least ${SUCCESS} and a score`,
} as const;

export interface Best {
  trial: Trial;
  rule: keyof typeof RULES;
}

/** The best trial; null where nothing is attacked. */
export function bestTrial(trials: readonly Trial[]): Best | null {
  const first = (among: readonly Trial[], by: (t: Trial) => number) =>
    [...among].sort((a, b) => by(b) - by(a) || b.accuracy - a.accuracy || a.trial - b.trial)[0];
  const succeed = trials.filter((t) => isScored(t) && t.asr >= SUCCESS);
  if (succeed.length > 0) return { trial: first(succeed, (t) => t.score!), rule: 'score' };
  const attacked = trials.filter((t) => t.asr !== null);
  return attacked.length > 0 ? { trial: first(attacked, (t) => t.asr!), rule: 'asr' } : null;
}

/** The command that makes a trial's runs again, in the folder `out`. */
export function commandOfTrial({ config, seeds }: Trial, out: string): string {
  const one = commandOf({ ...config, seed: seeds.length === 1 ? seeds[0] : 0 }, out);
  return `npx ibscope ${one}${seeds.length > 1 ? ` --seeds ${seeds.join(',')}` : ''}`;
}
