/** The stealth scores of several runs, and stealth in information against stealth in input space. */

import { scatterFigure } from '../../report/figures/scatter.js';
import { scoreStripFigure } from '../../report/figures/score-strip.js';
import type { RunView } from '../api.js';
import { Figure } from '../figure.js';

interface Props {
  /** Runs that have a score, and the short name of each. */
  scored: { run: RunView; label: string }[];
  stamp: string;
}

export function ScoreComparison({ scored, stamp }: Props) {
  return (
    <div class="grid two">
      {scored.length > 0 && (
        <Figure
          name="scores"
          caption={
            <>
              <b>Stealth scores</b> Diamonds: the runs. Bars: 95 % range of their own clean classes.
            </>
          }
          drawn={stamp}
          draw={(d, width) =>
            scoreStripFigure(
              scored.map(({ run, label }) => ({ name: label, stealth: run.stealth! })),
              d,
              { width },
            )
          }
          rows={() => scored.map(({ run }) => ({ run: run.id, score: run.stealth!.score }))}
        />
      )}
      <Against measure="PSNR (dB)" scored={scored} stamp={stamp} />
      <Against measure="SSIM" scored={scored} stamp={stamp} />
    </div>
  );
}

/** The score against one measure of the trigger's visibility; nothing for fewer than two runs that have both. */
function Against({ measure, scored, stamp }: Props & { measure: string }) {
  const points = scored.flatMap(({ run, label }) => {
    const x = run.perception[measure];
    const s = run.stealth!.score!;
    return x == null || !Number.isFinite(x) ? [] : [{ name: label, x, y: s, low: s, high: s }];
  });
  if (points.length < 2) return null;
  const [word] = measure.split(' ');
  return (
    <Figure
      name={`stealth-against-${word}`}
      caption={<b>Stealth in information against {word}</b>}
      drawn={`${stamp} ${measure}`}
      draw={(d, width) =>
        scatterFigure(points, d, {
          width,
          title: `Stealth score against ${measure}`,
          xLabel: measure,
          yLabel: 'stealth score S',
        })
      }
      rows={() => points.map(({ name, x, y }) => ({ attack: name, [measure]: x, score: y }))}
    />
  );
}
