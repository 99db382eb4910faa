/** The stealth score under the β and window of the address, against clean classes, and the parts of D. */

import type { StealthResult } from '../../dynamics/stealth.js';
import { scorePartsFigure } from '../../report/figures/score-parts.js';
import { scoreStripFigure } from '../../report/figures/score-strip.js';
import { decimal } from '../../report/format.js';
import { chanceText } from '../../report/headline.js';
import { placeIn } from '../../report/place.js';
import type { RunView } from '../api.js';
import { Figure } from '../figure.js';
import { setQuery } from '../route.js';

interface Props {
  run: RunView;
  score: StealthResult;
  beta: number;
  window: number;
  checkpoints: number;
}

export function ScorePanel({ run, score, beta, window, checkpoints }: Props) {
  if (run.information.length === 0) return null;
  return (
    <section>
      <h2>Stealth score</h2>
      <Sliders beta={beta} window={window} checkpoints={checkpoints} />
      {score.score === null ? (
        <p class="note">No score: {score.reason}.</p>
      ) : (
        <>
          <p class="intro">
            S (whole run) = <b data-live-score>{decimal(score.score)}</b>, D = {decimal(score.distance)}
            {score.null &&
              `, ${placeIn(score.score, [score.null.low, score.null.high])} the range of clean classes of this run, ${decimal(score.null.low, 2)} to ${decimal(score.null.high, 2)} (95 %, ${score.null.draws} draws); p = ${chanceText(score.p)}${score.null.gapsByClass ? `, rank ${decimal(score.rank)}` : ''}`}
            .
          </p>
          <ScoreFigures run={run} score={score} stamp={`${score.score} ${beta} ${window}`} />
        </>
      )}
    </section>
  );
}

/** β on a logarithmic scale from 0.1 to 10, and the window in checkpoints. */
function Sliders({ beta, window, checkpoints }: Pick<Props, 'beta' | 'window' | 'checkpoints'>) {
  const shown = String(Number(beta.toPrecision(3)));
  return (
    <div class="sliders">
      <label>
        β <output>{shown}</output>
        <input
          type="range"
          min="-1"
          max="1"
          step="0.05"
          value={Math.log10(Math.max(0.1, Math.min(10, beta)))}
          aria-label="β, weight of I(T;Ŷ)"
          aria-valuetext={shown}
          onInput={(e) => setQuery({ beta: String(Number((10 ** Number(e.currentTarget.value)).toPrecision(4))) })}
        />
      </label>
      <label>
        window <output>{window}</output>
        <input
          type="range"
          min="1"
          max={Math.max(1, checkpoints)}
          step="1"
          value={window}
          aria-label="Smoothing window in checkpoints"
          onInput={(e) => setQuery({ window: e.currentTarget.value })}
        />
      </label>
      <button type="button" onClick={() => setQuery({ beta: '', window: '' })}>
        Reset to the run’s own
      </button>
    </div>
  );
}

function ScoreFigures({ run, score, stamp }: { run: RunView; score: StealthResult; stamp: string }) {
  return (
    <div class="grid two">
      <Figure
        name={`${run.id}-score`}
        caption={
          <>
            <b>Against clean classes</b> Diamond: this run. Strokes: its clean classes in the role of the target. Bar:
            95 % range for one more.
          </>
        }
        drawn={stamp}
        draw={(document, width) => scoreStripFigure([{ name: '', stealth: score }], document, { width })}
        rows={() => [
          { name: run.id, score: score.score },
          ...(score.null?.scores ?? []).map((s, i) => ({ name: score.null!.labels[i], score: s })),
        ]}
      />
      <Figure
        name={`${run.id}-score-parts`}
        caption={
          <>
            <b>Parts of D</b> Integration: poisoned against clean samples. Footprint: target class against the other
            classes.
          </>
        }
        drawn={stamp}
        draw={(document, width) => scorePartsFigure(score, document, { width })}
        rows={() => Object.entries(score.parts).map(([quantity, p]) => ({ quantity, ...p! }))}
      />
    </div>
  );
}
