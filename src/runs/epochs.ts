/** Epochs of a training as its log has them: all that ours writes, or the few numbers that a trace may say. */
import { UserError } from '../base/errors.js';
import type { EpochRow } from '../dynamics/types.js';

/** A line of `events.jsonl` as an epoch; null where it is none. What it does not say is NaN, and null where it may be. */
function epochRow(line: unknown): EpochRow | null {
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

/** Shares that other programs may write in percent. */
const SHARES = ['trainAccuracy', 'testAccuracy', 'asr'] as const;

/**
 * The epochs in the lines of a log. A share above 1 and up to 100 makes that column percent, in the whole log. Throws `UserError` for a larger
 * one, and for one below 0, that names it.
 */
export function epochRows(lines: readonly unknown[]): EpochRow[] {
  const rows = lines.flatMap((line) => epochRow(line) ?? []);
  const percent = SHARES.filter((key) => rows.some((r) => (r[key] ?? 0) > 1));
  for (const key of SHARES)
    for (const { epoch, [key]: value } of rows)
      if (value !== null && (value < 0 || value > 100))
        throw new UserError(`events.jsonl: ${key} of epoch ${epoch} is ${value}; 0 to 1, or percent, is expected`);
  if (percent.length === 0) return rows;
  return rows.map((r) => ({ ...r, ...Object.fromEntries(percent.map((key) => [key, scaled(r[key])])) }));
}

const scaled = (value: number | null) => (value === null ? null : value / 100);
