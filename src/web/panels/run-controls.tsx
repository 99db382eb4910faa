/** Stops a run that was started here, or resumes a stopped one; nothing without a token. */

import { hasToken, post, type RunSummary, type RunView } from '../api.js';

export function RunControls({ run, state }: { run: RunView; state: RunSummary['state'] }) {
  if (!hasToken()) return null;
  const act = (what: 'stop' | 'resume') => post(what, { id: run.id }).catch((e: Error) => alert(e.message));
  if (state === 'running' && run.mine)
    return (
      <button type="button" onClick={() => act('stop')}>
        Save and stop
      </button>
    );
  if (state === 'stopped')
    return (
      <button type="button" onClick={() => act('resume')}>
        Resume
      </button>
    );
  return null;
}
