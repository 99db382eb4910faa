/** One run: a scrubber over its checkpoints that moves everything, and the score under other β and windows. */

import { useMemo } from 'preact/hooks';
import { partOf } from '../dynamics/group-id.js';
import { stealth } from '../dynamics/stealth.js';
import { smooth, type Trajectory, trajectories } from '../dynamics/trajectory.js';
import type { EstimateRow } from '../dynamics/types.js';
import { embeddingFigure } from '../report/figures/embedding.js';
import { linesFigure } from '../report/figures/lines.js';
import { phasesFigure } from '../report/figures/phases.js';
import { planeFigure, planeTrails, planeUntil } from '../report/figures/plane.js';
import { scorePartsFigure } from '../report/figures/score-parts.js';
import { scoreStripFigure } from '../report/figures/score-strip.js';
import {
  accuracyFigure,
  classLossFigure,
  classLossSeries,
  lossFigure,
  lossSeries,
  said,
} from '../report/figures/training.js';
import { trajectoryFigure } from '../report/figures/trajectories.js';
import { decimal, percent } from '../report/format.js';
import { groupStyle, roleOrder } from '../report/groups.js';
import { type EmbeddingView, get, hasToken, imageOf, post, type RunSummary, type RunView, useLoaded } from './api.js';
import { Figure, SaveBar, type Table } from './figure.js';
import { Points } from './points.js';
import { hrefOf, type Route, setQuery } from './route.js';
import { Still } from './still.js';

const isNull = (group: string) => group.includes('/null-');

export function RunPage({ route, runs }: { route: Route; runs: RunSummary[] }) {
  const id = route.query.get('id') ?? '';
  const summary = runs.find((r) => r.id === id);
  // A run that goes on is read again whenever its files have changed.
  const stamp = `${id} ${summary?.epoch} ${summary?.state} ${summary?.score}`;
  const { value: run, problem } = useLoaded(stamp, () => get<RunView>('run', { id }));
  if (problem && !run)
    return (
      <p class="problem" role="alert">
        {problem}. <a href={hrefOf('/', {})}>All runs</a>
      </p>
    );
  if (!run) return <p class="note">Reading {id} …</p>;
  return <Run run={run} route={route} state={summary?.state ?? 'stopped'} />;
}

const table = (curves: readonly Trajectory[], quantity: string): Table =>
  curves
    .filter((c) => c.quantity === quantity)
    .flatMap((c) =>
      c.epochs.map((epoch, i) => ({
        group: c.group,
        quantity,
        epoch,
        nats: c.values[i],
        standardError: c.standardErrors[i],
      })),
    );

