/** Several runs side by side: ranks by stealth score, trajectories on shared axes, and the options in which they differ. */

import { useMemo } from 'preact/hooks';
import { isNullGroup } from '../dynamics/group-id.js';
import { trajectories } from '../dynamics/trajectory.js';
import type { EstimateRow } from '../dynamics/types.js';
import { sharedClock } from '../report/figures/time-axis.js';
import { count, percent } from '../report/format.js';
import { type Comparison, get, type RunSummary, type RunView, useLoaded } from './api.js';
import { Blocks } from './blocks.js';
import { Coded } from './coded.js';
import { Differences } from './panels/differences.js';
import { GroupLegend } from './panels/legend.js';
import { QuantityPanel } from './panels/quantity.js';
import { RankTable } from './panels/ranks.js';
import { ScoreComparison } from './panels/score-figures.js';
import { ViewBar } from './panels/view-bar.js';
import { Words } from './panels/words.js';
import { hrefOf, type Route } from './route.js';
import { nameOf } from './runs/entries.js';
import { clockOf, inside, shownCurves, viewOf } from './view.js';

interface Read {
  runs: RunView[];
  comparison: Comparison;
}

export function ComparePage({ route, runs: known }: { route: Route; runs: readonly RunSummary[] }) {
  const ids = (route.query.get('ids') ?? '').split('|').filter(Boolean);
  const summaries = ids.flatMap((id) => known.find((r) => r.id === id) ?? []);
  // Runs in progress are read again whenever their summary changes.
  const stamp = [...ids, ...summaries.map((r) => `${r.epoch} ${r.state}`)].join('|');
  const { value, problem } = useLoaded(stamp, async (): Promise<Read> => {
    const runs = Promise.all(ids.map((id) => get<RunView>('run', { id })));
    const comparison = get<Comparison>('comparison', { ids: ids.join('|') });
    return { runs: await runs, comparison: await comparison };
  });
  if (problem && !value)
    return (
      <p class="problem" role="alert">
        {problem}
      </p>
    );
  if (ids.length === 0)
    return (
      <p class="note">
        Select runs to compare in the <a href={hrefOf('/', {})}>list</a>.
      </p>
    );
  if (!value) return <p class="note">Reading {ids.length} runs …</p>;
  const training = new Map(summaries.flatMap((r) => (r.state === 'done' ? [] : [[r.id, stateWords(r)]])));
  const names = new Map(summaries.map((r) => [r.id, nameOf(r)]));
  return <Compare {...value} {...{ route, training, names }} />;
}

/** A short name for each run: its attack and the settings in which the runs differ, or what the list calls it where these are equal. */
function labelsOf(runs: readonly RunView[], names: ReadonlyMap<string, string>): string[] {
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
  return labels.map((l, i) =>
    labels.indexOf(l) === labels.lastIndexOf(l) ? l : (names.get(runs[i].id) ?? runs[i].id),
  );
}

/** Attacks that a title names. */
const TITLED = 3;

/** `badnets, wanet on mnist: 6 runs`. */
function titleOf(runs: readonly RunView[]): string {
  const attacks = [...new Set(runs.map((r) => r.attack))];
  const named = attacks.length > TITLED ? `${attacks.length} attacks` : attacks.join(', ');
  return `${named} on ${[...new Set(runs.map((r) => r.dataset))].join(', ')}: ${count(runs.length, 'run')}`;
}

/** `running, 3/20`, in epochs. */
const stateWords = ({ state, epoch, epochs }: RunSummary) =>
  epochs === undefined ? state : `${state}, ${epoch ?? 0}/${epochs}`;

interface CompareProps extends Read {
  route: Route;
  /** Runs that have not ended, and how far they are. */
  training: ReadonlyMap<string, string>;
  /** What the list calls each run. */
  names: ReadonlyMap<string, string>;
}

function Compare({ runs, comparison, route, training, names }: CompareProps) {
  const curves = useMemo(
    () => runs.map((r) => trajectories(r.information as EstimateRow[]).filter((c) => !isNullGroup(c.group))),
    [runs],
  );
  const labels = useMemo(() => labelsOf(runs, names), [runs, [...names.values()].join('|')]);
  const { stamp: viewStamp } = viewOf(route);
  const view = useMemo(() => viewOf(route), [viewStamp]);
  const shown = useMemo(() => curves.map((own, i) => shownCurves(own, view, runs[i])), [curves, view, runs]);
  const epochs = [...new Set(curves.flatMap((own) => own.flatMap((c) => c.epochs)))].sort((a, b) => a - b);
  const { stepsPerEpoch } = sharedClock(runs);
  const clock = clockOf({ stepsPerEpoch }, null, view);
  const stamp = `${runs.map((r, i) => `${labels[i]} ${r.epochs.length} ${training.has(r.id)}`).join('|')} ${viewStamp}`;
  const scored = runs
    .flatMap((run, i) => (run.stealth?.score == null || training.has(run.id) ? [] : [{ run, label: labels[i] }]))
    .sort((a, b) => b.run.stealth!.score! - a.run.stealth!.score!);
  if (new Set(runs.map((r) => r.basis)).size > 1)
    return (
      <p class="problem" role="alert">
        Estimates of different kinds (resolved, held-out, training) cannot be compared; select runs of one kind.
      </p>
    );
  return (
    <>
      <h1>{titleOf(runs)}</h1>
      {comparison.verdict.map((words) => (
        <p class="lede" key={words} data-verdict>
          <Coded text={words} />
        </p>
      ))}
      {comparison.warnings.length > 0 && (
        <aside class="warnings" aria-label="Warnings">
          <ul>
            {comparison.warnings.map((w) => (
              <li key={w}>{w}</li>
            ))}
          </ul>
        </aside>
      )}
      <RankTable {...{ runs, training, names }} />
      <Blocks blocks={comparison.blocks} />
      <ScoreComparison scored={scored} stamp={stamp} />
      <ViewBar {...{ view, clock, epochs }} axes={stepsPerEpoch === undefined ? ['epochs'] : ['epochs', 'steps']} />
      <GroupLegend run={runs[0]} curves={curves.flat()} off={view.off} />
      {(['I(X;T)', 'I(T;Ŷ)'] as const).map((quantity) => (
        <QuantityPanel
          key={quantity}
          {...{ quantity, runs, labels, curves: shown, stamp, view, clock }}
          times={inside(epochs, view)}
        />
      ))}
      <Differences {...{ runs, names }} />
      <Words />
    </>
  );
}
