/** Studies on one queue share finished runs: what another study has made is copied, and what it makes now is waited for. */
import { cp } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { RunDirectory } from '../runs/directory.js';
import { isHeld, ofLease } from '../runs/lease.js';
import { finished } from './plan.js';
import { keepsProbes, type WorkJob, withoutOthers } from './work.js';

/** What a finished run needs for new estimates alone: by far its largest files. */
const LARGE = ['probes', 'checkpoints'];

/**
 * Copies the run of the same configuration in the folder `from`, where it is finished; returns whether it was. Throws an error that
 * `isHeldError` knows while another process works on it. A run that lacks what the study needs is not copied.
 */
export async function copyFinished(from: string, job: WorkJob): Promise<boolean> {
  const { path, config, alternatives } = job;
  const result = await finished(from, config);
  if (result === null) {
    // The lease says who, in the words of its error.
    if (isHeld(from)) (await RunDirectory.open(from, true)).unlock();
    return false;
  }
  if (await keepsProbes(join(path, '..', '..'))) return false;
  const source = await RunDirectory.open(from, true);
  try {
    if (alternatives && (await withoutOthers(source)).length > 0) return false;
    const target = await RunDirectory.open(path, true);
    try {
      const wanted = (file: string) => {
        const [first] = relative(from, file).split(sep);
        return !ofLease(basename(file)) && !file.endsWith('.tmp') && first !== 'result.json' && !LARGE.includes(first);
      };
      await cp(from, path, { recursive: true, filter: wanted });
      // Last: a run with a result is finished.
      await target.writeDocument('result.json', { ...result, dir: path, report: target.report });
      return true;
    } finally {
      target.unlock();
    }
  } finally {
    source.unlock();
  }
}
