/**
 * Download of one file by HTTP, which can be resumed (RFC 9110: Range in §14, If-Range in §13.1.5).
 *
 * The incomplete file is `PATH.part`, with its address and ETag in `PATH.part.json`. `PATH` appears when size and hash are right. node:http
 * is used, because `fetch` unpacks a body with `Content-Encoding: gzip`; some servers send `.gz` files so, and then neither length nor
 * hash match.
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { get as getHttp, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { get as getHttps } from 'node:https';
import { PassThrough } from 'node:stream';
import { VERSION } from '../../version.js';
import type { RemoteFile } from '../catalogue.js';
import { FetchError } from './errors.js';

export interface DownloadOptions {
  /** If aborted, the downloaded part is kept and the promise rejects with the signal's reason. */
  signal: AbortSignal;
  /** Waits between attempts. */
  wait(seconds: number, signal: AbortSignal): Promise<void>;
  /** Called with the number of bytes downloaded so far. */
  progress(bytes: number): void;
}

/** Failures in a row before the download gives up; it waits 1, 2, 4 and 8 seconds between them. */
const ATTEMPTS = 5;
/** Bytes of progress after which the count of failures starts anew. */
const PROGRESS = 2 ** 20;
/** Most redirects that are followed: the limit that browsers once had (RFC 2068 §10.3). */
const REDIRECTS = 5;
/** Milliseconds without a byte after which a connection counts as broken. */
const SILENCE = 60_000;

/** A failure after which another attempt may succeed: a broken connection, a busy server, a wrong answer. */
class Broken extends Error {}

/** An address without credentials and query, which must not appear in a log. */
const shown = (url: URL) => url.origin + url.pathname;

const sizeOf = (path: string) =>
  stat(path).then(
    (found) => found.size,
    () => 0,
  );

/**
 * Downloads `url` to `path`; does nothing if the right file exists. Throws `FetchError` if the server refuses or repeatedly breaks off (the
 * part is kept), if size or hash are wrong (the part is removed), and if the disk fails.
 */
export async function download(url: URL, file: RemoteFile, path: string, options: DownloadOptions): Promise<void> {
  const part = `${path}.part`;
  if ((await sizeOf(path)) === file.bytes && (await digest(path, file)) === file.hash.hex) {
    options.progress(file.bytes);
    return;
  }
  await rm(path, { force: true });
  let furthest = await sizeOf(part);
  for (let failures = 0; ; ) {
    options.signal.throwIfAborted();
    try {
      await attempt(url, file, part, options);
      break;
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(error instanceof Broken)) throw error;
      const have = await sizeOf(part);
      if (have >= furthest + PROGRESS) failures = 0;
      furthest = Math.max(furthest, have);
      if (++failures === ATTEMPTS) {
        throw new FetchError(
          `${shown(url)}: ${error.message}; ${have} of ${file.bytes} bytes are kept, and the same command resumes the download`,
        );
      }
      await options.wait(2 ** (failures - 1), options.signal);
    }
  }
  const got = await digest(part, file);
  if (got !== file.hash.hex) {
    await discard(part);
    const { algorithm, hex, from } = file.hash;
    throw new FetchError(
      `${shown(url)}: wrong ${algorithm}, expected ${hex} (${from}), got ${got}; the file was removed`,
    );
  }
  await rename(part, path);
  await rm(`${part}.json`, { force: true });
}

/** One connection. Returns when `part` has the length of the file; throws `Broken` if another attempt may help. */
async function attempt(url: URL, file: RemoteFile, part: string, { signal, progress }: DownloadOptions): Promise<void> {
  let have = await sizeOf(part);
  if (have > file.bytes) {
    await truncate(part, 0);
    have = 0;
  }
  if (have === file.bytes) return;
  const headers: OutgoingHttpHeaders = { 'User-Agent': `ibscope/${VERSION}`, 'Accept-Encoding': 'identity' };
  if (have > 0) {
    headers.Range = `bytes=${have}-`;
    // Without a validator the two parts may come from different versions; the hash then shows it.
    const validator = await knownValidator(part, url);
    if (validator) headers['If-Range'] = validator;
  }
  const response = await follow(url, headers, signal);
  try {
    if (response.statusCode === 416) {
      await truncate(part, 0);
      throw new Broken('the server no longer has the rest of the file');
    }
    have = startOf(response, have, file, url);
    if (have < 0) {
      await truncate(part, 0);
      throw new Broken('the server sent another part of the file than it was asked for');
    }
    await receive(response, file, part, have, url, progress);
  } finally {
    response.destroy();
  }
}

