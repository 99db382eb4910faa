/**
 * The runs in a folder, as the dashboard lists them. A run is a folder with a `run.json`, at most three folders down. A run that is
 * incomplete, of another version or damaged is listed with the reason. Nothing outside the folder is read.
 */

import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { parseJsonLine } from '../base/json-line.js';
import { datasetName } from '../config/names.js';
import type { RunConfig } from '../config/options.js';
import type { EpochRow, StealthResult } from '../dynamics/index.js';
import { FORMAT } from '../runs/directory.js';
import type { RunDocument, RunResult } from '../runs/documents.js';
import { epochRows } from '../runs/epochs.js';
import { isHeld } from '../runs/lease.js';
import { NOTES_FILE, type Notes, parseNotes } from '../runs/notes.js';
import { PLAN_END } from '../runs/study-plan.js';
import { AUDIT_FILE, type AuditSummary, summariseAudit } from './audit-list.js';
import { readJson, readText, whyUnread } from './read.js';
import { documentsIn, type ReportSummary, summariseReport } from './report-list.js';
import { isNamedByStudy, namesOfRuns, type Settings, settingsOf } from './run-names.js';
import { Kept, stampOf } from './stamps.js';
import { type KnownPlan, planOf, type StudySummary, summariseStudy, unreadStudy } from './study-list.js';

export type RunState = 'done' | 'running' | 'stopped' | 'damaged';

export interface RunSummary {
  /** Path from the folder, with `/`. */
  id: string;
  /** What tells the run apart from the others of its study; absent where its folder says that itself. */
  name?: string;
  state: RunState;
  /** Why the run is listed as damaged. */
  problem?: string;
  attack?: string;
  dataset?: string;
  model?: string;
  poisonRate?: number;
  /** Parameters of the attack that were set, `alpha=0.2`. */
  attackOption?: string[];
  seed?: number;
  /** Equal for runs whose configurations differ in the seed alone. */
  group?: string;
  epoch?: number;
  epochs?: number;
  accuracy?: number;
  asr?: number | null;
  score?: number | null;
  p?: number | null;
  nullRange?: [number, number] | null;
  /** Test accuracy of every epoch. */
  sparkline?: number[];
  created?: string;
  note?: string;
  tags?: string[];
}

/** What the folder holds: runs, the newest first, and audits, studies and pages over several runs by their paths. */
export interface Listing {
  root: string;
  runs: RunSummary[];
  audits: AuditSummary[];
  reports: ReportSummary[];
  /** Studies by the jobs of their plans. */
  studies: StudySummary[];
}

/** Folders below the root that are searched: `runs/STUDY/ATTACK/seed-0` is the deepest that the command line writes. */
const DEPTH = 3;
/** Points of a sparkline, which is 84 pixels wide. */
const POINTS = 60;
/** Files that the summary of a run is read from. */
const FILES = ['run.json', 'analysis.json', 'events.jsonl', 'result.json', 'stealth.json', 'lock', NOTES_FILE];

export class RunList {
  private readonly known = new Map<string, { stamp: string } & Summarised>();
  private readonly audits = new Kept<AuditSummary>();
  private readonly plans = new Kept<KnownPlan>();
  private readonly reports = new Kept<ReportSummary | null>();

  constructor(readonly root: string) {}

  /** The folder of a run, or of an audit by its `file`; null where there is none, or it lies outside the root, links included. */
  async resolve(id: string, file = 'run.json'): Promise<string | null> {
    if (id.includes('\0') || id.split(/[\\/]/).some((part) => part === '..' || part === '')) return null;
    const path = join(this.root, id);
    try {
      const [inside, root] = await Promise.all([realpath(path), realpath(this.root)]);
      if (inside !== root && !inside.startsWith(root + sep)) return null;
      await stat(join(inside, file));
      return inside;
    } catch {
      return null;
    }
  }

  async list(): Promise<Listing> {
    const found = await this.find(this.root, DEPTH);
    const ids = (file: string) => found.filter((f) => f.file === file).map((f) => f.id);
    const [runIds, auditIds] = [ids('run.json'), ids(AUDIT_FILE)];
    for (const id of this.known.keys()) if (!runIds.includes(id)) this.known.delete(id);
    const read = runIds.map((id) => this.summary(id));
    const names = namesOfRuns(read.flatMap(({ summary: { id }, settings }) => (settings ? [{ id, settings }] : [])));
    const runs = read.map(({ summary }) => {
      const name = names.get(summary.id);
      return name === undefined ? summary : { ...summary, name };
    });
    const audits = auditIds.map((id) => this.audit(id));
    const others = found.filter((f) => f.file !== 'run.json' && f.file !== AUDIT_FILE);
    const documents = others.filter((f) => !f.file.endsWith(PLAN_END));
    const byId = new Map(runs.map((r) => [r.id, r]));
    const studies = others.filter((f) => f.file.endsWith(PLAN_END)).map((f) => this.study(f, byId));
    const reports = documents.map((f) => this.report(f)).filter((r) => r !== null);
    return {
      root: this.root,
      runs: runs.sort((a, b) => (b.created ?? '').localeCompare(a.created ?? '') || a.id.localeCompare(b.id)),
      audits: audits.sort((a, b) => a.id.localeCompare(b.id)),
      reports: reports.sort((a, b) => a.id.localeCompare(b.id) || a.page.localeCompare(b.page)),
      studies: studies.sort((a, b) => a.id.localeCompare(b.id)),
    };
  }

