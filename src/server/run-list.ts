/**
 * The runs in a folder, as the dashboard lists them. A run is a folder with a `run.json`, at most three folders down. A run that is
 * incomplete, of another version or damaged is listed with the reason. Nothing outside the folder is read.
 */

import { type Dirent, lstatSync, readFileSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { EpochRow, StealthResult } from '../dynamics/index.js';
import { alive, FORMAT } from '../runs/directory.js';
import type { RunDocument, RunResult } from '../runs/documents.js';
import { epochRow } from '../runs/epochs.js';
import { stampOf } from './stamps.js';

export type RunState = 'done' | 'running' | 'stopped' | 'damaged';

export interface RunSummary {
  /** Path from the folder, with `/`. */
  id: string;
  state: RunState;
  /** Why the run is listed as damaged. */
  problem?: string;
  attack?: string;
  dataset?: string;
  model?: string;
  poisonRate?: number;
  seed?: number;
  epoch?: number;
  epochs?: number;
  accuracy?: number;
  asr?: number | null;
  score?: number | null;
  nullRange?: [number, number] | null;
  /** Test accuracy of every epoch. */
  sparkline?: number[];
  created?: string;
}

/** Folders below the root that are searched: `runs/STUDY/ATTACK/seed-0` is the deepest that the command line writes. */
const DEPTH = 3;
/** Largest document that is read: a thousand epochs of a hundred classes are about 5 MB. */
const MOST_BYTES = 64 << 20;
/** Points of a sparkline, which is 84 pixels wide. */
const POINTS = 60;
/** Files that the summary of a run is read from. */
const FILES = ['run.json', 'analysis.json', 'events.jsonl', 'result.json', 'stealth.json', 'lock'];

export class RunList {
  private readonly known = new Map<string, { stamp: string; summary: RunSummary }>();

  constructor(readonly root: string) {}

  /** The folder of a run; null where there is none, or it lies outside the root, links included. */
  async resolve(id: string): Promise<string | null> {
    if (id.includes('\0') || id.split(/[\\/]/).some((part) => part === '..' || part === '')) return null;
    const path = join(this.root, id);
    try {
      const [inside, root] = await Promise.all([realpath(path), realpath(this.root)]);
      if (inside !== root && !inside.startsWith(root + sep)) return null;
      await stat(join(inside, 'run.json'));
      return inside;
    } catch {
      return null;
    }
  }

  /** All runs, the newest first. */
  async list(): Promise<RunSummary[]> {
    const ids = await this.find(this.root, DEPTH);
    for (const id of this.known.keys()) if (!ids.includes(id)) this.known.delete(id);
    const summaries = await Promise.all(ids.map((id) => this.summary(id)));
    return summaries.sort((a, b) => (b.created ?? '').localeCompare(a.created ?? '') || a.id.localeCompare(b.id));
  }

  private async find(folder: string, depth: number): Promise<string[]> {
    const entries: Dirent[] = await readdir(folder, { withFileTypes: true }).catch(() => []);
    if (entries.some((e) => e.name === 'run.json')) return [relative(this.root, folder).split(sep).join('/') || '.'];
    if (depth === 0) return [];
    const folders = entries.filter((e) => e.isDirectory() && !e.name.startsWith('.'));
    return (await Promise.all(folders.map((e) => this.find(join(folder, e.name), depth - 1)))).flat();
  }

  private async summary(id: string): Promise<RunSummary> {
    const path = join(this.root, id);
    const stamp = await stampOf(path, FILES);
    const known = this.known.get(id);
    // The lock of a run in progress is read every time: its process may have died without touching it.
    if (known?.stamp === stamp && known.summary.state !== 'running') return known.summary;
    const summary = summarise(path, id);
    this.known.set(id, { stamp, summary });
    return summary;
  }
}

/** The text of a file of a run; null where it is not there. Throws, without reading, for a link and for a file that is too large. */
function readText(path: string): string | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return null;
  if (!found.isFile()) throw new Error('one of its documents is not a plain file');
  if (found.size > MOST_BYTES) throw new Error('is too large');
  return readFileSync(path, 'utf8');
}

function readJson<T>(path: string): T | null {
  const text = readText(path);
  return text === null ? null : (JSON.parse(text) as T);
}

function summarise(path: string, id: string): RunSummary {
  const damaged = (problem: string): RunSummary => ({ id, state: 'damaged', problem });
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
      dataset: config.dataset,
      model: config.width === undefined ? config.model : `${config.model} (width ${config.width})`,
      poisonRate: config.attack === 'none' ? undefined : config.poisonRate,
      seed: config.seed,
      epochs: config.epochs,
      created: run.created,
    };
    const epochs = epochRows(path);
    const last = epochs[epochs.length - 1];
    const result = readJson<RunResult>(join(path, 'result.json'));
    const stealth = readJson<{ stealth: StealthResult }>(join(path, 'stealth.json'))?.stealth ?? null;
    const state: RunState = result ? 'done' : isLocked(path) ? 'running' : 'stopped';
    const range = stealth?.null;
    return {
      ...base,
      state,
      epoch: last?.epoch ?? 0,
      accuracy: last?.testAccuracy,
      asr: last?.asr,
      score: stealth?.score ?? null,
      nullRange: range ? [range.low, range.high] : null,
      sparkline: thin(epochs.map((e) => e.testAccuracy).filter(Number.isFinite)),
    };
  } catch (error) {
    return damaged(error instanceof SyntaxError ? 'one of its documents is not JSON' : (error as Error).message);
  }
}

/** The epochs in the log, without a last line that is still being written. */
function epochRows(path: string): EpochRow[] {
  const text = readText(join(path, 'events.jsonl')) ?? '';
  const lines = text.split('\n');
  lines.pop();
  return lines.filter(Boolean).flatMap((l) => epochRow(JSON.parse(l)) ?? []);
}

const thin = (values: number[]) => {
  const step = Math.max(1, Math.ceil(values.length / POINTS));
  return values.filter((_, i) => i % step === 0 || i === values.length - 1);
};

function isLocked(path: string): boolean {
  const pid = Number(readText(join(path, 'lock')) ?? 0);
  return pid > 0 && alive(pid);
}
