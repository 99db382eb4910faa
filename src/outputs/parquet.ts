/** Rows as a Parquet file. */
import { type BasicType, parquetWriteBuffer } from 'hyparquet-writer';
import { type Cell, kindOf, type Row } from './tables.js';

/** The largest INT32. */
const MOST = 2 ** 31 - 1;

function column(name: string, data: readonly Cell[]): { data: unknown[]; type: BasicType } {
  const kind = kindOf(name);
  if (kind === 'text') return { data: [...data], type: 'STRING' };
  if (kind === 'flag') return { data: [...data], type: 'BOOLEAN' };
  if (kind === 'number') return { data: [...data], type: 'DOUBLE' };
  if (data.every((v) => v === null || Math.abs(v as number) <= MOST)) return { data: [...data], type: 'INT32' };
  return { data: data.map((v) => (v === null ? null : BigInt(v as number))), type: 'INT64' };
}

/**
 * The file's bytes. The type of a column follows from its name (`kindOf`), so that it is the same in the files of all runs: STRING, BOOLEAN,
 * DOUBLE, or INT32, INT64 where a value needs it. Every column may hold null.
 */
export function parquet(rows: readonly Row[], columns: readonly string[]): Uint8Array {
  const columnData = columns.map((name) => ({
    name,
    nullable: true,
    ...column(
      name,
      rows.map((r) => r[name] ?? null),
    ),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
