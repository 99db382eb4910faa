/** The end of a run: what its logs say, scored and drawn. Reads only the run directory. */

import { basename } from 'node:path';
import {
  type Acceleration,
  authorsDraft,
  type DraftResult,
  type EstimateRow,
  earlyAcceleration,
  type LagrangianCurve,
  lagrangian,
  lagrangianConventions,
  type Phases,
  type ProcessingInequality,
  phases,
  processingInequality,
  type StealthResult,
  smooth,
  stealth,
  trajectories,
} from '../dynamics/index.js';
import { isNullGroup } from '../information/checkpoint.js';
import { MINIMUM_GROUP } from '../information/groups.js';
import type { Perceived } from '../perception/index.js';
import { type LayerScore, type RunReport, renderRunReport } from '../report/index.js';
import { embeddingMethods } from '../representation/index.js';
import type { RunDirectory } from '../runs/directory.js';
import { epochRow } from '../runs/epochs.js';
import { VERSION } from '../version.js';
import type { RunConfig } from './config.js';
import { type GroupsDocument, readRun } from './documents.js';
import { readGallery } from './gallery.js';
import { makeRepresentation, type RepresentationDocument, readEmbedding } from './representation.js';

/** Everything derived from the estimates; `stealth.json`. */
interface Dynamics {
  stealth: StealthResult;
  draft: DraftResult;
  phases: Phases[];
  acceleration: Acceleration | null;
  lagrangian: LagrangianCurve[];
  processingInequality: ProcessingInequality;
}

/** The dynamics of the headline's layer, and the scores of the others. */
interface LayeredDynamics extends Dynamics {
  layers: LayerScore[];
}

/** What `ibscope run --json` prints, and `result.json`. */
export interface RunResult {
  /** Folder of the run. */
  dir: string;
  attack: string;
  dataset: string;
  model: string;
  /** Epochs that were trained, or the last that a trace has. */
  epochs: number;
  /** Test accuracy after the last epoch, 0 … 1; NaN where a trace does not say. */
  accuracy: number;
  /** Attack success rate, 0 … 1; null without a trigger. */
  asr: number | null;
  /** The stealth score of the first layer, and what it is read against. */
  stealth: {
    /** By `--score`: ibscope's S ∈ (0, 1], or the authors' draft, where lower is stealthier. */
    kind: RunConfig['score'];
    score: number | null;
    reason?: string;
    null: { mean: number; low: number; high: number; draws: number } | null;
    p: number | null;
    /** D, its excess over the null's mean, and the gaps it is made of. */
    distance: number | null;
    excess: number | null;
    parts: Record<string, unknown>;
    beta: number;
    window: number;
    notes: string[];
  };
  /** Scores at the layers besides the first of `--layer`. */
  layers: { layer: string; score: number | null; null: { low: number; high: number } | null; p: number | null }[];
  /** Of every group that has a trajectory of I(X;T). */
  phases: Phases[];
  /** Samples of every group that is compared. */
  groupSize: number;
  /** The file of the report. */
  report: string;
  /** Of the work, over all sittings. */
  seconds: number;
}

/** Derives the dynamics from a table of estimates. */
export function dynamicsOf(
  rows: readonly EstimateRow[],
  config: Pick<RunConfig, 'target' | 'beta' | 'window' | 'seed' | 'epochs'>,
): Dynamics {
  const { target, beta, window, seed, epochs } = config;
  const curves = trajectories(rows)
    .filter((c) => !isNullGroup(c.group))
    .map((c) => smooth(c, window));
  const of = (quantity: string) => curves.filter((c) => c.quantity === quantity);
  const pair = (group: string) => of('I(T;Ŷ)').find((c) => c.group === group) ?? null;
  const xt = of('I(X;T)');
  const backdoor = xt.find((c) => c.group === `${target}/backdoor`);
  const clean = xt.filter((c) => /^\d+$/.test(c.group));
  return {
    stealth: stealth(rows, { target, beta, window }),
    draft: authorsDraft(rows, { target, trainedFor: epochs >= 100 ? epochs : 120 }),
    phases: xt.map((c) => phases(c, pair(c.group))),
    acceleration: backdoor ? earlyAcceleration(backdoor, clean, { seed }) : null,
    lagrangian: xt.flatMap((c) => {
      const output = pair(c.group);
      return output ? lagrangianConventions.map((convention) => lagrangian(c, output, { beta, convention })) : [];
    }),
    processingInequality: processingInequality(rows),
  };
}

/** A group that the minimum size left out explains a missing score better than the missing estimate does. */
function explain(result: StealthResult, leftOut: Record<string, number>, target: number): StealthResult {
  if (result.score !== null) return result;
  const small = Object.entries(leftOut).filter(([id]) => id.startsWith(`${target}/`));
  if (small.length === 0) return result;
  const words = small.map(([id, n]) => `group ${id} has ${n} samples`).join(', ');
  return { ...result, reason: `${words}; a comparison needs at least ${MINIMUM_GROUP}` };
}

/** Seconds of work the logs account for, over all sittings. */
function secondsOf(events: readonly { event: string; epoch: number; seconds: number }[]): number {
  const last = new Map(events.map((e) => [`${e.event} ${e.epoch}`, Number.isFinite(e.seconds) ? e.seconds : 0]));
  return [...last.values()].reduce((a, b) => a + b, 0);
}

