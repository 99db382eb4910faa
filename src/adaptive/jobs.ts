/** The job of `ibscope adapt`: from a configuration to a trigger file, a document and a page. */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { attackTest, findAttack } from '../attacks/index.js';
import { UserError } from '../base/errors.js';
import type { RunConfig } from '../config/options.js';
import { dataHash } from '../datasets/hash.js';
import type { Dataset, ImageSet } from '../datasets/index.js';
import { pick } from '../datasets/select.js';
import { limitThreads } from '../engine/index.js';
import type { WorkerContext } from '../execution/job.js';
import { hooksOf, type Message } from '../execution/messages.js';
import { checkWritable, writeAtomic } from '../formats/files.js';
import { perceive } from '../perception/index.js';
import { attackSettings, loadData } from '../poisoning/poisoned-set.js';
import type { GalleryImage } from '../report/index.js';
import { checkFolder } from '../runs/directory.js';
import { takeLease } from '../runs/lease.js';
import { VERSION } from '../version.js';
import { adapt, choose, writeTrigger } from './adapt.js';
import { type SearchDocument, type SearchJob, search } from './halving.js';
import { adaptPage } from './page.js';
import type { AdaptDocument, AdaptSettings } from './types.js';

/** Test images on which the pattern is measured, and those that the page shows. */
const [PERCEIVED, SHOWN] = [100, 8];

export interface AdaptJob {
  /** The learned attack without its trigger. */
  config: RunConfig;
  settings: AdaptSettings;
  /** Path of the trigger file, `NAME.npz`; the folder `NAME` beside it holds everything else. */
  out: string;
  resume: boolean;
  threads: number;
}

export interface AdaptOutcome {
  document: AdaptDocument;
  trigger: string;
  /** Path of the page. */
  report: string;
}

/** Name of the document in the folder of an adaptation. */
const DOCUMENT = 'adapt.json';

/** The folder of an adaptation, from the path of its trigger file. */
export const folderOf = (out: string) => out.replace(/\.npz$/, '');

export async function adaptJob(job: AdaptJob, context: WorkerContext<Message>): Promise<AdaptOutcome> {
  const hooks = hooksOf(context);
  const { config, settings, out, resume } = job;
  const folder = folderOf(out);
  if (!resume && (await stat(out).catch(() => null)))
    throw new UserError(`--out ${out}: it exists already; add --resume to resume it, or name another file`);
  await checkFolder(folder, resume);
  await checkWritable(out, '--out');
  limitThreads(job.threads);
  hooks.progress?.({ phase: 'data', stage: 'data', done: 0, total: 1, unit: 'set' });
  const dataset = await loadData(config);
  await mkdir(folder, { recursive: true });
  const lease = takeLease(folder);
  try {
    const report = join(folder, 'report.html');
    const state = await adapt({ config, settings, dataset, folder }, hooks);
    const finished = await readFile(join(folder, DOCUMENT), 'utf8').catch(() => null);
    if (finished !== null && (await stat(out).catch(() => null)))
      return { document: JSON.parse(finished), trigger: out, report };
    const chosen = choose(state.rounds);
    await writeTrigger(out, state.patterns[chosen.round], settings, dataset);
    const { images, visibility } = seen(config, dataset, out);
    const document: AdaptDocument = {
      format: 1,
      version: VERSION,
      config,
      settings,
      dataHash: dataHash(dataset.train),
      rounds: state.rounds,
      chosen,
      visibility,
      budget: {
        gradientSteps: state.steps.length,
        surrogates: settings.surrogates * (settings.rounds + 1),
        seconds: state.seconds,
      },
    };
    await writeAtomic(join(folder, 'steps.jsonl'), state.steps.map((row) => `${JSON.stringify(row)}\n`).join(''));
    await writeAtomic(report, await adaptPage(document, state.steps, images, out));
    await writeAtomic(join(folder, DOCUMENT), `${JSON.stringify(document, null, 1)}\n`);
    return { document, trigger: out, report };
  } finally {
    lease.release();
  }
}

export function searchJob(job: SearchJob, context: WorkerContext<Message>): Promise<SearchDocument> {
  return search(job, hooksOf(context));
}

/** What the pattern does to test images: pictures and measures. */
function seen(
  config: RunConfig,
  { test, classes }: Dataset,
  trigger: string,
): { images: GalleryImage[]; visibility: AdaptDocument['visibility'] } {
  const settings = attackSettings({ ...config, attackOption: [...config.attackOption, `trigger=${trigger}`] });
  const { rows, set } = attackTest(test, findAttack(config.attack), settings)!;
  const some = <S extends ImageSet>(of: S, from: ArrayLike<number>, n: number) =>
    pick(of, Array.from(from).slice(0, n));
  const all = Array.from(rows.keys());
  const measures = perceive(some(test, rows, PERCEIVED), some(set, all, PERCEIVED));
  const finite = (v: number) => (Number.isFinite(v) ? v : null);
  const visibility = Object.fromEntries(Object.entries(measures).map(([name, m]) => [name, finite(m.mean)]));
  const size = test.height * test.width * test.channels;
  const images = Array.from(rows.subarray(0, SHOWN), (row, r) => ({
    label: classes[test.labels[row]],
    clean: test.images.slice(row * size, (row + 1) * size),
    triggered: set.images.slice(r * size, (r + 1) * size),
    height: test.height,
    width: test.width,
    channels: test.channels,
  }));
  return { images, visibility };
}
