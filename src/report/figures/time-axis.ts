/**
 * The axis of time of every figure, for reports and the dashboard: logarithmic, with steps inside the first epoch and whole epochs after
 * it.
 *
 * Runs whose moments are whole epochs only (version 0.1.0, the preset `paper`) have the same axis from their first epoch on: the values
 * change most in the first epochs there too, 1 … 120 are seven doublings and so fit a narrow screen, and runs of both kinds share one axis
 * where they are compared.
 */
import * as Plot from '@observablehq/plot';

/** What names a moment in steps: the steps of an epoch, which runs of version 0.1.0 do not say. */
export interface Clock {
  stepsPerEpoch?: number | null;
}

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
export function timeShare(epoch: number, [first, last]: readonly [number, number]): number {
  return last > first ? Math.log(Math.max(epoch, first) / first) / Math.log(last / first) : 0.5;
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

/** The scale of the axis, for `x` of a plot, and its marks: ticks, labels, titles, and a line where the first epoch ends. */
export function timeAxis(
  moments: readonly number[],
  pixels: number,
  clock: Clock,
): { scale: Plot.ScaleOptions; marks: Plot.Markish[] } {
  const range = timeRange(moments);
  const { steps, epochs } = timeTicks(moments, pixels, clock);
  const wide = pixels > 260;
  const logarithmic = wide ? ' (logarithmic)' : ' (log)';
  const inSteps = clock.stepsPerEpoch != null;
  const axis = (ticks: readonly TimeTick[], label: string | null, labelAnchor: 'left' | 'right') =>
    // As `text`, because Plot leaves some labels of a logarithmic axis out where they come from `tickFormat`.
    Plot.axisX(ticks, {
      x: 'epoch',
      text: 'label',
      label,
      labelAnchor,
      labelArrow: 'none',
      tickSize: 4,
    } as Plot.AxisXOptions);
  const stepTitle = `${wide ? 'step of the first epoch' : 'step'}${epochs.length === 0 ? logarithmic : ''}`;
  return {
    scale: { type: 'log', domain: range, transform: (epoch: number) => Math.max(epoch, range[0]) },
    marks: [
      range[0] < 1 && range[1] > 1 ? Plot.ruleX([1], { stroke: 'var(--axis)', strokeOpacity: 0.6 }) : null,
      steps.length > 0 ? axis(steps, inSteps ? stepTitle : null, 'left') : null,
      epochs.length > 0 || !inSteps ? axis(epochs, `epoch${logarithmic}`, 'right') : null,
    ],
  };
}
