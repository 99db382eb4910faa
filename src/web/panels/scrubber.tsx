/** The slider over checkpoints, with the numbers at the moment where it stands. Checkpoints are evenly spaced on it. */

import { momentText } from '../../report/figures/time-axis.js';
import { trainingRows } from '../../report/figures/training.js';
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
  /** Whether the score is of all checkpoints. */
  whole: boolean;
}

export function Scrubber({ run, epochs, at, score, whole }: Props) {
  const epoch = epochs[at];
  const row = trainingRows(run).findLast((e) => e.epoch <= epoch);
  const moment = momentText(epoch, run);
  return (
    <div class="scrubber">
      <label>
        At <output>{moment}</output>
        <span class="track">
          <input
            type="range"
            min="0"
            max={epochs.length - 1}
            step="1"
            value={at}
            aria-label="Checkpoint"
            aria-valuetext={moment}
            onInput={(e) => setQuery({ epoch: String(epochs[Number(e.currentTarget.value)]) })}
          />
          <Ticks run={run} epochs={epochs} />
        </span>
      </label>
      <dl class="now" aria-label={`At ${moment}`}>
        <div>
          <dt>clean accuracy</dt>
          <dd>{decimal(row?.testAccuracy)}</dd>
        </div>
        <div>
          <dt>ASR</dt>
          <dd>{decimal(row?.asr)}</dd>
        </div>
      </dl>
      <dl class="now whole">
        <div>
          <dt>{whole ? 'S (whole run)' : 'S (so far)'}</dt>
          <dd data-score>{decimal(score)}</dd>
        </div>
      </dl>
    </div>
  );
}

/** Least distance of two labels, as a share of the slider. */
const APART = 0.3;

/** Under the slider: the first and the last checkpoint, and the end of the first epoch where there is room between them. */
function Ticks({ run, epochs }: Pick<Props, 'run' | 'epochs'>) {
  const last = epochs.length - 1;
  if (last < 1) return null;
  const first = epochs.indexOf(1) / last;
  const places = [0, ...(first >= APART && first <= 1 - APART ? [first] : []), 1];
  return (
    <span class="ticks" aria-hidden="true">
      {places.map((share) => (
        <span key={share} style={{ left: `${100 * share}%` }}>
          {momentText(epochs[Math.round(share * last)], run)}
        </span>
      ))}
    </span>
  );
}
