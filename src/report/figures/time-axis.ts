/**
 * The axis of time of every figure, for reports and the dashboard: logarithmic, with steps inside the first epoch and whole epochs after
 * it.
 *
 * Runs whose moments are whole epochs only (version 0.1.0, the preset `paper`) have the same axis from their first epoch on: the values
 * change most in the first epochs there too, 1 … 120 are seven doublings and so fit a narrow screen, and runs of both kinds share one axis
 * where they are compared.
 */
import * as Plot from '@observablehq/plot';
import { logTicks } from './frame.js';
import { epochAt, secondsAt, type TrainingTime, timeMarks } from './training-time.js';

/** What names a moment in steps: the steps of an epoch, which runs of version 0.1.0 do not say. */
export interface Clock {
  stepsPerEpoch?: number | null;
  /** Another unit of the axis than steps and then epochs: steps throughout, which need `stepsPerEpoch`. */
  axis?: 'steps' | 'time';
  /** For the axis `time`, which is linear. */
  trainingTime?: TrainingTime | null;
}

const timeOf = ({ axis, trainingTime }: Clock) => (axis === 'time' ? (trainingTime ?? null) : null);

/** `4` of a whole epoch, `step 12` of a moment inside the first, `1.5` of any other. */
export function momentWord(epoch: number, { stepsPerEpoch }: Clock): string {
  if (epoch > 0 && epoch < 1 && stepsPerEpoch) return `step ${Math.round(epoch * stepsPerEpoch)}`;
  return String(Number(epoch < 1 ? epoch.toPrecision(2) : epoch.toFixed(2)));
}

/** `epoch 4`, `step 12`, `epoch 1.5`. */
export function momentText(epoch: number, clock: Clock): string {
  const word = momentWord(epoch, clock);
  return word.startsWith('step') ? word : `epoch ${word}`;
}

/** `epoch 2 to 4`, `step 2 to epoch 4`. */
export function spanText(start: number, end: number, clock: Clock): string {
  const from = momentText(start, clock);
  return `${from} to ${from.startsWith('step') ? momentText(end, clock) : momentWord(end, clock)}`;
}

/** The steps of an epoch that all runs of a figure have; none where they differ, because a step then means two moments. */
export function sharedClock(runs: readonly Clock[]): { stepsPerEpoch: number | undefined } {
  const known = [...new Set(runs.flatMap((r) => r.stepsPerEpoch ?? []))];
  return { stepsPerEpoch: known.length === 1 ? known[0] : undefined };
}

/** Where the axis begins and ends, in epochs. A moment before the first step, 0, stands one doubling before the first one after it. */
export function timeRange(moments: readonly number[]): [number, number] {
  const after = moments.filter((m) => m > 0);
  if (after.length === 0) return [1, 1];
  const first = Math.min(...after);
  return [moments.some((m) => m <= 0) ? first / 2 : first, Math.max(...after)];
}

/** Place of a moment on the axis, from 0 (its beginning) to 1 (its end); the middle where there is one moment. */
export function timeShare(epoch: number, [first, last]: readonly [number, number], clock: Clock = {}): number {
  if (last <= first) return 0.5;
  const time = timeOf(clock);
  if (!time) return Math.log(Math.max(epoch, first) / first) / Math.log(last / first);
  const [from, to] = [secondsAt(first, time), secondsAt(last, time)];
  return Math.max(0, secondsAt(epoch, time) - from) / (to - from);
}

/** The moment, in epochs, at a place on the axis: the inverse of `timeShare`. */
export function momentAt(share: number, [first, last]: readonly [number, number], clock: Clock = {}): number {
  const time = timeOf(clock);
  if (!time) return first * (last / first) ** share;
  const [from, to] = [secondsAt(first, time), secondsAt(last, time)];
  return epochAt(from + share * (to - from), time);
}

/** A labelled place on the axis. */
export interface TimeTick {
  epoch: number;
  label: string;
}

/** Width of a digit, and least room between two labels, in pixels. */
const DIGIT = 6.6;
const ROOM = 6;

/**
 * Labelled moments on an axis `pixels` wide: steps that were recorded inside the first epoch, and whole epochs, which are the first, the
 * last, and powers of two between them (of 4, 8, … where these are too dense). No two labels touch.
 */
export function timeTicks(
  moments: readonly number[],
  pixels: number,
  clock: Clock,
): Record<'steps' | 'epochs', TimeTick[]> {
  const range = timeRange(moments);
  const at = (t: TimeTick) => pixels * timeShare(t.epoch, range);
  const clear = (a: TimeTick, b: TimeTick) =>
    Math.abs(at(a) - at(b)) >= ((a.label.length + b.label.length) * DIGIT) / 2 + ROOM;
  const epochs = epochTicks(range, pixels).map((epoch): TimeTick => ({ epoch, label: String(epoch) }));
  const shown = epochs.filter(
    (t, i) => i === 0 || i === epochs.length - 1 || [epochs[0], epochs.at(-1)!].every((e) => clear(t, e)),
  );
  const steps: TimeTick[] = [];
  for (const epoch of [...new Set(moments)].filter((m) => m < 1).sort((a, b) => a - b)) {
    const tick = { epoch: Math.max(epoch, range[0]), label: momentWord(epoch, clock).replace('step ', '') };
    if ([...steps.slice(-1), ...shown.slice(0, 1)].every((t) => clear(t, tick))) steps.push(tick);
  }
  return { steps, epochs: shown };
}

