/** Seconds of training at a moment, from the seconds that each epoch took; inside an epoch they pass evenly. */
import type { EpochRow } from '../../dynamics/types.js';

/** Seconds since training began at the end of the epochs 0, 1, 2, …; [0] is 0. */
export type TrainingTime = readonly number[];

/** The time of each epoch, test images included, without that of the estimates; null where the log does not have it for every epoch. */
export function trainingTime(epochs: readonly Pick<EpochRow, 'epoch' | 'seconds'>[]): TrainingTime | null {
  const rows = [...epochs].sort((a, b) => a.epoch - b.epoch);
  const complete = rows.length > 0 && rows.every((r, i) => r.epoch === i + 1 && r.seconds > 0);
  if (!complete) return null;
  const ends = [0];
  for (const { seconds } of rows) ends.push(ends[ends.length - 1] + seconds);
  return ends;
}

/** Seconds at a moment in epochs; after the last epoch, at its pace. */
export function secondsAt(epoch: number, ends: TrainingTime): number {
  const k = Math.min(Math.max(0, Math.floor(epoch)), ends.length - 2);
  return ends[k] + (epoch - k) * (ends[k + 1] - ends[k]);
}

/** The moment in epochs at which so many seconds have passed. */
export function epochAt(seconds: number, ends: TrainingTime): number {
  const after = ends.findIndex((s) => s > seconds);
  const k = (after < 0 ? ends.length - 1 : Math.max(1, after)) - 1;
  return k + (seconds - ends[k]) / (ends[k + 1] - ends[k]);
}

const UNITS = [
  { name: 'hours', seconds: 3600 },
  { name: 'minutes', seconds: 60 },
  { name: 'seconds', seconds: 1 },
];

/** Round times between two, in the largest unit of which at least two pass, and the name of that unit. */
export function timeMarks([low, high]: readonly [number, number], most: number) {
  const unit = UNITS.find((u) => high - low >= 2 * u.seconds) ?? UNITS[2];
  const [from, to] = [low / unit.seconds, high / unit.seconds];
  const raw = (to - from || 1) / Math.max(1, most);
  const ten = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((f) => f * ten).find((s) => s >= raw)!;
  const marks: { seconds: number; label: string }[] = [];
  for (let k = Math.ceil(from / step - 1e-9) + 0; k * step <= to + 1e-9; k++)
    marks.push({ seconds: k * step * unit.seconds, label: String(Number((k * step).toPrecision(6))) });
  return { unit: unit.name, marks };
}
