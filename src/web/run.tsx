/** One run: a slider over its checkpoints that moves everything, and the score under other β and windows. */

import { useMemo } from 'preact/hooks';
import { isNullGroup } from '../dynamics/group-id.js';
import { stealth } from '../dynamics/stealth.js';
import { smooth, type Trajectory, trajectories } from '../dynamics/trajectory.js';
import type { EstimateRow } from '../dynamics/types.js';
import type { Clock } from '../report/figures/time-axis.js';
import { trainingTime } from '../report/figures/training-time.js';
import { count, rate } from '../report/format.js';
import { groupStyle } from '../report/groups.js';
import { hollowWords, instrumentWords } from '../report/instrument.js';
import { get, type RunSummary, type RunView, useLoaded } from './api.js';
import { Coded } from './coded.js';
import { Configuration } from './panels/configuration.js';
import { EmbeddingPanel } from './panels/embedding.js';
import { GroupLegend } from './panels/legend.js';
import { Notes } from './panels/notes.js';
import { PhasesPanel } from './panels/phases.js';
import { PlanePanel } from './panels/plane.js';
import { RunControls } from './panels/run-controls.js';
import { ScorePanel } from './panels/score.js';
import { Scrubber } from './panels/scrubber.js';
import { SeparationPanel } from './panels/separation.js';
import { DetectorsPanel, SpacesPanel } from './panels/spaces.js';
import { TrainingPanel } from './panels/training.js';
import { TrajectoryPanel } from './panels/trajectory.js';
import { TriggerPanel } from './panels/trigger.js';
import { ViewBar } from './panels/view-bar.js';
import { Words } from './panels/words.js';
import { hrefOf, type Route } from './route.js';
import { Still } from './still.js';
import { clockOf, inside, shownCurves, type View, viewOf } from './view.js';

export function RunPage({ route, runs }: { route: Route; runs: RunSummary[] }) {
  const id = route.query.get('id') ?? '';
  const summary = runs.find((r) => r.id === id);
  // A run in progress is read again whenever its summary changes.
  const stamp = `${id} ${summary?.epoch} ${summary?.state} ${summary?.score}`;
  const { value: run, problem } = useLoaded(stamp, () => get<RunView>('run', { id }));
  if (problem && !run)
    return (
      <p class="problem" role="alert">
        {problem}. <a href={hrefOf('/', {})}>All runs</a>
      </p>
    );
  if (!run) return <p class="note">Reading {id} …</p>;
  return <Run run={run} route={route} summary={summary ?? { id, state: 'stopped' }} />;
}

/** The settings in the address: window and β, where they are valid, else those of the run. */
function settingsOf(route: Route, { window, beta }: RunView['config']) {
  const asked = {
    window: Number(route.query.get('window') ?? window ?? 1),
    beta: Number(route.query.get('beta') ?? beta ?? 1),
  };
  return {
    window: Math.max(1, Math.round(asked.window) || 1),
    beta: Number.isFinite(asked.beta) && asked.beta >= 0 ? asked.beta : 1,
  };
}

/** The quantities whose trajectories the page shows. */
const TRAJECTORIES = ['I(X;T)', 'I(T;Ŷ)'] as const;

const checkpointsOf = (curves: readonly Trajectory[]) =>
  [...new Set(curves.flatMap((c) => c.epochs))].sort((a, b) => a - b);

