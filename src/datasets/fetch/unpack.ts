/**
 * Unpacks archives of untrusted origin. No file is written outside the folder: names must be relative and must not contain `..`, and an entry
 * that is neither file nor folder (a link, a device) is refused. Bytes, entries and compression ratio are limited during unpacking,
 * whatever the headers say.
 */

import { closeSync, createReadStream, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { copyFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { crc32, createGunzip } from 'node:zlib';
import type { RemoteFile } from '../catalogue.js';
import { FetchError, inWords } from './errors.js';

export interface UnpackOptions {
  signal: AbortSignal;
  progress(done: number, total: number, unit: string): void;
}

/** Largest compression ratio. Image archives stay far below; deflate reaches 1 000 for zeros. */
const RATIO = 100;

/** An archive that breaks a rule and is not unpacked. */
class Refused extends Error {}

/** The folder of the unpacked files. It writes one file at a time, and counts bytes and entries. */
class Target {
  private fd: number | null = null;
  private bytes = 0;
  private entries = 0;
  private readonly made = new Set<string>();

  constructor(
    private readonly root: string,
    private readonly most: { bytes: number; entries: number },
  ) {}

  folder(name: string): void {
    this.make(this.place(name));
  }

  /** Begins a file. `write` appends to it until the next file begins. */
  file(name: string): void {
    const path = this.place(name);
    this.close();
    this.make(dirname(path));
    this.fd = openSync(path, 'w');
  }

  write(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    if (this.bytes > this.most.bytes) throw new Refused(`it unpacks to more than ${this.most.bytes} bytes`);
    writeFileSync(this.fd as number, chunk);
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  private place(name: string): string {
    if (++this.entries > this.most.entries) throw new Refused(`it holds more than ${this.most.entries} entries`);
    const steps = name.split('/').filter((step) => step !== '' && step !== '.');
    if (/^\/|^[a-z]:|[\\\0]/i.test(name) || steps.includes('..')) {
      throw new Refused(`its entry "${name}" would leave the folder`);
    }
    return join(this.root, ...steps);
  }

  private make(folder: string): void {
    if (this.made.has(folder)) return;
    mkdirSync(folder, { recursive: true });
    this.made.add(folder);
  }
}

/**
 * Unpacks the file at `path` into the folder `root`. Throws `FetchError` for an archive that is damaged, exceeds `file.most` or contains a
 * path outside the folder, and if the disk fails. Files written so far stay.
 */
export async function unpack(path: string, file: RemoteFile, root: string, options: UnpackOptions): Promise<void> {
  const most = { ...file.most, bytes: Math.min(file.most.bytes, RATIO * (await stat(path)).size) };
  const target = new Target(root, most);
  try {
    if (file.unpack === 'tar.gz') await untar(path, target, options);
    else if (file.unpack === 'zip') await unzip(path, target, options);
    else if (file.unpack === 'gz') await gunzip(path, target, options);
    else await copyFile(path, join(root, file.name));
  } catch (error) {
    options.signal.throwIfAborted();
    const known = inWords(error);
    if (known instanceof FetchError) throw known;
    const verdict = known instanceof Refused ? 'is refused' : 'is damaged';
    throw new FetchError(`${file.name}: ${verdict}, ${(known as Error).message}; the data set was not created`);
  } finally {
    target.close();
  }
}

/** Chunks of the decompressed file, with progress in MB of the compressed one. */
async function inflate(path: string, { signal, progress }: UnpackOptions, each: (chunk: Buffer) => void) {
  const { size } = await stat(path);
  const input = createReadStream(path);
  const output = createGunzip();
  input.on('error', (error) => output.destroy(error));
  try {
    for await (const chunk of input.pipe(output)) {
      signal.throwIfAborted();
      each(chunk);
      progress(input.bytesRead / 1e6, size / 1e6, 'MB');
    }
  } finally {
    input.destroy();
  }
}

async function gunzip(path: string, target: Target, options: UnpackOptions): Promise<void> {
  target.file(basename(path).replace(/\.gz$/, ''));
  await inflate(path, options, (chunk) => target.write(chunk));
}

async function untar(path: string, target: Target, options: UnpackOptions): Promise<void> {
  const { Parser } = await import('tar');
  // The parser runs inside `write`, so an error of its listeners ends the loop that feeds it.
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      if (entry.type === 'Directory') target.folder(entry.path);
      else if (entry.type === 'File' || entry.type === 'OldFile') target.file(entry.path);
      else throw new Refused(`its entry "${entry.path}" is neither file nor folder (${entry.type})`);
      entry.on('data', (chunk: Buffer) => target.write(chunk));
    },
  });
  parser.on('error', (error: Error) => {
    throw error;
  });
  await inflate(path, options, (chunk) => parser.write(chunk));
  parser.end();
}

async function unzip(path: string, target: Target, { signal, progress }: UnpackOptions): Promise<void> {
  const { openPromise } = await import('yauzl');
  const zip = await openPromise(path, { autoClose: false });
  try {
    let done = 0;
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted();
      progress(done++, zip.entryCount, 'files');
      if (entry.fileName.endsWith('/')) {
        target.folder(entry.fileName);
        continue;
      }
      // The upper half is the Unix mode in archives made on Unix; its top four bits are the type of file.
      const kind = (entry.externalFileAttributes >>> 28) & 0xf;
      if (kind !== 0 && kind !== 8) throw new Refused(`its entry "${entry.fileName}" is neither file nor folder`);
      target.file(entry.fileName);
      let sum = 0;
      for await (const chunk of await zip.openReadStreamPromise(entry)) {
        sum = crc32(chunk, sum);
        target.write(chunk);
      }
      if (sum !== entry.crc32) throw new Error(`the checksum of "${entry.fileName}" is wrong`);
    }
  } finally {
    zip.close();
  }
}
