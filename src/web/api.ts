/** Requests to the server. Those that change something carry the token. */

import { useEffect, useState } from 'preact/hooks';
import type { RunConfig } from '../config/options.js';
import type { RunReport } from '../report/types.js';
import type { AuditSummary } from '../server/audit-list.js';
import type { Comparison } from '../server/comparison.js';
import type { Form, FormField } from '../server/form.js';
import type { ReportSummary } from '../server/report-list.js';
import type { AuditView, ShownTexts } from '../server/routes/audits.js';
import type { Listing, RunSummary } from '../server/run-list.js';
import type { StudySummary } from '../server/study-list.js';

export type {
  AuditSummary,
  AuditView,
  Comparison,
  Form,
  FormField,
  Listing,
  ReportSummary,
  RunSummary,
  ShownTexts,
  StudySummary,
};

/** A run as its page has it: the report without its pictures, which have their own addresses. */
export interface RunView extends Omit<RunReport, 'gallery' | 'embeddings' | 'config'> {
  id: string;
  config: RunConfig;
  /** What was done and what the model does, and what the score says: the sentences of the report. */
  outcome: string;
  verdict: string;
  /** What the verdict does not say. */
  cautions: string[];
  /** The equivalent command; null for a trace of another training. */
  command: string | null;
  gallery: string[];
  embeddings: { method: 'umap' | 'tsne'; epochs: number[] }[];
  messages: string[];
  /** Started here, and still running. */
  mine: boolean;
}

export interface EmbeddingView {
  method: 'umap' | 'tsne';
  epochs: number[];
  groups: string[];
  rows: number[];
  points: number[][];
}

const TOKEN = 'ibscope-token';

/** Takes the token out of the address that `ibscope view` printed, and goes to the first page. */
export function takeToken() {
  const found = /^#token=([\w-]+)$/.exec(location.hash);
  if (!found) return;
  sessionStorage.setItem(TOKEN, found[1]);
  history.replaceState(null, '', '#/');
}

export const hasToken = () => sessionStorage.getItem(TOKEN) !== null;

async function answer<T>(response: Response): Promise<T> {
  const body = await response.json().catch(() => ({ problem: `the server answered ${response.status}` }));
  if (!response.ok) throw new Error((body as { problem?: string }).problem ?? `the server answered ${response.status}`);
  return body as T;
}

export const get = async <T>(path: string, query: Record<string, string> = {}): Promise<T> =>
  answer(await fetch(`/api/${path}?${new URLSearchParams(query)}`));

export const post = async <T>(path: string, query: Record<string, string>, body: unknown = {}): Promise<T> =>
  answer(
    await fetch(`/api/${path}?${new URLSearchParams(query)}`, {
      method: 'POST',
      headers: { 'x-ibscope-token': sessionStorage.getItem(TOKEN) ?? '', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );

export const imageOf = (path: string, query: Record<string, string>) => `/api/${path}?${new URLSearchParams(query)}`;

export interface Loaded<T> {
  value?: T;
  problem?: string;
}

/** Loads again whenever `key` changes; the previous value stays until the answer comes. */
export function useLoaded<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const [state, set] = useState<Loaded<T> & { key?: string }>({});
  useEffect(() => {
    let current = true;
    load()
      .then((value) => current && set({ value, key }))
      .catch((error: Error) => current && set((s) => ({ ...s, problem: error.message, key })));
    return () => {
      current = false;
    };
  }, [key]);
  return state;
}

/** What the folder holds, live. */
export function useListing(): Loaded<Listing> {
  const [state, set] = useState<Loaded<Listing>>({});
  useEffect(() => {
    get<Listing>('runs')
      .then((value) => set({ value }))
      .catch((error: Error) => set({ problem: error.message }));
    const source = new EventSource('/api/events');
    source.addEventListener('runs', (e) => set({ value: JSON.parse(e.data) }));
    source.addEventListener('error', () =>
      set((s) => ({ ...s, problem: 'The server does not answer; start `ibscope view` again.' })),
    );
    source.addEventListener('alive', () => set((s) => (s.problem ? { ...s, problem: undefined } : s)));
    return () => source.close();
  }, []);
  return state;
}
