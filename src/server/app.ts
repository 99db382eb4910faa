/** The dashboard's server: pages, the runs as data, live events, and the few things that a token allows. */

import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ServerType, serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { attacks } from '../attacks/index.js';
import { UserError } from '../base/errors.js';
import { shellWord } from '../base/shell.js';
import { requestOf } from '../config/flags.js';
import { resolveConfig } from '../config/resolve.js';
import { datasets } from '../datasets/index.js';
import { inWorker } from '../execution/worker.js';
import { secondsOf } from '../pipeline/cost.js';
import { embeddingEpochs, readEmbedding } from '../pipeline/embedding.js';
import { pipelineJobs } from '../pipeline/job-of.js';
import { reportOf } from '../pipeline/report.js';
import { pngOf, residual } from '../report/png.js';
import { embeddingMethods } from '../representation/index.js';
import { readArrays } from '../runs/arrays.js';
import { RunDirectory } from '../runs/directory.js';
import { type RunDocument, readRun } from '../runs/documents.js';
import { readGallery } from '../runs/gallery.js';
import { VERSION } from '../version.js';
import { formFields } from './form.js';
import { guard } from './guard.js';
import { Library } from './run-list.js';
import { Work } from './started-runs.js';

export interface Dashboard {
  /** `http://127.0.0.1:PORT/` */
  address: string;
  port: number;
  token: string;
  close(): Promise<void>;
}

/** The built pages. */
const WEB = fileURLToPath(new URL('../web/', import.meta.url));
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** Seconds between looks at the folder while a page is open. */
const LOOK = 1;
/** Largest body of a request. */
const MOST_BODY = 1 << 16;

