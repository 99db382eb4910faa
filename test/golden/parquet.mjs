/**
 * Writes test/golden/parquet/: data sets as Hugging Face publishes them, by DuckDB's own writer of Parquet.
 *
 * node test/golden/parquet.mjs FOLDER   (FOLDER: where `npm install @duckdb/node-api` was run, outside this project)
 */
import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

const { DuckDBInstance } = createRequire(join(resolve(process.argv[2]), 'package.json'))('@duckdb/node-api');
const OUT = join(import.meta.dirname, 'parquet');
const SIDE = 32;

function chunk(type, data) {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(data.length);
  head.write(type, 4);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(Buffer.concat([Buffer.from(type), data])));
  return Buffer.concat([head, data, sum]);
}

/** Image `i` as PNG: every byte is told by a formula, which the tests compute too. */
function png(i) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE);
  header.writeUInt32BE(SIDE, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(SIDE * (1 + 3 * SIDE));
  for (let y = 0; y < SIDE; y++)
    for (let x = 0; x < SIDE; x++)
      for (let c = 0; c < 3; c++)
        rows[y * (1 + 3 * SIDE) + 1 + 3 * x + c] = (37 * i + 11 * y + 5 * x + 80 * c) % 256;
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const image = { _type: 'Image' };
const kind = (...names) => ({ names, _type: 'ClassLabel' });
const animals = { image, label: kind('cat', 'dog', 'fox') };
/** Columns and features as those of CIFAR-100. */
const fine = { img: image, fine_label: kind('apple', 'beaver', 'cloud'), coarse_label: kind('living', 'other') };

const db = await (await DuckDBInstance.create()).connect();
rmSync(OUT, { recursive: true, force: true });

/** `rows`: SQL of columns, with `i` for the number of the image and `picture` for its struct. */
async function write(path, [from, to], rows, features, compression) {
  const file = join(OUT, path);
  mkdirSync(join(file, '..'), { recursive: true });
  const pictures = [];
  for (let i = from; i < to; i++)
    pictures.push(`(${i}, {'bytes': from_hex('${png(i).toString('hex')}'), 'path': 'picture-${i}.png'})`);
  const told = features ? `, KV_METADATA {huggingface: '${JSON.stringify({ info: { features } })}'}` : '';
  await db.run(
    `COPY (SELECT ${rows} FROM (VALUES ${pictures.join(',')}) AS p(i, picture)) TO '${file}' (FORMAT parquet, COMPRESSION ${compression}${told})`,
  );
}

const plain = 'picture AS image, (i % 3)::BIGINT AS label';
await write('animals/data/train-00000-of-00002.parquet', [0, 9], plain, animals, 'snappy');
await write('animals/data/train-00001-of-00002.parquet', [9, 15], plain, animals, 'gzip');
await write('animals/data/test-00000-of-00001.parquet', [15, 21], plain, animals, 'uncompressed');
const two = 'picture AS img, (i % 3)::TINYINT AS fine_label, (i % 2)::TINYINT AS coarse_label';
await write('fine.parquet', [0, 30], two, fine, 'snappy');
await write('unnamed.parquet', [0, 30], 'i AS id, picture.bytes AS photo, (i % 3)::INTEGER AS label', null, 'snappy');
await write('zstd.parquet', [0, 6], plain, animals, 'zstd');
await write('two-labels.parquet', [0, 6], 'picture AS image, i AS age, i % 2 AS sex', null, 'snappy');
await write('hidden.parquet', [0, 6], 'picture AS image, (-1)::BIGINT AS label', animals, 'snappy');