function epochTicks(range: readonly [number, number], pixels: number): number[] {
  const [first, last] = [Math.max(1, Math.ceil(range[0])), Math.floor(range[1])];
  if (last <= first) return last === first ? [first] : [];
  const doubling = pixels / Math.log2(range[1] / range[0]);
  const needed = String(last).length * DIGIT + ROOM;
  const doublings = Math.max(1, Math.ceil(needed / doubling));
  const between: number[] = [];
  for (let e = 1; e < last; e *= 2 ** doublings) if (e > first) between.push(e);
  return [first, ...between, last];
}

interface TimeAxis {
  /** For `x` of a plot. */
  scale: Plot.ScaleOptions;
  marks: Plot.Markish[];
}

/** The axis of a plot `pixels` wide: its scale and its marks, which are ticks, labels, titles, and a line where the first epoch ends. */
export function timeAxis(moments: readonly number[], pixels: number, clock: Clock): TimeAxis {
  const range = timeRange(moments);
  const time = timeOf(clock);
  if (time) return elapsedAxis(range, pixels, time);
  if (clock.axis === 'steps' && clock.stepsPerEpoch) return stepAxis(range, pixels, clock.stepsPerEpoch);
  const { steps, epochs } = timeTicks(moments, pixels, clock);
  const wide = pixels > 260;
  const logarithmic = wide ? ' (logarithmic)' : ' (log)';
  const inSteps = clock.stepsPerEpoch != null;
  const stepTitle = `${wide ? 'step of the first epoch' : 'step'}${epochs.length === 0 ? logarithmic : ''}`;
  return {
    scale: logarithmicScale(range),
    marks: [
      firstEpochEnds(range),
      steps.length > 0 ? tickMarks(steps, inSteps ? stepTitle : null, 'left') : null,
      epochs.length > 0 || !inSteps ? tickMarks(epochs, `epoch${logarithmic}`, 'right') : null,
    ],
  };
}

const logarithmicScale = (range: readonly [number, number]): Plot.ScaleOptions => ({
  type: 'log',
  domain: range,
  transform: (epoch: number) => Math.max(epoch, range[0]),
});

const firstEpochEnds = (range: readonly [number, number]) =>
  range[0] < 1 && range[1] > 1 ? Plot.ruleX([1], { stroke: 'var(--axis)', strokeOpacity: 0.6 }) : null;

/** As `text`, because Plot leaves some labels of a logarithmic axis out where they come from `tickFormat`. */
const tickMarks = (ticks: readonly TimeTick[], label: string | null, labelAnchor: 'left' | 'right') =>
  Plot.axisX(ticks, {
    x: 'epoch',
    text: 'label',
    label,
    labelAnchor,
    labelArrow: 'none',
    tickSize: 4,
  } as Plot.AxisXOptions);

/** Steps of the whole training on the logarithmic axis. */
function stepAxis(range: readonly [number, number], pixels: number, stepsPerEpoch: number): TimeAxis {
  const at = (t: TimeTick) => pixels * timeShare(t.epoch, range);
  const ticks: TimeTick[] = [];
  for (const step of logTicks([Math.max(1, range[0] * stepsPerEpoch), range[1] * stepsPerEpoch])) {
    const tick = { epoch: step / stepsPerEpoch, label: String(step) };
    const last = ticks.at(-1);
    const needed = last ? ((last.label.length + tick.label.length) * DIGIT) / 2 + ROOM : 0;
    if (!last || at(tick) - at(last) >= needed) ticks.push(tick);
  }
  return {
    scale: logarithmicScale(range),
    marks: [firstEpochEnds(range), tickMarks(ticks, 'step (logarithmic)', 'right')],
  };
}

/** Time since training began, on a linear axis. */
function elapsedAxis(range: readonly [number, number], pixels: number, time: TrainingTime): TimeAxis {
  const domain: [number, number] = [secondsAt(range[0], time), secondsAt(range[1], time)];
  const { unit, marks } = timeMarks(domain, pixels / 60);
  const ticks = marks.map(({ seconds, label }) => ({ epoch: epochAt(seconds, time), label }));
  return {
    scale: { type: 'linear', domain, transform: (epoch: number) => secondsAt(epoch, time) },
    marks: [firstEpochEnds(range), tickMarks(ticks, `${unit} of training`, 'right')],
  };
}
