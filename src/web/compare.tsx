/** Several runs side by side: the order by stealth, trajectories on shared axes, look against stealth, what differs. */

import { useMemo } from 'preact/hooks';
import { partOf } from '../dynamics/group-id.js';
import { type Trajectory, trajectories } from '../dynamics/trajectory.js';
import type { EstimateRow } from '../dynamics/types.js';
import { padded } from '../report/figures/frame.js';
import { linesFigure } from '../report/figures/lines.js';
import { scatterFigure } from '../report/figures/scatter.js';
import { scoreStripFigure } from '../report/figures/score-strip.js';
import { trajectoryExtent, trajectoryFigure } from '../report/figures/trajectories.js';
import { decimal, percent } from '../report/format.js';
import { get, type RunView, useLoaded } from './api.js';
import { Figure } from './figure.js';
import { hrefOf, type Route } from './route.js';
import { Scroll } from './scroll.js';

export function ComparePage({ route }: { route: Route }) {
  const ids = (route.query.get('ids') ?? '').split('|').filter(Boolean);
  const { value: runs, problem } = useLoaded(ids.join('|'), () =>
    Promise.all(ids.map((id) => get<RunView>('run', { id }))),
  );
  if (problem)
    return (
      <p class="problem" role="alert">
        {problem}
      </p>
    );
  if (ids.length === 0)
    return (
      <p class="note">
        Pick runs to compare in the <a href={hrefOf('/', {})}>list</a>.
      </p>
    );
  if (!runs) return <p class="note">Reading {ids.length} runs …</p>;
  return <Compare runs={runs} />;
}

/** A short name for each run: its attack, and what it takes to tell it from the others. */
function labelsOf(runs: readonly RunView[]): string[] {
  const parts: ((r: RunView) => string)[] = [
    (r) => r.attack,
    (r) => (r.poisonRate === null ? '' : percent(r.poisonRate, 0)),
    (r) => r.config.model,
    (r) => r.dataset,
    (r) => `seed ${r.config.seed}`,
  ];
  const telling = parts.filter((part, i) => i === 0 || new Set(runs.map(part)).size > 1);
  const labels = runs.map((r) =>
    telling
      .map((part) => part(r))
      .filter(Boolean)
      .join(', '),
  );
  return labels.map((l, i) => (labels.indexOf(l) === labels.lastIndexOf(l) ? l : runs[i].id));
}

