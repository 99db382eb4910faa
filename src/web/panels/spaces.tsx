/** Stealth in three spaces, and what published detectors found; nothing for runs that have neither. */

import { decimal, percent } from '../../report/format.js';
import { detectorWords, foundWords, inputRows, judgedWords, SPACES_INTRO, spaceRows } from '../../report/spaces.js';
import type { RunView } from '../api.js';
import { ColumnsHead, textColumns } from '../columns-head.js';
import { Scroll } from '../scroll.js';

export function SpacesPanel({ run }: { run: RunView }) {
  if (!run.spaces || !run.poisoned) return null;
  return (
    <section>
      <h2>Stealth in three spaces</h2>
      <p class="intro">{SPACES_INTRO}</p>
      <Scroll label="Stealth in three spaces">
        <table>
          <ColumnsHead columns={textColumns(['space', 'measure', 'value', 'stealthier', 'what it is'])} />
          <tbody>
            {[...inputRows(run.perception), ...spaceRows(run.spaces)].map((r) => (
              <tr key={r.measure}>
                <td class="t">{r.space}</td>
                <td class="t">{r.measure}</td>
                <td class="t">{decimal(r.value)}</td>
                <td class="t">{r.stealthier}</td>
                <td class="t">{r.what}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

export function DetectorsPanel({ run }: { run: RunView }) {
  if (!run.detectors) return null;
  return (
    <section>
      <h2>Detectors</h2>
      <p class="intro">{detectorWords(run.detectors)}</p>
      <Scroll label="Detectors">
        <table>
          <ColumnsHead
            columns={textColumns(['detector', 'judged', 'flags', 'TPR', 'FPR', 'AUROC', 'TPR at 1 % FPR'])}
          />
          <tbody>
            {run.detectors.detectors.map((r) => (
              <tr key={r.name}>
                <td class="t">{r.name}</td>
                <td class="t">{judgedWords(r)}</td>
                <td class="t">{r.skipped ?? foundWords(r)}</td>
                <td class="t">{percent(r.tpr)}</td>
                <td class="t">{percent(r.fpr)}</td>
                <td class="t">{decimal(r.auroc)}</td>
                <td class="t">{percent(r.tprAt1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
