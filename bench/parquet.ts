/**
 * A data set of Parquet shards read whole: 50 000 PNG images of 32×32 in 5 shards, as `--dataset parquet` reads them.
 *
 *   npm run -s bench -- parquet [--images N] [--group N] [--json]
 *
 * hyparquet-writer writes the shards, SNAPPY with `--group` rows a row group (1000). A fresh process reads them. Printed are its seconds, and its peak
 * resident memory (Linux: VmHWM) above what it has after loading its code, beside the bytes of the pixels.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parquetWriteBuffer } from 'hyparquet-writer';
import sharp from 'sharp';
import { Rng } from '../src/base/random.js';
import { loadDataset } from '../src/datasets/index.js';
import { readNumber, readOptions } from './step/options.js';

const SHARDS = 5;
const SIDE = 32;
const CLASSES = 10;

export async function main(args: string[]): Promise<void> {
  if (args[0] === CHILD) return read(args[1]);
  const o = readOptions(args, { images: '50000', group: '1000' }, ['json']);
  const images = readNumber('images', o.images!, SHARDS, true);
  const group = readNumber('group', o.group!, 1, true);
  const folder = mkdtempSync(join(tmpdir(), 'ibscope-parquet-'));
  try {
    const encodedMB = await writeShards(folder, images, group);
    const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), CHILD, folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.status !== 0) throw new Error(`reading ended with ${child.status}`);
    const found = { images, group, encodedMB, ...JSON.parse(child.stdout) };
    if (o.json) console.log(JSON.stringify(found));
    else
      console.log(
        `${images} images, ${encodedMB.toFixed(0)} MB encoded: ${found.seconds.toFixed(1)} s (${found.cpuSeconds.toFixed(1)} s of processor); peak ${found.aboveIdleMB.toFixed(0)} MB above idle, ${(found.aboveIdleMB / found.pixelsMB).toFixed(2)} × the ${found.pixelsMB.toFixed(0)} MB of pixels`,
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Smooth images with noise, whose PNG takes about 2.3 kB as those of CIFAR-10 do. Returns megabytes written. */
async function writeShards(folder: string, images: number, group: number): Promise<number> {
  const rng = new Rng(0, 'parquet bench');
  const encoded: Uint8Array[] = [];
  for (let k = 0; k < 200; k++) {
    const [a, b, c] = [rng.int(9), rng.int(9), rng.int(256)];
    const raw = Uint8Array.from(
      { length: SIDE * SIDE * 3 },
      (_, at) => c + a * Math.floor(at / (3 * SIDE)) + b * (Math.floor(at / 3) % SIDE) + 30 * (at % 3) + rng.int(24),
    );
    const png = await sharp(raw, { raw: { width: SIDE, height: SIDE, channels: 3 } }).png({ adaptiveFiltering: true });
    encoded.push(new Uint8Array(await png.toBuffer()));
  }
  let bytes = 0;
  for (let shard = 0; shard < SHARDS; shard++) {
    const [from, to] = [shard, shard + 1].map((s) => Math.floor((s * images) / SHARDS));
    const rows = Array.from({ length: to - from }, (_, i) => from + i);
    const file = parquetWriteBuffer({
      schema: [
        { name: 'root', num_children: 2 },
        { name: 'image', repetition_type: 'OPTIONAL', num_children: 2 },
        { name: 'bytes', type: 'BYTE_ARRAY', repetition_type: 'OPTIONAL' },
        { name: 'path', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
        { name: 'label', type: 'INT64', repetition_type: 'OPTIONAL' },
      ],
      columnData: [
        // Not as a dictionary, which real images have no use for.
        { name: 'image', encoding: 'PLAIN', data: rows.map((i) => ({ bytes: encoded[i % 200], path: `${i}.png` })) },
        { name: 'label', data: rows.map((i) => BigInt(i % CLASSES)) },
      ],
      rowGroupSize: group,
    });
    bytes += file.byteLength;
    writeFileSync(join(folder, `train-0000${shard}-of-0000${SHARDS}.parquet`), new Uint8Array(file));
  }
  return bytes / 1e6;
}

/** First argument of the process that reads. */
const CHILD = '--read';

async function read(dataDir: string): Promise<void> {
  // The decoder of the platform is loaded by its first image.
  await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const idle = process.memoryUsage.rss();
  const [started, before] = [performance.now(), process.cpuUsage()];
  const { train, test } = await loadDataset('parquet', { dataDir, seed: 0 });
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  const peak = 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? Number.NaN);
  const pixelsMB = (train.images.length + test.images.length) / 1e6;
  const cpuSeconds = (user + system) / 1e6;
  console.log(JSON.stringify({ seconds, cpuSeconds, aboveIdleMB: (peak - idle) / 1e6, pixelsMB }));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
