/**
 * Parquet files, read one column of one row group at a time: https://parquet.apache.org/docs/file-format/
 *
 * hyparquet decodes pages. Pages may be uncompressed, or compressed by SNAPPY, GZIP, BROTLI, and ZSTD where Node has it (from 22.15 on).
 */
import { open, stat } from 'node:fs/promises';
import * as zlib from 'node:zlib';
import type { AsyncBuffer, Compressors, FileMetaData, SchemaTree } from 'hyparquet';
import { shown, UserError } from '../base/errors.js';

/** A top-level column. `integer`, `bytes` and `text` are values; a `struct` has columns of its own; any other kind is `other`. */
export interface ParquetColumn {
  name: string;
  kind: 'integer' | 'bytes' | 'text' | 'struct' | 'other';
  /** The columns of a struct. */
  fields: ParquetColumn[];
}

/** What zlib calls the decompressor of ZSTD; older versions of Node do not have it. */
const unzstd = Reflect.get(zlib, 'zstdDecompressSync') as typeof zlib.brotliDecompressSync | undefined;

const compressors: Compressors = {
  GZIP: (input, length) => zlib.gunzipSync(input, { maxOutputLength: Math.max(1, length) }),
  BROTLI: (input, length) => zlib.brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
  ...(unzstd ? { ZSTD: (input, length) => unzstd(input, { maxOutputLength: Math.max(1, length) }) } : {}),
};
const CODECS = ['UNCOMPRESSED', 'SNAPPY', ...Object.keys(compressors)];

/** Reads a part of a file into memory of its own, without a copy. */
function bufferOf(path: string, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      const out = new Uint8Array(Math.max(0, Math.min(end, byteLength) - start));
      const file = await open(path);
      try {
        for (let at = 0; at < out.length; ) {
          const { bytesRead } = await file.read(out, at, out.length - at, start + at);
          if (bytesRead === 0) throw new Error('it is truncated');
          at += bytesRead;
        }
      } finally {
        await file.close();
      }
      return out.buffer;
    },
  };
}

const INTEGERS = /^U?INT_(8|16|32|64)$/;

function columnOf({ element, children }: SchemaTree): ParquetColumn {
  const { name, type, repetition_type, converted_type, logical_type } = element;
  const fields = children.map(columnOf);
  const plain = converted_type === undefined && (logical_type === undefined || logical_type.type === 'INTEGER');
  const kind =
    repetition_type === 'REPEATED' || (fields.length > 0 && converted_type !== undefined)
      ? 'other'
      : fields.length > 0
        ? 'struct'
        : (type === 'INT32' || type === 'INT64') && (plain || INTEGERS.test(converted_type ?? ''))
          ? 'integer'
          : type !== 'BYTE_ARRAY'
            ? 'other'
            : plain
              ? 'bytes'
              : 'text';
  return { name, kind, fields };
}

/** Paths of the columns that hold values. */
const leavesOf = ({ path, children }: SchemaTree): string[] =>
  children.length === 0 ? [path.join('.')] : children.flatMap(leavesOf);

/** An open Parquet file. */
export class ParquetFile {
  private constructor(
    readonly path: string,
    private readonly file: AsyncBuffer,
    private readonly metadata: FileMetaData,
    private readonly schema: SchemaTree,
  ) {}

  /** Reads the schema of a file. Throws `UserError` for a file that is missing, damaged, not Parquet, or compressed in an unknown way. */
  static async open(path: string): Promise<ParquetFile> {
    const { size } = await stat(path).catch(() => {
      throw new UserError(`${path}: no such file`);
    });
    if (size < 12) throw new UserError(`${path}: is not a Parquet file, it has ${size} bytes`);
    const file = bufferOf(path, size);
    const magic = new TextDecoder('latin1').decode(await file.slice(size - 4, size));
    if (magic === 'PARE') throw new UserError(`${path}: is encrypted, which is not read`);
    if (magic !== 'PAR1')
      throw new UserError(
        `${path}: is not a whole Parquet file, it does not end in PAR1; was its download stopped, or is it a pointer of Git LFS?`,
      );
    return whole(path, async () => {
      const { parquetMetadataAsync, parquetSchema } = await import('hyparquet');
      const metadata = await parquetMetadataAsync(file, { geoparquet: false });
      const opened = new ParquetFile(path, file, metadata, parquetSchema(metadata));
      opened.check();
      return opened;
    });
  }

  /** The top-level columns. */
  get columns(): ParquetColumn[] {
    return this.schema.children.map(columnOf);
  }

  /** Texts that the writer put beside the schema, by key. */
  get texts(): Map<string, string> {
    return new Map((this.metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? '']));
  }

  /** Rows of each row group. */
  get groups(): number[] {
    return this.metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  }

  /** The values of a top-level column in one row group, in the order of its rows. Throws `UserError` for a damaged file. */
  async read(column: string, group: number): Promise<unknown[]> {
    const { groups } = this;
    const rowStart = groups.slice(0, group).reduce((a, b) => a + b, 0);
    const rowEnd = rowStart + groups[group];
    const { file, metadata } = this;
    // A scan keeps what it read, so every row group has its own.
    const values = await whole(this.path, async () => {
      const { parquetScan } = await import('hyparquet');
      const scan = await parquetScan({ file, metadata, columns: [column], rowStart, rowEnd, compressors, utf8: false });
      return scan.readColumn({ column, rowStart, rowEnd });
    });
    if (values.length !== groups[group])
      throw new UserError(
        `${this.path}: is damaged, "${column}" has ${values.length} values where ${groups[group]} are announced`,
      );
    return values as unknown[];
  }

  /** Throws `UserError` for a compression that is not read, more rows than the file can hold, and row groups of other columns than the schema's. */
  private check(): void {
    const { groups, path } = this;
    const rows = groups.reduce((a, b) => a + b, 0);
    if (groups.some((n) => !(n >= 0)) || rows !== Number(this.metadata.num_rows) || rows > this.file.byteLength)
      throw new UserError(`${path}: is damaged, it announces ${this.metadata.num_rows} rows`);
    const leaves = leavesOf(this.schema).join();
    for (const { columns } of this.metadata.row_groups) {
      if (columns.map(({ meta_data }) => meta_data?.path_in_schema.join('.')).join() !== leaves)
        throw new UserError(`${path}: is damaged, a row group has other columns than the schema`);
      for (const { meta_data } of columns)
        if (meta_data && !CODECS.includes(meta_data.codec))
          throw new UserError(
            `${path}: is compressed by ${meta_data.codec}${meta_data.codec === 'ZSTD' ? ', which Node reads from 22.15 on' : ''}; ${CODECS.join(', ')} are read: write it again with compression="snappy"`,
          );
    }
  }
}

/** What `read` returns. Whatever goes wrong in a damaged file becomes a `UserError`. */
async function whole<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UserError) throw error;
    // What hyparquet stumbles over says nothing to a user.
    if (error instanceof TypeError || error instanceof RangeError) throw new UserError(`${path}: is damaged`);
    throw new UserError(`${path}: cannot be read as Parquet (${shown((error as Error).message.split('\n')[0])})`);
  }
}