function Run({ run, route, state }: { run: RunView; route: Route; state: RunSummary['state'] }) {
  const { id, target, information } = run;
  const window = Math.max(1, Math.round(Number(route.query.get('window') ?? run.config.window ?? 1)) || 1);
  const asBeta = Number(route.query.get('beta') ?? run.config.beta ?? 1);
  const beta = Number.isFinite(asBeta) && asBeta >= 0 ? asBeta : 1;
  const curves = useMemo(
    () =>
      trajectories(information as EstimateRow[])
        .filter((c) => !isNull(c.group))
        .map((c) => smooth(c, window)),
    [information, window],
  );
  const score = useMemo(
    () => stealth(information as EstimateRow[], { target, beta, window }),
    [information, target, beta, window],
  );
  const epochs = [...new Set(curves.flatMap((c) => c.epochs))].sort((a, b) => a - b);
  const asked = Number(route.query.get('epoch') ?? epochs[epochs.length - 1]);
  const at = Math.max(
    0,
    epochs.findLastIndex((e) => e <= asked),
  );
  const epoch = epochs[at] ?? 0;
  const stamp = `${run.epochs.length} ${information.length} ${window}`;
  const last = run.epochs.filter((e) => e.epoch <= epoch).at(-1) ?? run.epochs.at(-1);
  return (
    <>
      <h1>
        {run.poisoned ? run.attack : 'Nothing poisoned'} <span>on {run.dataset}</span>
      </h1>
      <p class="intro">
        {id} · {run.model} · {state}
        {run.poisonRate !== null && ` · ${percent(run.poisonRate, 0)} poisoned`} · seed {run.config.seed}
      </p>
      <RunControls run={run} state={state} />
      {epochs.length > 0 && (
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
            <dt>accuracy</dt>
            <dd>{decimal(last?.testAccuracy)}</dd>
            <dt>ASR</dt>
            <dd>{decimal(last?.asr)}</dd>
            <dt>stealth S</dt>
            <dd data-score>{decimal(score.score)}</dd>
          </dl>
        </div>
      )}
      <Still from={[run, curves]}>{() => <Legend run={run} curves={curves} />}</Still>
      {curves.length > 0 && (
        <div class="grid two">
          {(['I(X;T)', 'I(T;Ŷ)'] as const).map((quantity) => (
            <Figure
              key={quantity}
              name={`${id}-${quantity}`.replace(/[^\w.-]+/g, '-')}
              caption={
                <>
                  <b>{quantity}</b> over epochs, nats; bands ±1.96 standard errors, within run
                </>
              }
              drawn={stamp}
              draw={(document, width) =>
                trajectoryFigure(
                  {
                    ...run,
                    quantity,
                    curves,
                    rows: information,
                    shading:
                      quantity === 'I(X;T)'
                        ? run.phases.find((p) => p.group === partOf(target, 'backdoor'))?.phases
                        : undefined,
                  },
                  document,
                  { width, height: 280 },
                )
              }
              rows={() => table(curves, quantity)}
            >
              <Mark epoch={epoch} from={epochs[0]} to={epochs[epochs.length - 1]} />
            </Figure>
          ))}
          <Figure
            name={`${id}-plane`}
            caption={
              <>
                <b>Information plane</b> up to epoch {epoch}, nats
              </>
            }
            drawn={stamp}
            draw={(document, width) => planeFigure({ ...run, curves }, document, { width, height: 340 })}
            adjust={(svg) => planeUntil(svg, epoch)}
            rows={() =>
              planeTrails({ ...run, curves }).flatMap((t) =>
                t.points.filter((p) => p.epoch <= epoch).map((p) => ({ group: t.style.label, ...p })),
              )
            }
          />
          <Embedding run={run} epoch={epoch} />
        </div>
      )}
      <Still from={[run, score]}>
        {() => <Score run={run} score={score} beta={beta} window={window} checkpoints={epochs.length} />}
      </Still>
      <Still from={[run, stamp]}>{() => <Whole run={run} stamp={stamp} />}</Still>
    </>
  );
}

