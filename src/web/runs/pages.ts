/** Addresses and names of the pages over several runs. */
import type { ReportSummary } from '../api.js';

type Page = Pick<ReportSummary, 'id' | 'page'>;

/** Address of a page; the server has it by its path in the folder, so that its links to pages of runs hold. */
export const pageHref = ({ id, page }: Page) =>
  `/reports/${[...(id === '.' ? [] : id.split('/')), page].map(encodeURIComponent).join('/')}`;

/** The folder of a page; the file where it lies in the listed folder itself. */
export const pageName = ({ id, page }: Page) => (id === '.' ? page : id);

/** Whether a text has every word of a search. */
export const hasWords = (text: string, search: string) =>
  search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word));

/** Whether a page matches every word of a search. */
export const pageMatches = ({ id, page, kind, verdict }: ReportSummary, search: string) =>
  hasWords([id, page, kind, verdict].filter(Boolean).join(' '), search);
