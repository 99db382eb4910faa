/** What the list says where it shows no run: how to make one, or how to see the others again. */

import { shellWord } from '../../base/shell.js';
import { hrefOf, setQuery } from '../route.js';

/** A folder without runs: the command of a first one. */
export function NoRuns({ root }: { root: string }) {
  const command = `npx ibscope run --attack badnets --out ${shellWord(`${root}/badnets`)}`;
  return (
    <div class="empty">
      <h2>No run is in this folder</h2>
      <p>Type this in a terminal. The run appears here while it trains.</p>
      <pre class="command">{command}</pre>
      <div class="tools-row">
        <button type="button" onClick={() => navigator.clipboard?.writeText(command)}>
          Copy
        </button>
        <a class="button" href={hrefOf('/new', {})}>
          Fill in a form instead
        </a>
      </div>
    </div>
  );
}

/** A search that no run matches. */
export function NoMatch() {
  return (
    <div class="empty">
      <p>No run matches the search and the state.</p>
      <button type="button" onClick={() => setQuery({ search: '', state: '' })}>
        Show all runs
      </button>
    </div>
  );
}
