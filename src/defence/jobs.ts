/** The job of `ibscope train`: from an untrusted set to a network, the samples that were set aside, and a report. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { settingsFor } from '../audit/audit.js';
import { checkClasses, loadTest, loadUntrustedImages, sampleName, type UntrustedImages } from '../audit/load.js';
import { UserError } from '../base/errors.js';
import { Stopped, toResume } from '../base/progress.js';
import { dataHash } from '../datasets/hash.js';
import { limitThreads } from '../engine/index.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import { writeAtomic } from '../formats/files.js';
import { asTensors, writeSafetensors } from '../formats/safetensors.js';
import { checkFolder } from '../runs/directory.js';
import { takeLease } from '../runs/lease.js';
import { VERSION } from '../version.js';
import { type DefenceSettings, methods } from './methods/index.js';
import type { DefenceName } from './names.js';
import { type ShownSample, trainPage } from './page.js';
import type { TrainDocument } from './types.js';

/** Samples that the page shows. */
const SHOWN = 24;
const DOCUMENT = 'train.json';
const [MODEL, WEIGHTS, LIST, PAGE] = ['model.onnx', 'model.safetensors', 'suspicious.txt', 'report.html'];

export interface TrainJob {
  path: string;
  out: string;
  defence: DefenceName;
  /** Samples that are known to be clean. */
  trusted?: string;
  /** Learning rate of the training after pruning. */
  tuneRate?: number;
  width: number;
  /** Absent: as many as an audit trains for. */
  epochs?: number;
  seed: number;
  resume: boolean;
  /** Images on which the network is evaluated. */
  test?: string;
  triggered?: string;
  threads: number;
}

export async function trainJob(job: TrainJob, context: WorkerContext<Message>): Promise<TrainDocument> {
  const hooks = hooksOf(context);
  const { path, out, seed, width, defence, tuneRate } = job;
  const method = methods[defence];
  if (method.needsTrusted && job.trusted === undefined)
    throw new UserError(`--defence ${defence}: name samples that are known to be clean with --trusted`);
  await checkFolder(out, job.resume);
  hooks.progress?.({ phase: 'data', stage: 'images', done: 0, total: 1, unit: 'set' });
  const untrusted = await loadUntrustedImages(path, 'train');
  if (untrusted.kind === 'trace') throw new UserError(`${path}: it is a run; name the set that it was trained on`);
  if (defence !== 'none') checkClasses(path, untrusted);
  const test = job.test === undefined ? null : await loadTest('--test', job.test, untrusted);
  const triggered = job.triggered === undefined ? null : await loadTest('--triggered', job.triggered, untrusted);
  const trusted = job.trusted === undefined ? undefined : await loadTest('--trusted', job.trusted, untrusted);
  const epochs = job.epochs ?? settingsFor(untrusted.set.n, { effort: 'normal', seed }).epochs;
  const asked = { sha256: dataHash(untrusted.set), seed, width, epochs, tuneRate };
  const kept = job.resume ? await readFile(join(out, DOCUMENT), 'utf8').catch(() => null) : null;
  if (kept !== null) return recognised(JSON.parse(kept), asked, job);
  if (job.resume) await checkResumable(out);
  limitThreads(job.threads);
  await mkdir(out, { recursive: true });
  const lease = takeLease(out);
  try {
    const started = performance.now();
    const settings: DefenceSettings = { width, epochs, seed, trusted, tuneRate, folder: out };
    const done = await method.train(untrusted, settings, hooks);
    const seconds = (performance.now() - started) / 1000;
    try {
      const { trainer } = done;
      const share = async (of: typeof test, label: string) =>
        of ? (await trainer.evaluate(of, label)).accuracy : null;
      const document: TrainDocument = {
        accuracy: await share(test, 'test'),
        asr: await share(triggered, 'triggered'),
        suspicious: done.suspicious.map((i) => sampleName(untrusted, i)),
        model: join(out, MODEL),
        seconds,
        report: join(out, PAGE),
        defence,
        answer: done.answer,
        setAside: done.setAside,
        decisions: done.decisions,
        epochs: done.epochs,
        images: untrusted.set.n,
        asked,
        version: VERSION,
      };
      await writeAtomic(join(out, MODEL), trainer.onnx());
      await writeSafetensors(join(out, WEIGHTS), asTensors(trainer.weights()));
      await writeAtomic(join(out, LIST), document.suspicious.map((name) => `${name}\n`).join(''));
      await writeAtomic(join(out, PAGE), await trainPage(document, shown(untrusted, done.suspicious)));
      await writeAtomic(join(out, DOCUMENT), `${JSON.stringify(document, null, 1)}\n`);
      for (const file of SAVED) await rm(join(out, file), { force: true });
      return document;
    } finally {
      await done.trainer.release();
    }
  } catch (error) {
    if ((error as Error).name !== 'Stopped') throw error;
    throw new Stopped(`${(error as Error).message}. ${toResume(out)}`);
  } finally {
    lease.release();
  }
}

/** Files of trainings that are under way. */
const SAVED = [...new Set(Object.values(methods).flatMap((m) => m.files))].map((name) => `${name}.safetensors`);

/** Throws `UserError` for a folder that holds files, and no training among them. */
async function checkResumable(out: string): Promise<void> {
  const inside = (await readdir(out).catch(() => [])).filter((name) => name !== 'lock');
  if (inside.length > 0 && !inside.some((name) => SAVED.includes(name)))
    throw new UserError(`--out ${out}: it holds files and no training of ibscope; name another folder`);
}

/** The document of a finished training. Throws `UserError` for one of another set or with other options. */
function recognised(document: TrainDocument, asked: TrainDocument['asked'], { out, defence }: TrainJob): TrainDocument {
  if (JSON.stringify(document.asked) !== JSON.stringify(asked) || document.defence !== defence)
    throw new UserError(`--resume: ${out} is of another set or was made with other options`);
  return document;
}

function shown({ set, classes }: UntrustedImages, rows: readonly number[]): ShownSample[] {
  const { height, width, channels, images, labels } = set;
  const size = height * width * channels;
  const every = Math.max(1, Math.ceil(rows.length / SHOWN));
  return rows
    .filter((_, i) => i % every === 0)
    .map((i) => ({
      label: classes[labels[i]],
      pixels: images.slice(i * size, (i + 1) * size),
      height,
      width,
      channels,
    }));
}
