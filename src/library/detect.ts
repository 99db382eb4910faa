/** `ibscope detect` and `ibscope stealth` for callers of the library. */
import { detectIn } from '../detection/jobs.js';
import { type DetectRequest, detectJobOf } from '../detection/request.js';
import { type ThreeSpaces, threeSpaces } from '../pipeline/three-spaces.js';
import type { DetectorsDocument } from '../runs/documents.js';
import { checkKeys, checkPath } from './check.js';
import { checkedHooks, type RunOptions } from './hooks.js';

/**
 * What published detectors of backdoors make of a run or of a data set (docs/detection.md). Findings about a run are written into its folder, those
 * about a data set into `out`, where a network is trained on it first. Rejects with `UserError` for a detector that does not exist and for what
 * cannot be read, and with `Stopped` when asked to end.
 */
export async function detect(request: DetectRequest, options: RunOptions = {}): Promise<DetectorsDocument> {
  checkKeys('key of a request', request, [
    'path',
    'detectors',
    'trusted',
    'expectedRate',
    'seed',
    'out',
    'resume',
  ] satisfies (keyof DetectRequest)[]);
  checkPath(request.path);
  const { document } = await detectIn(await detectJobOf(request), checkedHooks(options));
  return document;
}

/**
 * The stealth of a run's backdoor in input, feature and parameter space, beside its score. `clean`: folder of a run of attack `none` of the same setting, for
 * TUP; by default one beside the run. Rejects with `UserError` for a run that has neither these measures nor weights.
 */
export async function stealth(path: string, clean?: string, options: RunOptions = {}): Promise<ThreeSpaces> {
  checkPath(path);
  return threeSpaces(path, clean, checkedHooks(options));
}