  /** Folders of runs, audits and pages over several runs, each with the file that says what it is. Nothing inside runs and audits is searched. */
  private async find(folder: string, depth: number): Promise<Found[]> {
    const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const file = ['run.json', AUDIT_FILE].find((name) => entries.some((e) => e.name === name));
    const id = relative(this.root, folder).split(sep).join('/') || '.';
    if (file) return [{ id, file }];
    const names = entries.map((e) => e.name);
    const documents = [...documentsIn(names), ...names.filter((name) => name.endsWith(PLAN_END))];
    const pages = documents.map((document) => ({ id, file: document }));
    if (depth === 0) return pages;
    const folders = entries.filter((e) => e.isDirectory() && !e.name.startsWith('.'));
    const inside = await Promise.all(folders.map((e) => this.find(join(folder, e.name), depth - 1)));
    return [...pages, ...inside.flat()];
  }

  private summary(id: string): Summarised {
    const path = join(this.root, id);
    const stamp = stampOf(path, FILES);
    const known = this.known.get(id);
    // The lock of a run in progress is read every time: its process may have died without touching it.
    if (known?.stamp === stamp && known.summary.state !== 'running') return known;
    const found = summarise(path, id);
    this.known.set(id, { stamp, ...found });
    return found;
  }

  /** Whether the run has ended with a result. */
  isDone(id: string): boolean {
    return this.summary(id).summary.state === 'done';
  }

  private audit(id: string): AuditSummary {
    const path = join(this.root, id);
    return this.audits.of(path, AUDIT_FILE, () => summariseAudit(path, id));
  }

  private study({ id, file }: Found, runs: ReadonlyMap<string, RunSummary>): StudySummary {
    const path = join(this.root, id);
    try {
      const plan = this.plans.of(path, file, () => planOf(join(path, file)));
      return summariseStudy(path, id, plan, runs);
    } catch (error) {
      return unreadStudy(id, error);
    }
  }

  private report({ id, file }: Found): ReportSummary | null {
    const path = join(this.root, id);
    return this.reports.of(path, file, () => summariseReport(path, id, file));
  }
}

/** What the search of the folder finds. */
interface Found {
  id: string;
  /** `run.json`, `audit.json`, the plan of a study, or what may be the document of a page. */
  file: string;
}

/** The same text for configurations that differ in the seed alone; where the data set lies does not count. */
function groupOf(config: RunConfig): string {
  const { seed: _, dataDir: __, ...rest } = config;
  const sorted = Object.entries({ ...rest, dataset: datasetName(config) }).sort(([a], [b]) => a.localeCompare(b));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 12);
}

/** A run, and its settings where a study named its folder and they could be read. */
interface Summarised {
  summary: RunSummary;
  settings?: Settings;
}

function summarise(path: string, id: string): Summarised {
  const damaged = (problem: string): Summarised => ({ summary: { id, state: 'damaged', problem } });
  try {
    const run = readJson<RunDocument>(join(path, 'run.json'));
    if (!run || typeof run.config !== 'object' || run.config === null) return damaged('run.json is not a run’s');
    if (run.format !== FORMAT) return damaged(`its format is ${run.format}, this version reads ${FORMAT}`);
    // `ibscope analyze` is told what the trace of another training does not say.
    const analysis = readJson<{ config: Partial<RunDocument['config']> }>(join(path, 'analysis.json'));
    const config = { ...run.config, ...analysis?.config };
    const base = {
      id,
      attack: config.attack,
      dataset: datasetName(config),
      model: config.width === undefined ? config.model : `${config.model} (width ${config.width})`,
      poisonRate: config.attack === 'none' ? undefined : config.poisonRate,
      attackOption: config.attackOption,
      seed: config.seed,
      group: groupOf(config),
      epochs: config.epochs,
      created: run.created,
      ...notesOf(path),
    };
    const epochs = epochsOf(path);
    const last = epochs[epochs.length - 1];
    const result = readJson<RunResult>(join(path, 'result.json'));
    const stealth = readJson<{ stealth: StealthResult }>(join(path, 'stealth.json'))?.stealth ?? null;
    const state: RunState = result ? 'done' : isHeld(path) ? 'running' : 'stopped';
    const range = stealth?.null;
    const summary = {
      ...base,
      state,
      epoch: last?.epoch ?? 0,
      accuracy: last?.testAccuracy,
      asr: last?.asr,
      score: stealth?.score ?? null,
      p: stealth?.p ?? null,
      nullRange: range ? [range.low, range.high] : null,
      sparkline: thin(epochs.map((e) => e.testAccuracy).filter(Number.isFinite)),
    } satisfies RunSummary;
    return { summary, settings: isNamedByStudy(id) ? settingsOf(config) : undefined };
  } catch (error) {
    return damaged(whyUnread(error));
  }
}

/** The notes on a run; none where they cannot be read, because they say nothing about the run itself. */
function notesOf(path: string): Partial<Notes> {
  try {
    const found = readJson(join(path, NOTES_FILE));
    return found === null ? {} : parseNotes(found);
  } catch {
    return {};
  }
}

/** The epochs in the log, without a last line that is still being written. */
function epochsOf(path: string): EpochRow[] {
  const text = readText(join(path, 'events.jsonl')) ?? '';
  const lines = text.split('\n');
  lines.pop();
  return epochRows(lines.filter(Boolean).map(parseJsonLine));
}

const thin = (values: number[]) => {
  const step = Math.max(1, Math.ceil(values.length / POINTS));
  return values.filter((_, i) => i % step === 0 || i === values.length - 1);
};