/** Measures of the trigger's look by name; means over images. */
async function readPerception(dir: RunDirectory): Promise<Record<string, number>> {
  const measured = (await dir.readDocument<Record<string, Perceived>>('perception.json')) ?? {};
  const named = { psnr: 'PSNR (dB)', ssim: 'SSIM', linf: 'l∞', sam: 'spectral angle' } as const;
  return Object.fromEntries(
    Object.entries(named)
      .filter(([name]) => measured[name] && measured[name].n > 0)
      .map(([name, label]) => [label, measured[name].mean]),
  );
}

/** The report of a run as data, from its directory alone; without the pictures of T, which are large. */
export async function reportOf(dir: RunDirectory): Promise<RunReport> {
  return (await analyse(dir)).report;
}

/** Groups that are too small to compare, in one line. */
function smallGroups(leftOut: Record<string, number>): string[] {
  const sizes = Object.entries(leftOut).map(([id, n]) => `${id} (${n})`);
  if (sizes.length === 0) return [];
  return [
    `Left out of comparisons, with under ${MINIMUM_GROUP} samples: ${sizes.join(', ')}. More training images help.`,
  ];
}

/** A run's report and the dynamics it is drawn from, each derived once. */
async function analyse(dir: RunDirectory): Promise<{ report: RunReport; dynamics: LayeredDynamics }> {
  const { config, classes } = await readRun(dir);
  // A run that has only begun has chosen no groups yet.
  const leftOut = (await dir.readDocument<GroupsDocument>('groups.json'))?.leftOut ?? {};
  const events = await dir.rows<{ event: string; epoch: number; seconds: number }>('events.jsonl');
  const rows = await dir.rows<EstimateRow>('information.jsonl');
  const [first, ...others] = config.layer ?? [];
  const at = (layer: string) => rows.filter((r) => (r.layer ?? first) === layer);
  const information = others.length === 0 ? rows : at(first);
  const derived = dynamicsOf(information, config);
  const { target, beta, window } = config;
  const dynamics: LayeredDynamics = {
    ...derived,
    stealth: explain(derived.stealth, leftOut, target),
    layers: others.map((layer) => ({
      layer,
      stealth: explain(stealth(at(layer), { target, beta, window }), leftOut, target),
    })),
  };
  const gallery = await readGallery(dir);
  const representation = await dir.readDocument<RepresentationDocument>('representation.json');
  // What follows from the tables themselves, the report says of its own accord.
  const warnings = smallGroups(leftOut);
  const poisoned = config.attack !== 'none';
  const report: RunReport = {
    name: basename(dir.path),
    attack: config.attack,
    dataset: config.dataset,
    model: config.width === undefined ? config.model : `${config.model} (width ${config.width})`,
    poisoned,
    poisonRate: poisoned ? config.poisonRate : null,
    target: config.target,
    classNames: classes,
    basis: config.critic === 'paper' ? 'train' : 'held-out',
    seeds: 1,
    config: { ...config },
    epochs: events.flatMap((e) => epochRow(e) ?? []),
    information,
    phases: dynamics.phases,
    acceleration: dynamics.acceleration,
    stealth: dynamics.stealth,
    layers: first === undefined ? [] : [{ layer: first, stealth: dynamics.stealth }, ...dynamics.layers],
    draft: dynamics.draft,
    representation: representation?.rows ?? [],
    separation: representation?.separation ?? [],
    embeddings: [],
    gallery,
    perception: await readPerception(dir),
    warnings,
    version: VERSION,
    seconds: secondsOf(events),
  };
  return { report, dynamics };
}

/** Scores a finished run and writes `stealth.json`, `report.html` and `result.json`. */
export async function finish(dir: RunDirectory): Promise<RunResult> {
  const { config } = await readRun(dir);
  const { size } = (await dir.readDocument<GroupsDocument>('groups.json'))!;
  await makeRepresentation(dir);
  const { report, dynamics } = await analyse(dir);
  await dir.writeDocument('stealth.json', dynamics);
  const pictures = await Promise.all(embeddingMethods.map((method) => readEmbedding(dir, method)));
  const whole = { ...report, embeddings: pictures.flatMap((p) => p ?? []) };
  const file = await dir.writeFile('report.html', await renderRunReport(whole));
  const { stealth: s, draft } = dynamics;
  const last = report.epochs[report.epochs.length - 1];
  const chosen = config.score === 'ibscope' ? s : draft;
  const result: RunResult = {
    dir: dir.path,
    attack: config.attack,
    dataset: config.dataset,
    model: config.model,
    epochs: last?.epoch ?? Math.max(...report.information.map((r) => r.epoch)),
    accuracy: last?.testAccuracy ?? Number.NaN,
    asr: last?.asr ?? null,
    stealth: {
      kind: config.score,
      score: chosen.score,
      reason: chosen.reason,
      null:
        s.null && config.score === 'ibscope'
          ? { mean: s.null.mean, low: s.null.low, high: s.null.high, draws: s.null.draws }
          : null,
      p: config.score === 'ibscope' ? s.p : null,
      distance: s.distance,
      excess: s.excess,
      parts: config.score === 'ibscope' ? s.parts : draft.terms,
      beta: s.beta,
      window: s.window,
      notes: s.notes,
    },
    layers: dynamics.layers.map(({ layer, stealth: { score, null: range, p } }) => ({
      layer,
      score,
      null: range && { low: range.low, high: range.high },
      p,
    })),
    phases: dynamics.phases,
    groupSize: size,
    report: file,
    seconds: report.seconds ?? 0,
  };
  await dir.writeDocument('result.json', result);
  return result;
}
