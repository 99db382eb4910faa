/**
 * Glosses of the nouns of WordNet by lexicographer file, from `data.noun` (wndb(5WN)): topics of words, from artifacts to time. The ten files with the most glosses are
 * the classes; examples in quotes are cut off.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.js';
import type { TextSource } from '../types.js';
import { datasetOf, type Labelled } from './splits.js';

/** Where Debian's package wordnet-base puts the files. */
const DEBIAN = '/usr/share/wordnet';
/** Names of the lexicographer files of nouns, from number 3 on (lexnames(5WN)). */
const NAMES =
  'Tops act animal artifact attribute body cognition communication event feeling food group location motive object person phenomenon plant possession process quantity relation shape state substance time'.split(
    ' ',
  );
const FIRST = 3;
/** Classes of the set. */
const CLASSES = 10;

/** Glosses with the names of their files: ` 00001740 03 n … | gloss; "example"`, below a licence of lines that begin with a space. */
export function glossesIn(text: string): Labelled {
  const out: Labelled = { texts: [], labels: [] };
  for (const line of text.split('\n')) {
    const bar = line.indexOf(' | ');
    const number = /^\d{8} (\d\d) n /.exec(line)?.[1];
    if (bar < 0 || number === undefined) continue;
    out.texts.push(
      line
        .slice(bar + 3)
        .split(/; *"/)[0]
        .trim(),
    );
    out.labels.push(NAMES[Number(number) - FIRST] ?? number);
  }
  return out;
}

export const wordnet: TextSource = {
  name: 'wordnet',
  summary: 'glosses of nouns in WordNet, by the ten largest topics (Debian: wordnet-base)',
  needsDir: false,
  async load(request) {
    const path = join(request.dataDir ?? DEBIAN, 'data.noun');
    const text = await readFile(path, 'utf8').catch(() => {
      throw new UserError(
        `${path}: no such file; --data-dir names the folder with WordNet's data.noun (Debian: wordnet-base)`,
      );
    });
    const all = glossesIn(text);
    const counts = new Map<string, number>();
    for (const label of all.labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    const largest = [...counts].sort((a, b) => b[1] - a[1]).slice(0, CLASSES);
    const classes = new Set(largest.map(([label]) => label));
    const kept = [...all.labels.keys()].filter((i) => classes.has(all.labels[i]));
    if (classes.size < CLASSES)
      throw new UserError(`${path}: it has glosses of ${classes.size} lexicographer files of nouns; WordNet's has 26`);
    const train = { texts: kept.map((i) => all.texts[i]), labels: kept.map((i) => all.labels[i]) };
    return datasetOf('wordnet', path, { train, test: null }, request);
  },
};