/** What is the same at every epoch the scrubber may stand at. */
function Whole({ run, stamp }: { run: RunView; stamp: string }) {
  const { id, target } = run;
  return (
    <>
      <div class="grid two">
        <Figure
          name={`${id}-phases`}
          caption={
            <>
              <b>Phases</b> of each group; strokes: 95 % intervals of their ends
            </>
          }
          drawn={stamp}
          draw={(document, width) => phasesFigure(run, document, { width })}
          rows={() =>
            run.phases.flatMap((p) =>
              p.phases.map((q) => ({ group: p.group, kind: q.kind, start: q.start, end: q.end })),
            )
          }
        />
        {run.separation.length > 0 && (
          <Figure
            name={`${id}-separation`}
            caption={
              <>
                <b>Sample by sample</b> AUROC of a sample’s own contribution for “carries the payload”, in the target
                class
              </>
            }
            drawn={stamp}
            draw={(document, width) =>
              linesFigure(
                ['I(X;T)', 'I(T;Ŷ)'].map((q) => ({
                  name: q,
                  points: run.separation
                    .filter((s) => s.quantity === q && s.group === partOf(target, 'all'))
                    .map((s) => ({
                      x: s.epoch,
                      y: s.auroc,
                      low: s.auroc - 1.96 * s.standardError,
                      high: s.auroc + 1.96 * s.standardError,
                    })),
                })),
                document,
                {
                  width,
                  title: 'AUROC over epochs',
                  xLabel: 'epoch',
                  yLabel: 'AUROC',
                  x: 'epoch',
                  yDomain: [0, 1],
                  rule: 0.5,
                },
              )
            }
            rows={() => run.separation.map((s) => ({ ...s }))}
          />
        )}
      </div>
      {run.epochs.length > 0 && (
        <>
          <h2>Training</h2>
          <div class="grid three">
            <Figure
              name={`${id}-accuracy`}
              caption={<b>Accuracy and attack success</b>}
              drawn={stamp}
              draw={(d, width) => accuracyFigure(run.epochs, d, { width })}
              rows={() => epochTable(run)}
            />
            {said(lossSeries, run.epochs).length > 0 && (
              <Figure
                name={`${id}-loss`}
                caption={
                  <>
                    <b>Loss</b>, nats
                  </>
                }
                drawn={stamp}
                draw={(d, width) => lossFigure(run.epochs, d, { width })}
                rows={() => epochTable(run)}
              />
            )}
            {said(classLossSeries(run.epochs, run), run.epochs).length > 0 && (
              <Figure
                name={`${id}-class-loss`}
                caption={
                  <>
                    <b>Training loss by class</b>, nats
                  </>
                }
                drawn={stamp}
                draw={(d, width) => classLossFigure({ ...run, rows: run.epochs }, d, { width })}
                rows={() =>
                  run.epochs.flatMap((e) => e.classLoss.map((loss, k) => ({ epoch: e.epoch, class: k, loss })))
                }
              />
            )}
          </div>
        </>
      )}
      <Gallery run={run} />
      {run.command !== null && (
        <>
          <h2>The same by command</h2>
          <pre class="command">ibscope {run.command}</pre>
        </>
      )}
    </>
  );
}

const epochTable = (run: RunView): Table =>
  run.epochs.map((e) => ({
    epoch: e.epoch,
    testAccuracy: e.testAccuracy,
    trainAccuracy: e.trainAccuracy,
    asr: e.asr,
    testLoss: e.testLoss,
    trainLoss: e.trainLoss,
    backdoorLoss: e.backdoorLoss,
  }));

/** Where the scrubber stands, over a figure with the shared margins. */
function Mark({ epoch, from, to }: { epoch: number; from: number; to: number }) {
  const share = to > from ? (epoch - from) / (to - from) : 0;
  return <div class="mark" style={{ left: `calc(46px + ${share} * (100% - 60px))` }} />;
}

function Legend({ run, curves }: { run: RunView; curves: Trajectory[] }) {
  const styles = curves.flatMap((c) => groupStyle(c.group, run) ?? []);
  const shown = roleOrder.filter((r) => r !== 'whole').flatMap((role) => styles.find((s) => s.role === role) ?? []);
  return (
    <ul class="legend">
      {shown.map((s) => (
        <li key={s.role}>
          <svg width="26" height="10" aria-hidden="true">
            <line
              x1="0"
              y1="5"
              x2="26"
              y2="5"
              stroke={s.color}
              stroke-width={Math.max(1.4, s.width)}
              stroke-dasharray={s.dash}
            />
          </svg>
          {s.role === 'other' ? 'other classes' : s.label}
        </li>
      ))}
    </ul>
  );
}

