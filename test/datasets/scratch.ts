/** Files for a test, in a folder that goes when the tests of the file are done. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';

export const root = mkdtempSync(join(tmpdir(), 'ibscope-datasets-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Writes files under `root/name` and returns that folder: `write('a', { 'train/x.txt': 'hello' })`. */
export function write(name: string, files: Record<string, Uint8Array | string>): string {
  mkdirSync(join(root, name), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, name, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return join(root, name);
}

/** An IDX file of bytes. http://yann.lecun.com/exdb/mnist/ */
export function idx(shape: number[], data: ArrayLike<number>): Buffer {
  const sizes = Buffer.alloc(4 * shape.length);
  shape.forEach((d, k) => {
    sizes.writeUInt32BE(d, 4 * k);
  });
  return Buffer.concat([Buffer.from([0, 0, 8, shape.length]), sizes, Uint8Array.from(data)]);
}

/** A PPM file of one colour. https://netpbm.sourceforge.net/doc/ppm.html */
export function ppm(width: number, height: number, [r, g, b]: [number, number, number]): Buffer {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => [r, g, b][i % 3]);
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), data]);
}
