/**
 * The runs in a folder, as the dashboard lists them. A run is a folder with a `run.json`, at most three folders down; what is
 * half-written, of another version or damaged is listed with what is wrong with it. Nothing outside the folder is read.
 */

import { type Dirent, lstatSync, readFileSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { EpochRow, StealthResult } from '../dynamics/index.js';
import type { RunResult } from '../pipeline/result.js';
import { alive, FORMAT } from '../runs/directory.js';
import type { RunDocument } from '../runs/documents.js';
import { epochRow } from '../runs/epochs.js';

export type RunState = 'done' | 'running' | 'stopped' | 'damaged';

export interface RunSummary {
  /** Path from the folder, with `/`. */
  id: string;
  state: RunState;
  /** What is wrong with a damaged one. */
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

const DEPTH = 3;
/** A document larger than this is none of ours. */
const MOST_BYTES = 64 << 20;
/** Epochs of a sparkline. */
const POINTS = 60;

export class Library {
  private readonly known = new Map<string, { stamp: string; summary: RunSummary }>();

  constructor(readonly root: string) {}

  /** The folder of a run; null for an id that is none, leads outside, or through a link to outside. */
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
    const names = ['run.json', 'events.jsonl', 'result.json', 'stealth.json', 'lock'];
    const stamps = await Promise.all(
      names.map((n) =>
        stat(join(path, n)).then(
          (s) => `${s.mtimeMs} ${s.size}`,
          () => '',
        ),
      ),
    );
    const stamp = stamps.join();
    const known = this.known.get(id);
    // A lock is looked at anew: its process may have died without touching it.
    if (known?.stamp === stamp && known.summary.state !== 'running') return known.summary;
    const summary = summarise(path, id);
    this.known.set(id, { stamp, summary });
    return summary;
  }
}

/** The text of a file of a run; null where it is not there. What is a link or too large to be ours is refused unread. */
function readText(path: string): string | null {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return null;
  if (!found.isFile()) throw new Error('a document of it is no plain file');
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
    // What `ibscope analyze` was told of a trace, which says no more than its owner wrote.
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
    return damaged(error instanceof SyntaxError ? 'a document of it is not JSON' : (error as Error).message);
  }
}

/** The epochs in the log; a line that is cut short is not there yet. */
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
