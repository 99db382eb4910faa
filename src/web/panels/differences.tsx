/** The options in which runs differ, one row per option. */

import type { RunView } from '../api.js';
import { ColumnsHead, textColumns } from '../columns-head.js';
import { Scroll } from '../scroll.js';

interface Props {
  runs: RunView[];
  /** What the list calls each run. */
  names: ReadonlyMap<string, string>;
}

export function Differences({ runs, names }: Props) {
  const keys = [...new Set(runs.flatMap((r) => Object.keys(r.config)))] as (keyof RunView['config'])[];
  const text = (v: unknown) =>
    v === undefined || v === null || v === '' ? '–' : Array.isArray(v) ? v.join(', ') || '–' : String(v);
  const differing = keys.filter((k) => new Set(runs.map((r) => JSON.stringify(r.config[k]))).size > 1);
  return (
    <section>
      <h2>Differences in configuration</h2>
      {differing.length === 0 ? (
        <p class="note">The configurations are equal.</p>
      ) : (
        <Scroll label="Differences in configuration">
          <table>
            <ColumnsHead columns={textColumns(['option', ...runs.map((r) => names.get(r.id) ?? r.id)])} />
            <tbody>
              {differing.map((k) => (
                <tr key={k}>
                  <td class="t">{k}</td>
                  {runs.map((r) => (
                    <td key={r.id} class="t">
                      {text(r.config[k])}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </section>
  );
}