function Compare({ runs }: { runs: RunView[] }) {
  const curves = useMemo(
    () => runs.map((r) => trajectories(r.information as EstimateRow[]).filter((c) => !c.group.includes('/null-'))),
    [runs],
  );
  const labels = useMemo(() => labelsOf(runs), [runs]);
  const label = (r: RunView) => labels[runs.indexOf(r)];
  const ranked = [...runs].sort((a, b) => (b.stealth?.score ?? -1) - (a.stealth?.score ?? -1));
  const stamp = runs.map((r) => r.id).join('|');
  const scored = runs.filter((r) => r.stealth?.score != null);
  const bases = new Set(runs.map((r) => r.basis));
  if (bases.size > 1)
    return (
      <p class="problem" role="alert">
        Held-out and training estimates cannot be compared; pick runs of one kind.
      </p>
    );
  return (
    <>
      <h1>{runs.length} runs</h1>
      <p class="intro">Each is one seed: an order of close scores may not repeat.</p>
      <Scroll label="Ranks">
        <table>
          <thead>
            <tr>
              {['rank', 'run', 'attack', 'accuracy', 'ASR', 'S', 'clean classes', 'p', 'PSNR, dB', 'SSIM'].map(
                (h, i) => (
                  <th key={h} scope="col" class={i === 1 || i === 2 ? 't' : ''}>
                    {h}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {ranked.map((r, i) => (
              <tr key={r.id}>
                <td>{r.stealth?.score == null ? '–' : i + 1}</td>
                <td class="t">
                  <a href={hrefOf('/run', { id: r.id })}>{r.id}</a>
                </td>
                <td class="t">{r.attack}</td>
                <td>{decimal(r.epochs.at(-1)?.testAccuracy)}</td>
                <td>{decimal(r.epochs.at(-1)?.asr)}</td>
                <td>{decimal(r.stealth?.score)}</td>
                <td>
                  {r.stealth?.null ? `${decimal(r.stealth.null.low, 2)}–${decimal(r.stealth.null.high, 2)}` : '–'}
                </td>
                <td>{decimal(r.stealth?.p)}</td>
                <td>{decimal(r.perception['PSNR (dB)'], 1)}</td>
                <td>{decimal(r.perception.SSIM)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <div class="grid two">
        {scored.length > 0 && (
          <Figure
            name="scores"
            caption={
              <>
                <b>Stealth scores</b> Diamonds: the runs; bars: 95 % range of their own clean classes
              </>
            }
            drawn={stamp}
            draw={(d, width) =>
              scoreStripFigure(
                scored.map((r) => ({ name: label(r), stealth: r.stealth! })),
                d,
                { width },
              )
            }
            rows={() => scored.map((r) => ({ run: r.id, score: r.stealth!.score }))}
          />
        )}
        {(['PSNR (dB)', 'SSIM'] as const).map((measure) => {
          const points = scored.flatMap((r) => {
            const x = r.perception[measure];
            const s = r.stealth!.score!;
            return x == null || !Number.isFinite(x) ? [] : [{ name: label(r), x, y: s, low: s, high: s }];
          });
          return points.length < 2 ? null : (
            <Figure
              key={measure}
              name={`stealth-against-${measure.split(' ')[0]}`}
              caption={<b>Stealth inside the model against {measure.split(' ')[0]}</b>}
              drawn={`${stamp} ${measure}`}
              draw={(d, width) =>
                scatterFigure(points, d, {
                  width,
                  title: `Stealth against ${measure}`,
                  xLabel: measure,
                  yLabel: 'stealth score S',
                })
              }
              rows={() => points.map(({ name, x, y }) => ({ attack: name, [measure]: x, score: y }))}
            />
          );
        })}
      </div>
      {(['I(X;T)', 'I(T;Ŷ)'] as const).map((quantity) => (
        <Quantity key={quantity} quantity={quantity} runs={runs} labels={labels} curves={curves} stamp={stamp} />
      ))}
      <Differences runs={runs} />
    </>
  );
}

interface QuantityProps {
  quantity: 'I(X;T)' | 'I(T;Ŷ)';
  runs: RunView[];
  labels: string[];
  curves: Trajectory[][];
  stamp: string;
}

function Quantity({ quantity, runs, labels, curves, stamp }: QuantityProps) {
  const data = runs.map((r, i) => ({ ...r, quantity, curves: curves[i], rows: r.information }));
  const yDomain = padded(data.flatMap(trajectoryExtent));
  const word = quantity.replace(/[^\w]+/g, '-');
  const backdoor = runs.map((r, i) => {
    const c = curves[i].find((x) => x.group === partOf(r.target, 'backdoor') && x.quantity === quantity);
    return { name: labels[i], points: (c?.epochs ?? []).map((x, k) => ({ x, y: c!.values[k] })) };
  });
  return (
    <section>
      <h2>{quantity}</h2>
      <div class="grid two">
        <Figure
          name={`backdoor-${word}`}
          caption={
            <>
              <b>Backdoor samples of all runs</b>, {quantity}, nats
            </>
          }
          drawn={stamp}
          draw={(d, width) =>
            linesFigure(backdoor, d, {
              width,
              title: `${quantity} of backdoor samples`,
              xLabel: 'epoch',
              yLabel: `${quantity}, nats`,
              x: 'epoch',
            })
          }
          rows={() => backdoor.flatMap((l) => l.points.map((p) => ({ run: l.name, epoch: p.x, nats: p.y })))}
        />
        {runs.map((r, i) => (
          <Figure
            key={r.id}
            name={`${r.id}-${word}`.replaceAll('/', '-')}
            caption={<b>{labels[i]}</b>}
            drawn={stamp}
            draw={(d, width) => trajectoryFigure({ ...data[i], yDomain }, d, { width, height: 250 })}
            rows={() =>
              curves[i]
                .filter((c) => c.quantity === quantity)
                .flatMap((c) =>
                  c.epochs.map((epoch, k) => ({
                    group: c.group,
                    epoch,
                    nats: c.values[k],
                    standardError: c.standardErrors[k],
                  })),
                )
            }
          />
        ))}
      </div>
    </section>
  );
}

function Differences({ runs }: { runs: RunView[] }) {
  const keys = [...new Set(runs.flatMap((r) => Object.keys(r.config)))] as (keyof RunView['config'])[];
  const text = (v: unknown) =>
    v === undefined || v === null || v === '' ? '–' : Array.isArray(v) ? v.join(', ') || '–' : String(v);
  const differing = keys.filter((k) => new Set(runs.map((r) => JSON.stringify(r.config[k]))).size > 1);
  return (
    <section>
      <h2>What differs in their configuration</h2>
      {differing.length === 0 ? (
        <p class="note">Nothing.</p>
      ) : (
        <Scroll label="Differences in configuration">
          <table>
            <thead>
              <tr>
                <th scope="col" class="t">
                  option
                </th>
                {runs.map((r) => (
                  <th key={r.id} scope="col" class="t">
                    {r.id}
                  </th>
                ))}
              </tr>
            </thead>
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
