/**
 * The run directory: the one place that knows its file names and formats. Documents and tensors appear whole or not at
 * all; `.jsonl` logs are append-only, and a line that a kill left half-written is dropped when they are read.
 */
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../base/errors.js';
import { parseJsonLine } from '../base/json-line.js';
import { appendWhole, checkWritable, writeAtomic } from '../formats/files.js';
import { decodeText } from '../formats/text.js';
import { isHeldError } from './failures.js';
import { type Lease, ofLease, takeLease } from './lease.js';

/** Version of the layout; a directory of another version is refused. */
export const FORMAT = 1;

export type Log =
  | 'events.jsonl'
  | 'information.jsonl'
  | 'information-others.jsonl'
  | 'resolution.jsonl'
  | 'running-statistics.jsonl'
  | 'sessions.jsonl';
export type Document =
  | 'run.json'
  | 'groups.json'
  | 'stealth.json'
  | 'perception.json'
  | 'representation.json'
  | 'analysis.json'
  | 'result.json'
  | 'detectors.json'
  | 'three-spaces.json'
  | 'spaces.json';

/** `epoch-0001` for a whole epoch, `epoch-0000.step-00000020` for a moment inside one. */
function momentName(epoch: number, stepsPerEpoch?: number): string {
  const whole = `epoch-${String(Math.floor(epoch)).padStart(4, '0')}`;
  if (Number.isInteger(epoch)) return whole;
  if (stepsPerEpoch === undefined) throw new Error(`epoch ${epoch}: a moment inside an epoch needs the steps of one`);
  return `${whole}.step-${String(Math.round(epoch * stepsPerEpoch)).padStart(8, '0')}`;
}

const MOMENT_NAME = /^epoch-(\d{4,7})(?:\.step-(\d{8}))?(\.safetensors|\.npz)?$/;

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Refuses a folder that holds something already, unless it is to be resumed, and a file in its place. */
export async function checkFolder(path: string, resume: boolean): Promise<void> {
  if (path === '') throw new UserError("--out '': the name of a folder is expected");
  const there = await stat(path).catch(() => null);
  if (there && !there.isDirectory()) throw new UserError(`--out ${path}: there is a file of that name`);
  if (there && !resume && (await readdir(path)).some((e) => !ofLease(e)))
    throw new UserError(`--out ${path}: it exists already; add --resume to resume it, or name another folder`);
  await checkWritable(path, '--out');
}

export class RunDirectory {
  private lease?: Lease;

  /** Steps of one epoch, which name moments inside one; known once `run.json` says it. */
  stepsPerEpoch?: number;

  private constructor(readonly path: string) {}

  /**
   * Opens `path` for a run. Without `resume` it must not exist or be empty; with it, it may hold anything from nothing to
   * a finished run. Takes the lease (`takeLease`).
   */
  static async open(path: string, resume: boolean): Promise<RunDirectory> {
    await RunDirectory.check(path, resume);
    await mkdir(path, { recursive: true });
    const dir = new RunDirectory(path);
    dir.lock();
    await dir.findSteps();
    return dir;
  }

  /**
   * Opens a run that is there, as `open` does, once nobody else works on it. Another study may copy a finished run, and a worker to which it
   * was delivered twice looks into it: both hold the lease for an instant. Throws the error of `open` after `seconds` of waiting.
   */
  static async openOnceFree(path: string, seconds = 60): Promise<RunDirectory> {
    const end = performance.now() + 1000 * seconds;
    while (true) {
      try {
        return await RunDirectory.open(path, true);
      } catch (error) {
        if (!isHeldError(error) || performance.now() > end) throw error;
        await sleep(100);
      }
    }
  }

  /** Refuses what `open` would refuse, and touches nothing: for before the data are loaded. */
  static async check(path: string, resume: boolean): Promise<void> {
    await checkFolder(path, resume);
    if (!(await exists(path))) return;
    const entries = (await readdir(path)).filter((e) => !ofLease(e) && !e.endsWith('.tmp'));
    if (entries.length > 0 && !entries.includes('run.json'))
      throw new UserError(`--out ${path}: it holds files but no run.json, so it is not a run of ibscope`);
  }

  /** Opens a run that is there, for reading. */
  static async read(path: string): Promise<RunDirectory> {
    if (!(await exists(join(path, 'run.json')))) throw new UserError(`${path}: no run there (it has no run.json)`);
    const dir = new RunDirectory(path);
    await dir.findSteps();
    return dir;
  }

  /** Reads the steps of an epoch from `run.json`, where it is there; what else is wrong with that file, its readers say. */
  private async findSteps() {
    const run = await this.readDocument<{ stepsPerEpoch?: unknown } | null>('run.json').catch(() => null);
    if (Number.isInteger(run?.stepsPerEpoch)) this.stepsPerEpoch = run!.stepsPerEpoch as number;
  }

  private lock() {
    this.lease = takeLease(this.path);
  }

  unlock() {
    this.lease?.release();
    this.lease = undefined;
  }

  async readDocument<T>(name: Document): Promise<T | null> {
    const path = join(this.path, name);
    if (!(await exists(path))) return null;
    try {
      return JSON.parse(decodeText(await readFile(path))) as T;
    } catch {
      throw new UserError(`${path}: damaged, it is not JSON`);
    }
  }

  async writeDocument(name: Document, value: unknown): Promise<void> {
    await writeAtomic(join(this.path, name), `${JSON.stringify(value, null, 2)}\n`);
  }

