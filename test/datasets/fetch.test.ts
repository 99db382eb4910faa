import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Zippable, zipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogueEntry, RemoteFile } from '../../src/datasets/catalogue.js';
import { type FetchRequest, fetchDataset } from '../../src/datasets/fetch/index.js';

/** What the server does with a request; set by each test. */
let answer: (asked: IncomingMessage, response: ServerResponse) => void;
let asked: IncomingMessage[];
let waits: number[];
let folder: string;
let server: Server;
let base: string;
/** A set of one file that is not packed. */
let plain: CatalogueEntry;
const pixels = randomBytes(9000);

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/files/`;
  plain = setOf(pixels, 'keep', { 'images.mat': 9000 });
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(async () => {
  asked = [];
  waits = [];
  folder = await mkdtemp(join(tmpdir(), 'ibscope-fetch-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A set of one file, whose official content is `content`. */
function setOf(
  content: Uint8Array,
  unpack: RemoteFile['unpack'],
  holds: Record<string, number | null>,
): CatalogueEntry {
  const name = { 'tar.gz': 'set.tar.gz', zip: 'set.zip', gz: 'images.gz', keep: 'images.mat' }[unpack];
  const hex = createHash('sha256').update(content).digest('hex');
  const file: RemoteFile = {
    name,
    bytes: content.length,
    hash: { algorithm: 'sha256', hex, from: 'this test' },
    unpack,
    most: { bytes: 100_000, entries: 5 },
  };
  const numbers = { train: 1, test: 1, classes: 1, disk: null };
  const words = { what: 'a set', licence: 'none', page: null, dataDir: 'the folder' };
  return { name: 'tiny', ...numbers, ...words, remote: { base, files: [file], holds } };
}

function get(entry: CatalogueEntry, more: Partial<FetchRequest> = {}) {
  const wait = async (seconds: number) => {
    waits.push(seconds);
  };
  return fetchDataset({ entry, out: join(folder, 'tiny'), wait, ...more });
}

const there = (path = '') => readdir(join(folder, path));

/** Answers like a file server that knows Range and If-Range. */
function serve(content: Uint8Array, etag = '"v1"') {
  return ({ headers }: IncomingMessage, response: ServerResponse) => {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    const whole = from === 0 || (headers['if-range'] !== undefined && headers['if-range'] !== etag);
    const body = whole ? content : content.subarray(from);
    const range = { 'Content-Range': `bytes ${from}-${content.length - 1}/${content.length}` };
    response.writeHead(whole ? 200 : 206, { ETag: etag, 'Content-Length': body.length, ...(whole ? {} : range) });
    response.end(body);
  };
}

/** Announces the whole of `content`, sends its first `bytes`, and hangs up. */
function breakOff(content: Uint8Array, bytes: number, etag = '"v1"') {
  return (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { ETag: etag, 'Content-Length': content.length });
    response.write(content.subarray(0, bytes), () => response.destroy());
  };
}

/** One answer after the other; the last one stays. */
function inTurn(...answers: (typeof answer)[]): typeof answer {
  return (request, response) => (answers.length > 1 ? answers.shift()! : answers[0])(request, response);
}

async function refused(work: Promise<unknown>, why: RegExp, name = 'FetchError') {
  const error = await work.then(
    () => null,
    (thrown: Error) => thrown,
  );
  expect(error?.message).toMatch(why);
  expect(error?.message).not.toContain('\n');
  expect(error?.name).toBe(name);
  expect(await there()).not.toContain('tiny');
}

describe('a download', () => {
  it('arrives whole, leaves nothing beside the set, and is not repeated', async () => {
    answer = serve(pixels);
    const stages: string[] = [];
    expect(await get(plain, { progress: (p) => stages.push(`${p.stage} ${p.unit}`) })).toMatchObject({
      already: false,
    });
    expect(await readFile(join(folder, 'tiny/images.mat'))).toEqual(pixels);
    expect(await there()).toEqual(['tiny']);
    expect(stages).toContain('fetching tiny MB');
    expect(await get(plain)).toMatchObject({ already: true });
    expect(asked).toHaveLength(1);
  });

  it('goes on with a Range request where the server broke off', async () => {
    answer = inTurn(breakOff(pixels, 4000), serve(pixels));
    await get(plain);
    expect(asked[1].headers).toMatchObject({ range: 'bytes=4000-', 'if-range': '"v1"' });
    expect(await readFile(join(folder, 'tiny/images.mat'))).toEqual(pixels);
    expect(waits).toEqual([1]);
  });

  it('gives up when the server keeps breaking off, keeps the part, and the next command goes on with it', async () => {
    answer = inTurn(breakOff(pixels, 4000), (_, response) => response.destroy());
    await refused(get(plain), /4000 of 9000 bytes are kept, and the same command resumes/);
    expect(waits).toEqual([1, 2, 4, 8]);
    expect(await there('tiny.download')).toEqual(['images.mat.part', 'images.mat.part.json']);
    asked = [];
    answer = serve(pixels);
    await get(plain);
    expect(asked[0].headers.range).toBe('bytes=4000-');
    expect(await there()).toEqual(['tiny']);
  });

  it('keeps the part when it is stopped', async () => {
    const stop = new AbortController();
    answer = (_, response) => {
      response.writeHead(200, { 'Content-Length': 9000 });
      response.write(pixels.subarray(0, 4000));
    };
    const work = get(plain, { signal: stop.signal, progress: () => stop.abort(new Error('stopped')) });
    await refused(work, /stopped/, 'Error');
    expect(await readFile(join(folder, 'tiny.download/images.mat.part'))).toEqual(pixels.subarray(0, 4000));
    expect(waits).toEqual([]);
  });

  it('starts again when the server ignores the range', async () => {
    answer = inTurn(breakOff(pixels, 4000), (_, response) => response.end(pixels));
    await get(plain);
    expect(await readFile(join(folder, 'tiny/images.mat'))).toEqual(pixels);
  });

  it('starts again when the server sends another range than it was asked for', async () => {
    const other = (_: IncomingMessage, response: ServerResponse) => {
      response.writeHead(206, { 'Content-Range': 'bytes 5000-8999/9000' });
      response.end(pixels.subarray(5000));
    };
    answer = inTurn(breakOff(pixels, 4000), other, serve(pixels));
    await get(plain);
    expect(asked[2].headers.range).toBeUndefined();
    expect(await readFile(join(folder, 'tiny/images.mat'))).toEqual(pixels);
  });

  it('starts again when the file changed between the parts', async () => {
    answer = inTurn(breakOff(randomBytes(9000), 4000, '"old"'), serve(pixels, '"new"'));
    await get(plain);
    expect(asked[1].headers['if-range']).toBe('"old"');
    expect(await readFile(join(folder, 'tiny/images.mat'))).toEqual(pixels);
  });

  it('that a server garbled is removed, with the hash that was expected and the one it has', async () => {
    const garbled = randomBytes(9000);
    answer = serve(garbled);
    const got = createHash('sha256').update(garbled).digest('hex');
    await refused(get(plain), new RegExp(`expected ${plain.remote?.files[0].hash.hex}.*got ${got}`));
    expect(await there('tiny.download')).toEqual([]);
  });

  it('whose announced length is not that of the file is refused', async () => {
    for (const bytes of [8000, 10_000]) {
      answer = (_, response) => {
        response.writeHead(200, { 'Content-Length': bytes });
        response.write(pixels.subarray(0, 100), () => response.destroy());
      };
      await refused(get(plain), new RegExp(`says it has ${bytes} bytes, the official file has 9000`));
      expect(await there('tiny.download')).toEqual([]);
    }
  });

  it('of unannounced length that is too long is refused, one too short is not taken for whole', async () => {
    answer = (_, response) => response.write(pixels, () => response.end(pixels));
    await refused(get(plain), /more than the 9000 bytes/);
    expect(await there('tiny.download')).toEqual([]);
    answer = (_, response) => response.write(pixels.subarray(0, 10), () => response.end());
    await refused(get(plain), /stopped after 10 of 9000 bytes/);
    expect(await there('tiny.download')).toContain('images.mat.part');
  });

  it('is not decompressed on the way, whatever the server calls it', async () => {
    const packed = gzipSync(pixels);
    answer = (_, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': packed.length });
      response.end(packed);
    };
    await get(setOf(packed, 'gz', { images: 9000 }));
    expect(await readFile(join(folder, 'tiny/images'))).toEqual(pixels);
  });

  it('is refused at once where the file is missing, and tried again where the server is busy', async () => {
    answer = (_, response) => response.writeHead(404).end();
    await refused(get(plain), /404 Not Found; --mirror/);
    expect(waits).toEqual([]);
    answer = inTurn((_, response) => response.writeHead(503).end(), serve(pixels));
    await get(plain);
    expect(waits).toEqual([1]);
  });

  it('comes from --mirror under the same file name, and its hash is checked', async () => {
    answer = serve(pixels);
    const away = { ...plain, remote: { ...plain.remote!, base: 'http://127.0.0.1:1/' } };
    await get(away, { mirror: base.replace('/files/', '/copy') });
    expect(asked[0].url).toBe('/copy/images.mat');
    await rm(join(folder, 'tiny'), { recursive: true });
    answer = serve(randomBytes(9000));
    await refused(get(away, { mirror: base }), /wrong sha256/);
    await refused(get(away, { mirror: 'ftp://example.org/' }), /--mirror ftp/, 'UserError');
  });
});

describe('redirects', () => {
  const to = (location: string) => (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(302, { Location: location }).end();

  it('are followed', async () => {
    answer = inTurn(to('/elsewhere?key=1'), serve(pixels));
    await get(plain);
    expect(asked[1].url).toBe('/elsewhere?key=1');
  });

  it('in a circle are refused', async () => {
    answer = to(`${base}images.mat`);
    await refused(get(plain), /redirects more than 5 times/);
  });

  it.each(['file:///etc/passwd', 'ftp://example.org/x', 'data:,x', 'http://'])(
    'to %s are refused',
    async (location) => {
      answer = to(location);
      await refused(get(plain), /only http and https are followed/);
      expect(await there('tiny.download')).toEqual([]);
    },
  );
});

/** A tar file; `type` as in its header: 0 file, 1 hard link, 2 symbolic link, 3 device, 5 folder. */
function tar(...entries: { name: string; type?: string; link?: string; body?: Uint8Array }[]): Buffer {
  const blocks = entries.flatMap(({ name, type = '0', link = '', body = new Uint8Array() }) => {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write('0000644\0', 100);
    header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write(`        ${type}${link}`, 148);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((a, b) => a + b, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

const symlink = { os: 3, attrs: 0o120777 << 16 } as const;
const zip = (files: Zippable) => Buffer.from(zipSync(files));

describe('an archive', () => {
  it.each([
    [
      'tar.gz',
      tar({ name: 'batch/', type: '5' }, { name: './batch/a.bin', body: pixels }, { name: 'batch/b', body: pixels }),
    ],
    ['zip', zip({ 'batch/a.bin': pixels, 'batch/b': [pixels, { level: 0 }] })],
  ] as const)('%s becomes the files it holds', async (kind, content) => {
    answer = serve(content);
    await get(setOf(content, kind, { 'batch/a.bin': 9000, batch: null }));
    expect((await there('tiny/batch')).sort()).toEqual(['a.bin', 'b']);
    expect(await readFile(join(folder, 'tiny/batch/a.bin'))).toEqual(pixels);
    expect(await there()).toEqual(['tiny']);
  });

  const good = { name: 'a.bin', body: pixels };
  const zeros = Buffer.alloc(90_000);
  const bent = Buffer.from(zip({ 'a.bin': [pixels, { level: 0 }] }));
  bent[100] ^= 1;
  it.each([
    ['tar with ..', 'tar.gz', tar(good, { name: '../x', body: pixels }), /would leave the folder/],
    ['tar with .. inside', 'tar.gz', tar(good, { name: 'a/../../x', body: pixels }), /would leave the folder/],
    ['tar with an absolute path', 'tar.gz', tar(good, { name: '/tmp/x', body: pixels }), /would leave the folder/],
    ['tar with a drive', 'tar.gz', tar(good, { name: 'c:x', body: pixels }), /would leave the folder/],
    ['tar with a symbolic link out', 'tar.gz', tar(good, { name: 'l', type: '2', link: '/etc' }), /neither file nor/],
    ['tar with a hard link out', 'tar.gz', tar(good, { name: 'l', type: '1', link: '../x' }), /neither file nor/],
    ['tar with a device', 'tar.gz', tar(good, { name: 'd', type: '3' }), /neither file nor folder/],
    ['tar that is cut short', 'tar.gz', tar(good).subarray(0, -40), /is damaged/],
    ['tar whose end is missing', 'tar.gz', gzipSync(gunzipSync(tar(good)).subarray(0, 5000)), /is damaged/],
    ['gzip of something else', 'tar.gz', gzipSync(randomBytes(2000)), /is damaged/],
    ['tar of too many entries', 'tar.gz', tar(...[...'abcdef'].map((name) => ({ name }))), /more than 5 entries/],
    ['tar bomb', 'tar.gz', tar(good, { name: 'b', body: randomBytes(100_000) }), /more than 100000 bytes/],
    ['zip with ..', 'zip', zip({ 'a.bin': pixels, '../x': pixels }), /\.\.\/x/],
    ['zip with .. behind a backslash', 'zip', zip({ 'a.bin': pixels, '..\\x': pixels }), /\.\.\/x/],
    ['zip with an absolute path', 'zip', zip({ 'a.bin': pixels, '/tmp/x': pixels }), /\/tmp\/x/],
    [
      'zip with a symbolic link',
      'zip',
      zip({ 'a.bin': pixels, l: [Buffer.from('/etc'), symlink] }),
      /neither file nor/,
    ],
    ['zip bomb', 'zip', zip({ 'a.bin': zeros }), /unpacks to more than/],
    ['zip of too many entries', 'zip', zip(Object.fromEntries([...'abcdef'].map((k) => [k, zeros]))), /more than/],
    ['zip with a flipped bit', 'zip', bent, /checksum of "a\.bin" is wrong/],
    ['file that is no zip', 'zip', pixels, /is damaged/],
    ['zip of another set', 'zip', zip({ other: pixels }), /no a\.bin/],
    ['zip of a shorter file', 'zip', zip({ 'a.bin': pixels.subarray(1) }), /a\.bin has 8999 bytes instead of 9000/],
    ['gzip bomb', 'gz', gzipSync(Buffer.alloc(1_000_000)), /unpacks to more than/],
  ] as const)('%s is refused, and leaves no set', async (_, kind, content, why) => {
    answer = serve(content);
    await refused(get(setOf(content, kind, { 'a.bin': 9000 })), why);
    expect(await there()).toEqual(['tiny.download']);
    expect(await there('tiny.download')).toHaveLength(1);
  });
});

describe('what is in the way', () => {
  it('a folder of something else, and a file, are left alone', async () => {
    await mkdir(join(folder, 'mine'));
    await writeFile(join(folder, 'mine/images.mat'), 'mine');
    const work = get(plain, { out: join(folder, 'mine') });
    await refused(work, /holds something, but images\.mat has 4 bytes instead of 9000/, 'UserError');
    await refused(get(plain, { out: join(folder, 'mine/images.mat') }), /a file of that name/, 'UserError');
    expect(await readFile(join(folder, 'mine/images.mat'), 'utf8')).toBe('mine');
    expect(asked).toEqual([]);
  });

  it('an empty folder becomes the set', async () => {
    await mkdir(join(folder, 'tiny'));
    answer = serve(pixels);
    await get(plain);
    expect(await there('tiny')).toEqual(['images.mat']);
  });

  it('a set without a download says what it needs', async () => {
    const { remote: _, ...own } = plain;
    await refused(get(own), /nothing to fetch/, 'UserError');
  });

  it('a disk that cannot be written to is told in one line', async () => {
    await writeFile(join(folder, 'file'), '');
    answer = serve(pixels);
    await refused(get(plain, { out: join(folder, 'file/tiny') }), /file/);
  });
});
