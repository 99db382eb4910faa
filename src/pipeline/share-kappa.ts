/** One κ for all runs that are compared: values at different κ do not compare. */
import { datasetName } from '../config/names.js';
import type { EstimateRow } from '../dynamics/index.js';
import { RunDirectory } from '../runs/directory.js';
import { readRunDocument } from '../runs/documents.js';
import { cleanLadder, kappasIn, kappasOf, type ResolutionRow, writeResolved } from './resolution.js';
import { finish } from './result.js';

/**
 * Gives the runs in the folders `paths` that share data set, model, layer and group size one κ per quantity, from the clean classes of all of
 * them; those whose κ changes are scored and reported anew. Returns the folders of these. Runs without resolved information are left.
 */
export async function shareKappa(paths: readonly string[]): Promise<string[]> {
  const alike = new Map<string, { path: string; rows: ResolutionRow[] }[]>();
  for (const path of paths) {
    const dir = await RunDirectory.read(path);
    const { config } = await readRunDocument(dir);
    const rows = await dir.rows<ResolutionRow>('resolution.jsonl');
    if (rows.length === 0) continue;
    const { model, width, layer } = config;
    const key = JSON.stringify([datasetName(config), model, width, layer?.[0], rows[0].samples, rows[0].kappas]);
    alike.set(key, [...(alike.get(key) ?? []), { path, rows }]);
  }
  const changed: string[] = [];
  for (const members of alike.values()) {
    const kappas = kappasOf(members.map(({ rows }) => cleanLadder(rows)));
    for (const { path } of members) {
      const dir = await RunDirectory.openOnceFree(path);
      try {
        const now = kappasIn(await dir.rows<EstimateRow>('information.jsonl'));
        if (Object.entries(kappas).every(([q, kappa]) => (now as Record<string, number>)[q] === kappa)) continue;
        await writeResolved(dir, kappas);
        await finish(dir);
        changed.push(path);
      } finally {
        dir.unlock();
      }
    }
  }
  return changed;
}