/** Serves the runs in `root` on 127.0.0.1. Port 0: any that is free. Rejects with `UserError` where the port is taken. */
export async function startDashboard(root: string, port = 0): Promise<Dashboard> {
  const found = await stat(root).catch(() => null);
  if (!found?.isDirectory())
    throw new UserError(`${root}: ${found ? 'it is a file, not a folder of runs' : 'no such folder'}`);
  const token = randomBytes(24).toString('base64url');
  const library = new Library(root);
  const work = new Work();
  let bound = port;
  const app = routes(library, work, () => bound, token);
  const server = await new Promise<ServerType>((resolve, reject) => {
    const s = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, (info) => {
      bound = info.port;
      resolve(s);
    });
    s.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new UserError(`--port ${port}: it is taken; choose another, or 0 for any`)
          : error,
      ),
    );
  });
  return {
    address: `http://127.0.0.1:${bound}/`,
    port: bound,
    token,
    async close() {
      work.close();
      (server as { closeAllConnections?: () => void }).closeAllConnections?.();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A `UserError` is the answer to a question that cannot be answered; anything else is a defect, and is said to be one. */
function problem(c: Context, error: unknown) {
  if ((error as Error).name === 'UserError') return c.json({ problem: (error as Error).message }, 422);
  process.stderr.write(`ibscope view: ${(error as Error).stack}\n`);
  return c.json({ problem: 'this run cannot be read; the terminal of `ibscope view` says more' }, 500);
}

export function routes(library: Library, work: Work, port: () => number, token: string): Hono {
  const app = new Hono();
  const withRun = runHandler(library);
  app.use('*', guard(port, token));
  app.onError((error, c) => problem(c, error));

  app.get('/api/runs', async (c) => c.json({ version: VERSION, root: library.root, runs: await library.list() }));

  app.get('/api/events', (c) =>
    streamSSE(c, async (stream) => {
      let last = '';
      while (!stream.aborted) {
        const runs = await library.list();
        const now = JSON.stringify(runs);
        // Every look sends something, so that a page that is gone is noticed.
        if (now !== last) await stream.writeSSE({ event: 'runs', data: now });
        else await stream.writeSSE({ event: 'alive', data: '' });
        last = now;
        await stream.sleep(LOOK * 1000);
      }
    }),
  );

  app.get(
    '/api/run',
    withRun(async (c, path, id) => {
      const dir = await RunDirectory.read(path);
      const { config } = await readRun(dir);
      const report = await reportOf(dir);
      const { gallery, embeddings: _, ...rest } = report;
      const embeddings = await Promise.all(
        embeddingMethods.map(async (method) => ({ method, epochs: await embeddingEpochs(dir, method) })),
      );
      return c.json({
        id,
        ...rest,
        config,
        command: commandOf(config, join(library.root, id)),
        gallery: gallery.map(({ label }) => label),
        embeddings: embeddings.filter((e) => e.epochs.length > 0),
        messages: work.lines(id),
        mine: work.isRunning(id),
      });
    }),
  );

  app.get(
    '/api/embedding',
    withRun(async (c, path) => {
      const method = embeddingMethods.find((m) => m === c.req.query('method'));
      if (!method) return c.json({ problem: `a picture is made by ${embeddingMethods.join(' or ')}` }, 400);
      const found = await readEmbedding(await RunDirectory.read(path), method);
      if (!found) return c.json({ problem: `this run has no picture by ${method}` }, 404);
      const { epochs, groups, rows, points } = found;
      const round = (p: Float32Array) => Array.from(p, (v) => Math.round(v * 1000) / 1000);
      return c.json({ method, epochs, groups, rows, points: points.map(round) });
    }),
  );

  app.get(
    '/api/image',
    withRun(async (c, path) => {
      const { x } = await readArrays((await RunDirectory.read(path)).samplesBase);
      if (x?.dtype !== 'U8' || x.shape.length !== 4) return c.json({ problem: 'this run has no images' }, 404);
      const [n, height, width, channels] = x.shape;
      const row = Number(c.req.query('row'));
      if (!Number.isInteger(row) || row < 0 || row >= n) return c.json({ problem: `rows are 0 to ${n - 1}` }, 404);
      const size = height * width * channels;
      const pixels = (x.data as Uint8Array).slice(row * size, (row + 1) * size);
      return png(c, await pngOf(pixels, { height, width, channels }));
    }),
  );

  app.get(
    '/api/gallery',
    withRun(async (c, path) => {
      const image = (await readGallery(await RunDirectory.read(path)))[Number(c.req.query('at'))];
      const kind = c.req.query('kind');
      if (!image || (kind !== 'clean' && kind !== 'triggered' && kind !== 'residual'))
        return c.json({ problem: 'no such image' }, 404);
      return png(c, await pngOf(kind === 'residual' ? residual(image) : image[kind], image));
    }),
  );

  app.get('/api/form', (c) => c.json({ fields: formFields() }));

  const body = async (c: Context): Promise<Record<string, unknown>> => {
    const text = await c.req.text();
    if (text.length > MOST_BODY) throw new UserError('the request is too large');
    try {
      const value = JSON.parse(text);
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
    } catch {}
    throw new UserError('the request is not a JSON object');
  };

  app.post('/api/estimate', async (c) => {
    const { name: _, ...values } = await body(c);
    const config = resolveConfig(requestOf(values));
    const cost = await inWorker(pipelineJobs('costJob'), { config, threads: 0 }, () => {}).result;
    return c.json({ seconds: secondsOf(cost), ...cost });
  });

  app.post('/api/start', async (c) => {
    const { name, ...values } = await body(c);
    const config = resolveConfig(requestOf(values));
    const id = typeof name === 'string' && name !== '' ? name : `${config.attack}-${Date.now().toString(36)}`;
    if (!/^[\w][\w.-]*$/.test(id)) throw new UserError(`name ${id}: letters, digits, ".", "-" and "_" are allowed`);
    if (await stat(join(library.root, id)).catch(() => null))
      throw new UserError(`name ${id}: there is a run of that name`);
    work.start(id, Work.arguments(requestOf(values), join(library.root, id), false));
    return c.json({ id });
  });

  app.post(
    '/api/stop',
    withRun((c, _path, id) => {
      if (!work.stop(id)) throw new UserError(`${id} was not started here, or has ended`);
      return Promise.resolve(c.json({ id }));
    }),
  );

  app.post(
    '/api/resume',
    withRun((c, _path, id) => {
      if (work.isRunning(id)) throw new UserError(`${id} is running`);
      work.start(id, ['run', '--out', join(library.root, id), '--resume']);
      return Promise.resolve(c.json({ id }));
    }),
  );

  app.get('*', async (c) => {
    // Views have addresses behind the #, so there is one page.
    const asked = c.req.path === '/' ? '/index.html' : decoded(c.req.path);
    const path = normalize(join(WEB, asked));
    if (!path.startsWith(WEB)) return c.text('not found', 404);
    const type = TYPES[extname(path)];
    const file = type ? await readFile(path).catch(() => null) : null;
    if (!file) return c.text('not found', 404);
    return c.body(new Uint8Array(file), 200, { 'Content-Type': type, 'Cache-Control': 'no-cache' });
  });
  return app;
}

/** A path without its escapes; what is no path is none of ours. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '/';
  }
}

/** `/api/run?id=…`: the id is a path, which a query carries without tricks. */
function runHandler(library: Library) {
  return (act: (c: Context, path: string, id: string) => Promise<Response>) => async (c: Context) => {
    const id = c.req.query('id') ?? '';
    const path = await library.resolve(id);
    return path ? act(c, path, id) : c.json({ problem: `no run is called ${id}` }, 404);
  };
}

const png = (c: Context, bytes: Buffer) =>
  c.body(new Uint8Array(bytes), 200, { 'Content-Type': 'image/png', 'Cache-Control': 'max-age=3600' });

/**
 * The command that stands for a run: what differs from what its preset says. Null for a trace, which somebody else made.
 */
function commandOf(config: RunDocument['config'], out: string): string | null {
  const known = config.manifest !== undefined || attacks.some((a) => a.name === config.attack);
  if (!known || !datasets.some((d) => d.name === config.dataset)) return null;
  const { preset, dataset, dataDir, attack, manifest } = config;
  const plain = resolveConfig({ preset, dataset, dataDir, attack, manifest }) as Record<string, unknown>;
  const differs = Object.entries(config).filter(
    ([key, value]) => ['dataset', 'attack'].includes(key) || JSON.stringify(value) !== JSON.stringify(plain[key]),
  );
  return Work.arguments(Object.fromEntries(differs), out, false).map(shellWord).join(' ');
}
