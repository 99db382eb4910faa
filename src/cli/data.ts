/** `ibscope data list` and `ibscope data fetch`: lists the data sets, and downloads one. */

import { join } from 'node:path';
import type { Command } from 'commander';
import { Stopped, toResume } from '../base/progress.js';
import { shellWord } from '../base/shell.js';
import { type CatalogueEntry, catalogue, downloadBytes, findEntry } from '../datasets/catalogue.js';
import { datasets } from '../datasets/index.js';
import { textDatasets } from '../datasets/texts/index.js';
import { examples, JSON_FLAG } from './options.js';
import { ProgressLine } from './progress.js';
import { table } from './table.js';

export function addData(program: Command) {
  const data = program
    .command('data')
    .description('list the data sets, or fetch the official files of one')
    .addHelpText('after', examples(['npx ibscope data list', 'npx ibscope data fetch mnist']));
  data
    .command('list')
    .description('list the data sets with their sizes, licences, and the files that --data-dir expects')
    .option(...JSON_FLAG)
    .addHelpText('after', examples(['npx ibscope data list']))
    .action((values) => {
      const entries = [...catalogue, ...registered()];
      process.stdout.write(values.json ? `${JSON.stringify(entries.map(document))}\n` : `${listing(entries)}\n`);
    });
  data
    .command('fetch')
    .description('download, check and unpack a data set; the same command resumes a stopped download')
    .argument('<name>', 'name of the data set in `data list`')
    .option('--out <dir>', 'folder of the data set (default data/<name>)')
    .option(
      '--mirror <url>',
      'address of the files in place of the publisher’s (the default); their hashes are checked all the same',
    )
    .option(...JSON_FLAG)
    .addHelpText('after', examples(['npx ibscope data fetch mnist --out data/mnist']))
    .action(async (name: string, values) => {
      const entry = findEntry(name);
      const { already, path } = await fetched(entry, values.out ?? join('data', entry.name), values.mirror);
      const command = `npx ibscope run --dataset ${entry.name} --data-dir ${shellWord(path)}`;
      process.stdout.write(
        values.json
          ? `${JSON.stringify({ dataset: entry.name, path, already, command })}\n`
          : `${path}: ${entry.name} ${already ? 'exists already' : 'is complete'}\n\n  ${command}\n`,
      );
    });
}

/** Entries of the data sets that plugins registered: what ibscope knows of them. */
function registered(): CatalogueEntry[] {
  const own = [...datasets, ...textDatasets].filter(({ name }) => !catalogue.some((entry) => entry.name === name));
  return own.map(({ name, summary, needsDir }) => ({
    name,
    what: summary,
    train: null,
    test: null,
    classes: null,
    disk: null,
    licence: 'yours',
    page: null,
    dataDir: needsDir ? 'what its plugin reads' : 'not needed',
  }));
}

/** Fetches a data set with a progress line. Ctrl-C once ends the download, twice the process; both keep what is downloaded. */
async function fetched(entry: CatalogueEntry, out: string, mirror: string | undefined) {
  const { fetchDataset } = await import('../datasets/fetch/index.js');
  const line = new ProgressLine();
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await fetchDataset({
      entry,
      out,
      mirror,
      signal: stop.signal,
      progress: (p) => line.update({ phase: 'fetch', ...p }),
    });
  } catch (error) {
    if (stop.signal.aborted) throw new Stopped(`stopped; the downloaded part is kept. ${toResume()}`);
    throw error;
  } finally {
    line.clear();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** An entry as `--json` prints it. */
function document({ remote, ...facts }: CatalogueEntry) {
  const files = remote?.files.map(({ name, bytes, hash }) => ({ url: remote.base + name, bytes, hash }));
  return { ...facts, fetch: remote !== undefined, download: downloadBytes({ ...facts, remote }), files: files ?? [] };
}

function listing(entries: readonly CatalogueEntry[]): string {
  const head = ['data set', 'train', 'test', 'classes', 'download', 'on disk', 'fetch'];
  const rows = entries.map((entry) => [
    entry.name,
    count(entry.train),
    count(entry.test),
    count(entry.classes),
    megabytes(downloadBytes(entry)),
    megabytes(entry.disk),
    entry.remote ? 'yes' : 'no',
  ]);
  return [table(head, rows), ...entries.map(details)].join('\n\n');
}

function details({ name, what, licence, page, dataDir, remote }: CatalogueEntry): string {
  const hashes = new Set(remote?.files.map(({ hash }) => `${hash.algorithm} (${hash.from})`));
  const lines: [string, string | null][] = [
    ['licence', licence],
    ['source', page],
    ['files', remote?.base ?? null],
    ['checked by', hashes.size > 0 ? `size and ${[...hashes].join(', ')}` : null],
    ['--data-dir', dataDir],
  ];
  const shown = lines.filter(([, text]) => text !== null).map(([label, text]) => `  ${label.padEnd(10)}  ${text}`);
  return [`${name}: ${what}`, ...shown].join('\n');
}

const count = (n: number | null) => (n === null ? '–' : n.toLocaleString('en-US').replaceAll(',', '\u202f'));
const megabytes = (bytes: number | null) =>
  bytes === null ? '–' : bytes === 0 ? '0' : `${count(Math.round(bytes / 1e6))} MB`;
