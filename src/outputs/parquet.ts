/** Rows as a Parquet file. */
import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer';
import type { Cell, Row } from './tables.js';

/** Whole numbers beyond this are no INT32. */
const MOST = 2 ** 31 - 1;

function typeOf(values: readonly Cell[]): BasicType {
  const there = values.filter((v) => v !== null);
  if (there.length > 0 && there.every((v) => typeof v === 'boolean')) return 'BOOLEAN';
  if (there.some((v) => typeof v === 'string')) return 'STRING';
  const whole = there.length > 0 && there.every((v) => Number.isInteger(v) && Math.abs(v as number) <= MOST);
  return whole ? 'INT32' : 'DOUBLE';
}

/** Columns are BOOLEAN, INT32, DOUBLE or STRING, whichever holds all their values; a column without any is DOUBLE. All may be null. */
export function parquet(rows: readonly Row[], columns: readonly string[]): Uint8Array {
  const columnData = columns.map((name) => {
    const data = rows.map((r) => r[name] ?? null);
    return { name, data, type: typeOf(data), nullable: true };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
