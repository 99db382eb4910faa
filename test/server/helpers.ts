/** The dashboard as `ibscope view` starts it, over a folder of made-up runs. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Rng } from '../../src/base/random.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { type EstimateRow, stealth } from '../../src/dynamics/index.js';
import { tensor, writeSafetensors } from '../../src/formats/safetensors.js';
import { pngOf } from '../../src/report/png.js';
import { FORMAT } from '../../src/runs/directory.js';
import { example } from '../report/example.js';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname;

/** The browser that pages are tried in; undefined where there is none. */
export const chromiumPath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (p) => p && existsSync(p),
);

export interface Served {
  folder: string;
  address: string;
  token: string;
  child: ChildProcess;
  stderr(): string;
  close(): Promise<void>;
}

/**
 * Starts the server on any free port, and waits until it says where. `main`: the command line's built file; `more`: further arguments.
 */
export async function serveFolder(folder: string, main = MAIN, more: readonly string[] = []): Promise<Served> {
  const child = spawn(process.execPath, [main, 'view', folder, '--port', '0', '--json', ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr!.on('data', (d) => {
    stderr += d;
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout!.once('data', (d) => resolve(String(d)));
    child.once('exit', (code) => reject(new Error(`view ended with ${code}: ${stderr}`)));
  });
  const { address, token } = JSON.parse(line);
  return {
    folder,
    address,
    token,
    child,
    stderr: () => stderr,
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGINT');
      await ended;
    },
  };
}

export async function scratch(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'ibscope-view-'));
}

export const remove = (folder: string) => rm(folder, { recursive: true, force: true });

interface MadeRun {
  attack?: string;
  seed?: number;
  offset?: number;
  epochs?: number;
  /** Probed samples, and points of the picture. */
  samples?: number;
  /** A checkpoint at every epoch, not at the six of the example. */
  everyEpoch?: boolean;
  created?: string;
}

/** A finished run with made-up numbers, in all files that a page reads. */
export async function writeRun(
  path: string,
  {
    attack = 'blend',
    seed = 1,
    offset = -0.4,
    epochs = 12,
    samples = 60,
    everyEpoch = false,
    created = '2026-01-01T00:00:00Z',
  }: MadeRun = {},
) {
  await mkdir(join(path, 'probes'), { recursive: true });
  await mkdir(join(path, 'representation'), { recursive: true });
  const made = example({ attack, offset, seed });
  const scale = (rows: readonly { epoch: number }[]) =>
    rows.map((r) => ({ ...r, epoch: Math.max(1, Math.round((r.epoch * epochs) / 12)) }));
  const information = everyEpoch
    ? Array.from({ length: epochs }, (_, i) =>
        made.information.filter((r) => r.epoch === 12).map((r) => ({ ...r, epoch: i + 1 })),
      ).flat()
    : (scale(made.information) as EstimateRow[]);
  const json = (value: unknown) => JSON.stringify(value);
  const lines = (rows: readonly unknown[]) => rows.map((r) => `${json(r)}\n`).join('');
  const config = resolveConfig({ attack, seed, epochs, trainLimit: 2400, instrument: ['critics'] });
  await writeFile(
    join(path, 'run.json'),
    json({ format: FORMAT, version: '1', config, classes: made.classNames, dataHash: '', created }),
  );
  const rows = Array.from({ length: samples }, (_, i) => i);
  const part = (k: number) => rows.filter((i) => i % 5 === k);
  const groups = {
    '0/backdoor': part(0),
    '0/clean': part(1),
    1: part(2),
    2: part(3),
    3: part(4),
    '0/all': [...part(0), ...part(1)],
  };
  await writeFile(join(path, 'groups.json'), json({ size: part(0).length, leftOut: {}, groups }));
  const epochRows = Array.from({ length: epochs }, (_, i) => ({
    ...made.epochs[Math.min(11, Math.floor((12 * i) / epochs))],
    epoch: i + 1,
  }));
  await writeFile(join(path, 'events.jsonl'), lines(epochRows.map((e) => ({ event: 'epoch', ...e }))));
  await writeFile(join(path, 'information.jsonl'), lines(information));
  await writeFile(join(path, 'stealth.json'), json({ stealth: stealth(information, { target: 0 }) }));
  await writeFile(join(path, 'result.json'), json({ attack }));
  const rng = new Rng(seed, 'made run');
  const checkpoints = [...new Set(information.map((r) => r.epoch))];
  await writeFile(
    join(path, 'representation.json'),
    json({
      rows: checkpoints.map((epoch) => ({ epoch, silhouettes: { '0/backdoor': 0.2 }, pair: 0.1, place: null })),
      separation: [],
    }),
  );
  await writeSafetensors(join(path, 'samples.safetensors'), {
    x: tensor(
      new Uint8Array(samples * 192).map((_, i) => i % 251),
      [samples, 8, 8, 3],
    ),
    label: tensor(new Int32Array(samples), [samples]),
    original_label: tensor(
      Int32Array.from(rows, (i) => i % 4),
      [samples],
    ),
    poisoned: tensor(
      Uint8Array.from(rows, (i) => Number(i % 5 === 0)),
      [samples],
      'BOOL',
    ),
    cover: tensor(new Uint8Array(samples), [samples], 'BOOL'),
    index: tensor(Int32Array.from(rows), [samples]),
  });
  for (const epoch of checkpoints) {
    const file = `epoch-${String(epoch).padStart(4, '0')}.safetensors`;
    await writeSafetensors(join(path, 'probes', file), { t: tensor(new Float32Array(samples * 2), [1, samples, 2]) });
    await writeSafetensors(
      join(path, 'representation', `umap-${file}`),
      {
        points: tensor(
          Float32Array.from({ length: 2 * samples }, () => rng.normal()),
          [samples, 2],
        ),
        row: tensor(Int32Array.from(rows), [samples]),
      },
      { groups: json(rows.map((i) => ['0/backdoor', '0/clean', '1', '2', '3'][i % 5])) },
    );
  }
}

