/** Pages over several runs, as the dashboard lists them: comparisons, runs over seeds and studies. Each has a document beside it. */
import { join } from 'node:path';
import { readJson, whyUnread } from './read.js';

export interface ReportSummary {
  /** Folder of the page, as a path from the folder of the list, with `/`. */
  id: string;
  /** File of the page. */
  page: string;
  /** Why the document of the page cannot be read; the page may be whole. */
  problem?: string;
  /** `comparison`, `seeds`, or the name of a study, such as `sweep`. */
  kind?: string;
  /** Number of runs. */
  runs?: number;
  /** First paragraph of what the page says; absent where its document does not have it. */
  verdict?: string;
}

/** Document and page of a comparison, or of one attack over seeds. */
const COMPARISON = { document: 'result.json', page: 'report.html' };

/** What is read of a document; it may be anything. */
interface Read {
  rows?: unknown;
  score?: unknown;
  verdict?: unknown;
  experiment?: unknown;
  runs?: unknown;
  summary?: { lede?: unknown };
}

/** The files of a folder that could be the document of a page beside it: `result.json`, and `NAME.json` beside `NAME.html`. */
export const documentsIn = (files: readonly string[]): string[] =>
  files.filter((name) => name.endsWith('.json') && files.includes(pageOf(name)));

const pageOf = (document: string) =>
  document === COMPARISON.document ? COMPARISON.page : document.replace(/json$/, 'html');

/** The page that a document belongs to; null where the document is of something else. */
export function summariseReport(path: string, id: string, document: string): ReportSummary | null {
  const base = { id, page: pageOf(document) };
  try {
    const read = readJson<Read>(join(path, document));
    if (read?.experiment === document.replace(/\.json$/, ''))
      return { ...base, kind: read.experiment, ...numberOf(read.runs), ...firstOf(read.summary?.lede) };
    if (document !== COMPARISON.document || !Array.isArray(read?.rows)) return null;
    const kind = read.score === undefined ? 'comparison' : 'seeds';
    return { ...base, kind, runs: read.rows.length, ...firstOf(read.verdict) };
  } catch (error) {
    return { ...base, problem: whyUnread(error) };
  }
}

const numberOf = (runs: unknown) => (typeof runs === 'number' ? { runs } : {});

function firstOf(paragraphs: unknown): Pick<ReportSummary, 'verdict'> {
  const [first] = [paragraphs].flat();
  return typeof first === 'string' ? { verdict: first } : {};
}