  async writeFile(name: string, content: string): Promise<string> {
    await writeAtomic(join(this.path, name), content);
    return join(this.path, name);
  }

  /** Appends rows and waits until they are on disk: all of them, or none where the disk is full. */
  append(name: Log, rows: readonly unknown[]) {
    this.lease?.check();
    appendWhole(join(this.path, name), rows.map((r) => `${JSON.stringify(r)}\n`).join(''));
  }

  /** All whole rows of a log. */
  async rows<T>(name: Log): Promise<T[]> {
    const path = join(this.path, name);
    if (!(await exists(path))) return [];
    const lines = decodeText(await readFile(path)).split('\n');
    // What follows the last newline is the line a kill cut short; with all lines whole it is empty.
    lines.pop();
    return lines
      .filter((l) => l !== '')
      .map((l, i) => {
        try {
          return parseJsonLine(l) as T;
        } catch {
          throw new UserError(`${path}: line ${i + 1} is damaged`);
        }
      });
  }

  /** Keeps the rows of a log that pass the test, and returns them. */
  async cut<T>(name: Log, keep: (row: T) => boolean): Promise<T[]> {
    const rows = (await this.rows<T>(name)).filter(keep);
    if (await exists(join(this.path, name)))
      await writeAtomic(join(this.path, name), rows.map((r) => `${JSON.stringify(r)}\n`).join(''));
    return rows;
  }

  get samples(): string {
    return `${this.samplesBase}.safetensors`;
  }

  get samplesBase(): string {
    return join(this.path, 'samples');
  }

  /** A few images, untouched and triggered, for the report. */
  get gallery(): string {
    return join(this.path, 'gallery.safetensors');
  }

  /** The checkpoint that training resumes from: parameters, running statistics, optimizer state, position. */
  get lastCheckpoint(): string {
    return join(this.path, 'checkpoints', 'last.safetensors');
  }

  /** Weights at a probed moment, in epochs. */
  checkpoint(epoch: number): string {
    return join(this.path, 'checkpoints', `${momentName(epoch, this.stepsPerEpoch)}.safetensors`);
  }

  /** Moments, in epochs, whose weights are kept, ascending. */
  checkpoints(): Promise<number[]> {
    return this.momentsIn('checkpoints');
  }

  /** Moments, in epochs, that were probed, ascending. */
  probes(): Promise<number[]> {
    return this.momentsIn('probes');
  }

  /** Moments, in epochs, of which there is a picture of T by that method, ascending. */
  embeddings(method: string): Promise<number[]> {
    return this.momentsIn('representation', `${method}-`);
  }

  /** Moments that the files of a folder whose names begin with `prefix` are of. */
  private async momentsIn(folder: string, prefix = ''): Promise<number[]> {
    const names = await readdir(join(this.path, folder)).catch(() => []);
    const moments = names.flatMap((name) => {
      if (!name.startsWith(prefix)) return [];
      const [found, epoch, step] = MOMENT_NAME.exec(name.slice(prefix.length)) ?? [];
      if (!found) return [];
      if (step === undefined) return [Number(epoch)];
      if (this.stepsPerEpoch === undefined)
        throw new UserError(
          `${join(this.path, folder, name)}: run.json must say "stepsPerEpoch" to place a step in time`,
        );
      return [Number(step) / this.stepsPerEpoch];
    });
    return [...new Set(moments)].sort((a, b) => a - b);
  }

  probe(epoch: number): string {
    return `${this.probeBase(epoch)}.safetensors`;
  }

  /** The same without the ending, which others' probes may have another of (`readArrays`). */
  probeBase(epoch: number): string {
    return join(this.path, 'probes', momentName(epoch, this.stepsPerEpoch));
  }

  /** Pointwise information of the probed samples: per quantity and group one tensor in the order of `groups.json`, nats. */
  pointwise(epoch: number): string {
    return join(this.path, 'pointwise', `${momentName(epoch, this.stepsPerEpoch)}.safetensors`);
  }

  /** T in two dimensions, `points` [n, 2], by one method. */
  embedding(method: string, epoch: number): string {
    return join(this.path, 'representation', `${method}-${momentName(epoch, this.stepsPerEpoch)}.safetensors`);
  }

  /**
   * Removes probes and weights, by far the largest files: what a finished run needs for new estimates, not for its report. `keep`: moments,
   * in epochs, whose weights stay.
   */
  async forgetProbes(keep: readonly number[] = []): Promise<void> {
    const weights = join(this.path, 'checkpoints');
    const kept = keep.map((epoch) => basename(this.checkpoint(epoch)));
    for (const name of await readdir(weights).catch(() => []))
      if (!kept.includes(name)) await rm(join(weights, name), { recursive: true, force: true });
    if (keep.length === 0) await rm(weights, { recursive: true, force: true });
    await rm(join(this.path, 'probes'), { recursive: true, force: true });
  }

  /** Removes the estimates and all that was made of them. */
  async forgetEstimates(): Promise<void> {
    for (const name of [
      'information.jsonl',
      'information-others.jsonl',
      'resolution.jsonl',
      'running-statistics.jsonl',
      'pointwise',
      'representation',
      'representation.json',
    ])
      await rm(join(this.path, name), { recursive: true, force: true });
  }

  get report(): string {
    return join(this.path, 'report.html');
  }

  async has(path: string): Promise<boolean> {
    return exists(path);
  }
}