/** A finished audit that flags one class of two. */
export async function writeAudit(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  const signals = { values: { separation: 1 }, p: { separation: 0.001 }, together: 0.001 };
  const document = {
    verdict: 'suspicious',
    suspiciousClasses: ['star'],
    notes: [{ label: 'cross', note: 'two kinds' }],
    classes: ['cross', 'star'].map((label) => ({
      label,
      p: label === 'star' ? 0.001 : 1,
      score: 0,
      suspicious: label === 'star',
      note: label === 'cross' ? 'two kinds' : null,
      sides: null,
      signals,
    })),
    suspicious: ['star/7.png', 'star/9.png'],
    seconds: 1,
    asked: { set: '/data/shapes', images: 400, sha256: '', seed: 0, effort: 'normal', level: 0.002, version: '1' },
    interventions: [],
  };
  await writeFile(join(path, 'audit.json'), JSON.stringify(document));
  await writeFile(join(path, 'sheet.png'), await pngOf(new Uint8Array(48), { height: 4, width: 4, channels: 3 }));
}

/** The page of a comparison with its document, and that of a sweep in a folder inside it. */
export async function writeReports(path: string): Promise<void> {
  await mkdir(join(path, 'my sweep'), { recursive: true });
  const write = (file: string, text: string) => writeFile(join(path, file), text);
  await write('report.html', '<!doctype html><title>compared</title>');
  await write('result.json', JSON.stringify({ rows: [{}, {}], pairs: [], verdict: ['blend is stealthier.', 'More.'] }));
  await write('my sweep/sweep.html', '<!doctype html><title>swept</title>');
  const document = { experiment: 'sweep', runs: 4, summary: { lede: 'The best is trial 3.' } };
  await write('my sweep/sweep.json', JSON.stringify(document));
  // No page of a study, although a page lies beside it.
  await write('my sweep/other.html', '');
  await write('my sweep/other.json', '{"experiment":"sweep"}');
}
