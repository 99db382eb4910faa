/** The slider over checkpoints, with the numbers at the epoch where it stands. */

import { decimal } from '../../report/format.js';
import type { RunView } from '../api.js';
import { setQuery } from '../route.js';

interface Props {
  run: RunView;
  /** Epochs of the checkpoints, ascending. */
  epochs: readonly number[];
  /** Position of the slider among them. */
  at: number;
  score: number | null;
}

export function Scrubber({ run, epochs, at, score }: Props) {
  const epoch = epochs[at];
  const row = run.epochs.filter((e) => e.epoch <= epoch).at(-1) ?? run.epochs.at(-1);
  return (
    <div class="scrubber">
      <label>
        Epoch <output>{epoch}</output>
        <input
          type="range"
          min="0"
          max={epochs.length - 1}
          step="1"
          value={at}
          aria-label="Checkpoint"
          aria-valuetext={`epoch ${epoch}`}
          onInput={(e) => setQuery({ epoch: String(epochs[Number(e.currentTarget.value)]) })}
        />
      </label>
      <dl class="now">
        <div>
          <dt>clean accuracy</dt>
          <dd>{decimal(row?.testAccuracy)}</dd>
        </div>
        <div>
          <dt>ASR</dt>
          <dd>{decimal(row?.asr)}</dd>
        </div>
        <div>
          <dt>stealth S</dt>
          <dd data-score>{decimal(score)}</dd>
        </div>
      </dl>
    </div>
  );
}