function Run({ run, route, summary }: { run: RunView; route: Route; summary: RunSummary }) {
  const { state } = summary;
  const { target, information, basis } = run;
  const { window, beta } = settingsOf(route, run.config);
  const curves = useMemo(
    () =>
      trajectories(information as EstimateRow[])
        .filter((c) => !isNullGroup(c.group))
        .map((c) => smooth(c, window)),
    [information, window],
  );
  const score = useMemo(
    () =>
      stealth(information as EstimateRow[], {
        target,
        beta,
        window,
        estimator: basis === 'resolved' ? 'resolved' : undefined,
      }),
    [information, basis, target, beta, window],
  );
  const epochs = useMemo(() => checkpointsOf(curves), [curves]);
  const asked = Number(route.query.get('epoch') ?? epochs.at(-1));
  const at = Math.max(
    0,
    epochs.findLastIndex((e) => e <= asked),
  );
  const epoch = epochs[at] ?? 0;
  const { stamp: viewStamp } = viewOf(route);
  const view = useMemo(() => viewOf(route), [viewStamp]);
  const time = useMemo(() => trainingTime(run.epochs), [run]);
  const clock = useMemo(() => clockOf(run, time, view), [run, time, view]);
  const shown = useMemo(() => shownCurves(curves, view, run), [curves, view, run]);
  const stamp = `${run.epochs.length} ${information.length} ${window} ${viewStamp}`;
  const parts = { run, curves: shown, stamp, epoch, clock, epochs: inside(epochs, view) };
  const axes = (['epochs', 'steps', 'time'] as const).filter((a) =>
    a === 'steps' ? run.stepsPerEpoch != null : a !== 'time' || time !== null,
  );
  return (
    <>
      <h1>
        {run.poisoned ? run.attack : 'Nothing poisoned'} <span>on {run.dataset}</span>
      </h1>
      <p class="intro">
        {run.id} · {run.model} · {state}
        {run.poisonRate !== null && ` · ${rate(run.poisonRate)} poisoned`} · seed {run.config.seed}
      </p>
      <Still from={[run, state]}>
        {() => <Headline run={run} done={state === 'done'} checkpoints={epochs.length} />}
      </Still>
      <RunControls run={run} state={state} />
      <Notes summary={summary} />
      <Still from={[view, clock, epochs]}>{() => <ViewBar {...{ view, clock, axes, epochs }} />}</Still>
      <div class="controls">
        {epochs.length > 0 && (
          <Scrubber run={run} epochs={epochs} at={at} score={score.score} whole={state === 'done'} />
        )}
        <Still from={[run, curves, view]}>{() => <GroupLegend run={run} curves={curves} off={view.off} />}</Still>
      </div>
      {curves.length > 0 && (
        <div class="grid two">
          {TRAJECTORIES.map((quantity) => (
            <TrajectoryPanel key={quantity} quantity={quantity} {...parts} />
          ))}
          <PlanePanel {...parts} />
          <EmbeddingPanel run={run} epoch={epoch} off={view.off} />
        </div>
      )}
      <Still from={[run]}>{() => <InstrumentNote run={run} />}</Still>
      <Still from={[run, score]}>
        {() => <ScorePanel {...{ run, score, beta, window }} checkpoints={epochs.length} />}
      </Still>
      <Still from={[run, stamp, clock]}>{() => <Constant {...{ run, stamp, view, clock }} />}</Still>
    </>
  );
}

/** What the report says first: what was done, the verdict, and what a reader has to know. */
function Headline({ run, done, checkpoints }: { run: RunView; done: boolean; checkpoints: number }) {
  return (
    <>
      <p class="lede">
        <Coded text={run.outcome} />
      </p>
      <p class="lede" data-verdict>
        {!done && `Not the end: from the ${count(checkpoints, 'checkpoint')} estimated so far. `}
        <Coded text={run.verdict} />
      </p>
      {run.cautions.map((words) => (
        <p class="note" key={words}>
          <Coded text={words} />
        </p>
      ))}
      {run.warnings.length > 0 && (
        <details class="warnings">
          <summary>{count(run.warnings.length, 'warning')}</summary>
          <ul>
            {run.warnings.map((w) => (
              <li key={w}>{w}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** How the information was measured, and what hollow marks are; nothing where there is nothing to say. */
function InstrumentNote({ run }: { run: RunView }) {
  const shown = run.information.filter((r) => TRAJECTORIES.some((q) => q === r.quantity) && groupStyle(r.group, run));
  const words = [hollowWords(shown), instrumentWords(run)];
  const said = words.filter((w) => w !== null);
  return said.length === 0 ? null : <p class="note">{said.join(' ')}</p>;
}

interface ConstantProps {
  run: RunView;
  stamp: string;
  view: View;
  clock: Clock;
}

/** The panels that do not depend on the epoch of the slider. */
function Constant(props: ConstantProps) {
  const { run } = props;
  return (
    <>
      <div class="grid two">
        <PhasesPanel {...props} />
        <SeparationPanel {...props} />
      </div>
      <TrainingPanel {...props} />
      <SpacesPanel run={run} />
      <DetectorsPanel run={run} />
      <TriggerPanel run={run} />
      <Configuration run={run} />
      <Words />
    </>
  );
}