/** Position in the file at which the response begins, in bytes; −1 if it is not the requested one. */
function startOf(
  { statusCode = 0, statusMessage, headers }: IncomingMessage,
  have: number,
  file: RemoteFile,
  url: URL,
) {
  const status = `the server answered ${statusCode} ${statusMessage}`;
  if (statusCode >= 500 || statusCode === 408 || statusCode === 429) throw new Broken(status);
  let start = 0;
  let total = headers['content-length'];
  if (statusCode === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
    if (Number(range?.[1]) !== have) return -1;
    start = have;
    total = range?.[2] === '*' ? undefined : range?.[2];
  } else if (statusCode !== 200) {
    throw new FetchError(`${shown(url)}: ${status}; --mirror names another address`);
  }
  if (total !== undefined && Number(total) !== file.bytes) {
    throw new FetchError(
      `${shown(url)}: the server says it has ${total} bytes, the official file has ${file.bytes}; nothing was downloaded`,
    );
  }
  return start;
}

/** Appends the body to `part`, which has `have` bytes. The parameters are those of the attempt, whose last step this is. */
async function receive(
  response: IncomingMessage,
  file: RemoteFile,
  part: string,
  have: number,
  url: URL,
  progress: (bytes: number) => void,
): Promise<void> {
  // Data that arrive before the connection breaks are kept. Iterating over the response itself would drop its buffer.
  const body = response.pipe(new PassThrough());
  let why = '';
  response.on('error', (error) => {
    why = ` (${error.message})`;
  });
  response.on('close', () => body.end());
  const out = await open(part, have > 0 ? 'a' : 'w');
  try {
    if (have === 0) await rememberValidator(part, url, response);
    for await (const chunk of body) {
      have += chunk.length;
      if (have > file.bytes) {
        await discard(part);
        throw new FetchError(`${shown(url)}: the server sends more than the ${file.bytes} bytes of the official file`);
      }
      await out.appendFile(chunk);
      progress(have);
    }
    await out.sync();
  } finally {
    await out.close();
  }
  if (have < file.bytes) throw new Broken(`the server stopped after ${have} of ${file.bytes} bytes${why}`);
}

/** The response to a GET after at most `REDIRECTS` redirects, to http and https only and never from https to http. */
async function follow(url: URL, headers: OutgoingHttpHeaders, signal: AbortSignal): Promise<IncomingMessage> {
  let at = url;
  for (let hops = 0; ; hops++) {
    const response = await request(at, headers, signal);
    const { location } = response.headers;
    if (location === undefined || ![301, 302, 303, 307, 308].includes(response.statusCode ?? 0)) return response;
    response.destroy();
    if (hops === REDIRECTS) throw new FetchError(`${shown(url)}: redirects more than ${REDIRECTS} times`);
    const next = URL.canParse(location, at) ? new URL(location, at) : null;
    if (next?.protocol !== 'http:' && next?.protocol !== 'https:') {
      throw new FetchError(`${shown(at)}: redirects to "${location}"; only http and https are followed`);
    }
    if (at.protocol === 'https:' && next.protocol === 'http:') {
      throw new FetchError(
        `${shown(at)}: redirects from https to ${shown(next)}, which anyone on the way could change`,
      );
    }
    at = next;
  }
}

function request(url: URL, headers: OutgoingHttpHeaders, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? getHttps : getHttp;
    // Each request has its own connection, so that a broken one cannot affect the next.
    const asked = get(url, { headers, signal, agent: false }, resolve);
    asked.setTimeout(SILENCE, () => asked.destroy(new Error(`nothing came for ${SILENCE / 1000} s`)));
    asked.on('error', (error: NodeJS.ErrnoException) => {
      reject(new Broken(`no connection (${error.message || error.code})`));
    });
  });
}

/** Stores what identifies this version of the file: a strong ETag, else the date (RFC 9110 §13.1.5). */
async function rememberValidator(part: string, url: URL, { headers }: IncomingMessage): Promise<void> {
  const strong = headers.etag?.startsWith('W/') ? undefined : headers.etag;
  const validator = strong ?? headers['last-modified'] ?? null;
  await writeFile(`${part}.json`, JSON.stringify({ url: shown(url), validator }));
}

async function knownValidator(part: string, url: URL): Promise<string | null> {
  try {
    const note = JSON.parse(await readFile(`${part}.json`, 'utf8'));
    return note.url === shown(url) && typeof note.validator === 'string' ? note.validator : null;
  } catch {
    return null;
  }
}

async function discard(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.json`, { force: true });
}

async function digest(path: string, file: RemoteFile): Promise<string> {
  const hash = createHash(file.hash.algorithm);
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}
