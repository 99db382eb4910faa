/** What an audit of texts leaves on disk: its findings in a folder, and the set without the named texts. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { splitFolders } from '../../datasets/texts/folder.js';
import { csv } from '../../formats/csv.js';
import { writeAtomic, writeFolderAtomic } from '../../formats/files.js';
import { writeDocument, writeNames } from '../findings-folder.js';
import { sampleName, type UntrustedTexts } from '../load.js';
import { copyRows } from '../write.js';
import type { TextAudit } from './audit.js';
import type { WholeTextDocument } from './document.js';
import { shownTexts, textPage } from './page.js';

/** The page of texts in a folder of findings, and the same texts for the dashboard. */
export const TEXT_PAGE = 'texts.html';
export const SHOWN_TEXTS = 'texts.json';

/** Writes `audit.json`, `suspicious.txt`, `samples.csv` (every text with its score), `texts.html` and `texts.json` into a new folder. */
export async function writeTextFindings(
  untrusted: UntrustedTexts,
  audit: TextAudit,
  document: WholeTextDocument,
  folder: string,
): Promise<void> {
  const { set, classes } = untrusted;
  const named = new Set(audit.suspicious);
  const rows = [...set.labels.keys()].map((i) => ({
    sample: sampleName(untrusted, i),
    class: classes[set.labels[i]],
    suspicious: Number(named.has(i)),
    score_nats: audit.scores[i].toFixed(4),
  }));
  await mkdir(folder, { recursive: true });
  await writeAtomic(join(folder, 'samples.csv'), csv(rows));
  await writeNames(document, folder);
  const shown = shownTexts(set, audit);
  await writeAtomic(join(folder, SHOWN_TEXTS), `${JSON.stringify(shown)}\n`);
  await writeAtomic(join(folder, TEXT_PAGE), textPage(shown, document));
  await writeDocument(document, folder);
}

/**
 * Writes the set without the named texts, whole or not at all: copies of its files, those of its test texts as they are, or `DIR/train.csv` with `text` and `label`.
 * Returns the number of texts.
 */
export async function writeCleanTexts(
  untrusted: UntrustedTexts,
  { suspicious }: Pick<WholeTextDocument, 'suspicious'>,
  folder: string,
): Promise<number> {
  const { set, classes } = untrusted;
  const named = new Set(suspicious);
  const rows = [...set.labels.keys()].filter((i) => !named.has(sampleName(untrusted, i)));
  await writeFolderAtomic<unknown>(folder, async (part) => {
    if (set.files) return copyRows(untrusted, rows, part, (await splitFolders(untrusted.path)).test);
    const table = rows.map((i) => ({ text: set.texts[i], label: classes[set.labels[i]] }));
    return writeFile(join(part, 'train.csv'), csv(table));
  });
  return rows.length;
}
