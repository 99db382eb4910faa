/** Epochs of a training as its log has them: all that ours writes, or the few numbers that a trace may say. */
import type { EpochRow } from '../dynamics/types.js';

/** A line of `events.jsonl` as an epoch; null where it is none. What it does not say is NaN, and null where it may be. */
export function epochRow(line: unknown): EpochRow | null {
  const row = (line ?? {}) as Record<string, unknown>;
  if (row.event !== 'epoch' || !Number.isInteger(row.epoch)) return null;
  const number = (key: keyof EpochRow) => (typeof row[key] === 'number' ? (row[key] as number) : Number.NaN);
  const orNull = (key: keyof EpochRow) => (typeof row[key] === 'number' ? (row[key] as number) : null);
  const list = (key: keyof EpochRow) =>
    Array.isArray(row[key]) ? (row[key] as unknown[]).map((v) => (typeof v === 'number' ? v : Number.NaN)) : [];
  return {
    epoch: row.epoch as number,
    learningRate: number('learningRate'),
    trainLoss: number('trainLoss'),
    trainAccuracy: number('trainAccuracy'),
    testLoss: number('testLoss'),
    testAccuracy: number('testAccuracy'),
    classLoss: list('classLoss'),
    classAccuracy: list('classAccuracy'),
    backdoorLoss: orNull('backdoorLoss'),
    asr: orNull('asr'),
    seconds: number('seconds'),
  };
}
