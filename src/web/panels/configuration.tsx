/** Every setting of a run, and the command that repeats it. */

import { configRows } from '../../report/tables.js';
import type { RunView } from '../api.js';
import { ColumnsHead, textColumns } from '../columns-head.js';
import { Scroll } from '../scroll.js';

export function Configuration({ run }: { run: RunView }) {
  return (
    <>
      {run.command !== null && (
        <>
          <h2>The same run by command</h2>
          <pre class="command">npx ibscope {run.command}</pre>
        </>
      )}
      <details data-configuration>
        <summary>Configuration</summary>
        <Scroll label="Configuration">
          <table>
            <ColumnsHead columns={textColumns(['setting', 'value'])} />
            <tbody>
              {configRows({ ...run.config }).map(([name, value]) => (
                <tr key={name}>
                  <td class="t">{name}</td>
                  <td class="t wrap">{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </details>
    </>
  );
}
