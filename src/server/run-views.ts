/** Runs as their pages have them. */

import { join } from 'node:path';
import { commandOf } from '../config/command.js';
import { datasetName } from '../config/names.js';
import { reportOf } from '../pipeline/report.js';
import { cautions, outcome, verdict } from '../report/headline.js';
import { reportWarnings } from '../report/warnings.js';
import { embeddingMethods } from '../representation/index.js';
import { RunDirectory } from '../runs/directory.js';
import { readRunDocument } from '../runs/documents.js';
import { stampOf } from './stamps.js';

/** Files and folders that the view of a run is read from. */
const SOURCES = [
  'run.json',
  'analysis.json',
  'groups.json',
  'events.jsonl',
  'information.jsonl',
  'stealth.json',
  'perception.json',
  'representation.json',
  'spaces.json',
  'detectors.json',
  'gallery.safetensors',
  'probes',
  'representation',
];

/** Views that are kept: a comparison shows rarely more runs, and each is at most a few megabytes. */
const KEPT = 16;

/** The view of each run, kept until one of its files changes. */
export class RunViews {
  private readonly kept = new Map<string, { stamp: string; view: ReturnType<typeof viewOf> }>();

  constructor(private readonly root: string) {}

  /** The report of the run in `path` with its configuration, command and lists of pictures; the pictures have their own addresses. */
  async read(path: string, id: string) {
    const stamp = stampOf(path, SOURCES);
    const known = this.kept.get(id);
    const view = known?.stamp === stamp ? known.view : viewOf(path, join(this.root, id));
    // Set anew in any case: the order of the map is that of use.
    this.kept.delete(id);
    this.kept.set(id, { stamp, view });
    const [oldest] = this.kept.keys();
    if (this.kept.size > KEPT) this.kept.delete(oldest);
    // What cannot be read now may be readable later.
    view.catch(() => this.kept.get(id)?.view === view && this.kept.delete(id));
    return view;
  }
}

async function viewOf(path: string, out: string) {
  const dir = await RunDirectory.read(path);
  const { config, plugins } = await readRunDocument(dir);
  const report = { ...(await reportOf(dir)), dataset: datasetName(config) };
  const { gallery, embeddings: _, ...rest } = report;
  const embeddings = await Promise.all(
    embeddingMethods.map(async (method) => ({ method, epochs: await dir.embeddings(method) })),
  );
  return {
    ...rest,
    // The sentences of the report, so that both say the same.
    outcome: outcome(report),
    verdict: verdict(report.stealth, report),
    cautions: cautions(report),
    warnings: reportWarnings(report),
    config,
    command: commandOf(config, out, plugins),
    gallery: gallery.map(({ label }) => label),
    embeddings: embeddings.filter((e) => e.epochs.length > 0),
  };
}