function Embedding({ run, epoch }: { run: RunView; epoch: number }) {
  const method = run.embeddings[0]?.method;
  const { value, problem } = useLoaded(`${run.id} ${method} ${run.embeddings[0]?.epochs.length}`, () =>
    method ? get<EmbeddingView>('embedding', { id: run.id, method }) : Promise.resolve(null),
  );
  const context = useMemo(() => ({ target: run.target, classNames: run.classNames, poisoned: run.poisoned }), [run]);
  if (problem) return <p class="note">{problem}</p>;
  if (!value) return <p class="note">A picture of T comes when the run is finished.</p>;
  const at = Math.max(
    0,
    value.epochs.findLastIndex((e) => e <= epoch),
  );
  return (
    <figure>
      <figcaption>
        <b>T by {method === 'umap' ? 'UMAP' : 't-SNE'}</b> at epoch {value.epochs[at]}; point at a sample to see it
      </figcaption>
      <Points id={run.id} view={value} at={at} context={context} />
      <SaveBar
        name={`${run.id}-${value.method}`}
        svg={() =>
          embeddingFigure({ ...value, points: value.points.map((p) => Float32Array.from(p)) }, at, context, document, {
            width: 560,
          }) as SVGElement
        }
        rows={() =>
          value.groups.map((group, i) => ({
            epoch: value.epochs[at],
            sample: value.rows[i],
            group,
            x: value.points[at][2 * i],
            y: value.points[at][2 * i + 1],
          }))
        }
      />
    </figure>
  );
}

interface ScoreProps {
  run: RunView;
  score: ReturnType<typeof stealth>;
  beta: number;
  window: number;
  checkpoints: number;
}

function Score({ run, score, beta, window, checkpoints }: ScoreProps) {
  if (run.information.length === 0) return null;
  const stamp = `${score.score} ${beta} ${window}`;
  const exponent = Math.log10(Math.max(0.1, Math.min(10, beta)));
  return (
    <section>
      <h2>Stealth score</h2>
      <div class="sliders">
        <label>
          β <output>{Number(beta.toPrecision(3))}</output>
          <input
            type="range"
            min="-1"
            max="1"
            step="0.05"
            value={exponent}
            aria-label="β, weight of I(T;Ŷ)"
            aria-valuetext={String(Number(beta.toPrecision(3)))}
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
          As the run has it
        </button>
      </div>
      {score.score === null ? (
        <p class="note">No score: {score.reason}.</p>
      ) : (
        <>
          <p class="intro">
            S = <b data-live-score>{decimal(score.score)}</b>, D = {decimal(score.distance)}
            {score.null &&
              `; clean classes of this run score ${decimal(score.null.low, 2)} to ${decimal(score.null.high, 2)} (95 %, ${score.null.draws} draws), p = ${decimal(score.p)}`}
            .
          </p>
          <div class="grid two">
            <Figure
              name={`${run.id}-score`}
              caption={
                <>
                  <b>Against clean classes</b> Diamond: this run; strokes: its clean classes playing the target; bar: 95
                  % range for one more
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
                  <b>What D is made of</b> Integration: backdoor against clean. Footprint: target class against the
                  others
                </>
              }
              drawn={stamp}
              draw={(document, width) => scorePartsFigure(score, document, { width })}
              rows={() => Object.entries(score.parts).map(([quantity, p]) => ({ quantity, ...p! }))}
            />
          </div>
        </>
      )}
    </section>
  );
}

function Gallery({ run }: { run: RunView }) {
  if (run.gallery.length === 0) return null;
  return (
    <section>
      <h2>The trigger</h2>
      <p class="intro">What a person would see; the residual is drawn around mid-grey, ten times enlarged.</p>
      <div class="pictures">
        {run.gallery.map((label, at) => (
          <figure key={label}>
            <figcaption>{label}</figcaption>
            {['clean', 'triggered', 'residual'].map((kind) => (
              <img
                key={kind}
                src={imageOf('gallery', { id: run.id, at: String(at), kind })}
                alt={`${label}, ${kind}`}
                width="88"
                height="88"
                loading="lazy"
              />
            ))}
          </figure>
        ))}
      </div>
    </section>
  );
}

function RunControls({ run, state }: { run: RunView; state: RunSummary['state'] }) {
  if (!hasToken()) return null;
  const act = (what: 'stop' | 'resume') => post(what, { id: run.id }).catch((e: Error) => alert(e.message));
  if (state === 'running' && run.mine)
    return (
      <button type="button" onClick={() => act('stop')}>
        Stop, and save
      </button>
    );
  if (state === 'stopped')
    return (
      <button type="button" onClick={() => act('resume')}>
        Go on
      </button>
    );
  return null;
}
