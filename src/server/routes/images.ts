/** Pictures of a run: its embedding, the images or texts of its samples, and what the trigger does to images. */

import { type Context, Hono } from 'hono';
import { readEmbedding } from '../../pipeline/embedding.js';
import { pngOf, residual } from '../../report/png.js';
import { embeddingMethods } from '../../representation/index.js';
import { readArrays } from '../../runs/arrays.js';
import { RunDirectory } from '../../runs/directory.js';
import { readGallery } from '../../runs/gallery.js';
import { runHandler } from '../handler.js';
import type { RunList } from '../run-list.js';

export function imageRoutes(runs: RunList): Hono {
  const app = new Hono();
  const withRun = runHandler(runs);
  app.get('/embedding', withRun(embedding));
  app.get('/image', withRun(sampleImage));
  app.get('/text', withRun(sampleText));
  app.get('/gallery', withRun(galleryImage));
  return app;
}

async function embedding(c: Context, path: string) {
  const method = embeddingMethods.find((m) => m === c.req.query('method'));
  if (!method) return c.json({ problem: `method: ${embeddingMethods.join(' or ')} is allowed` }, 400);
  const found = await readEmbedding(await RunDirectory.read(path), method);
  if (!found) return c.json({ problem: `this run has no embedding by ${method}` }, 404);
  const { epochs, groups, rows, points } = found;
  const round = (p: Float32Array) => Array.from(p, (v) => Math.round(v * 1000) / 1000);
  return c.json({ method, epochs, groups, rows, points: points.map(round) });
}

/** The image of a probed sample, by its row. */
async function sampleImage(c: Context, path: string) {
  const { x } = await readArrays((await RunDirectory.read(path)).samplesBase);
  if (x?.dtype !== 'U8' || x.shape.length !== 4) return c.json({ problem: 'this run has no images' }, 404);
  const [n, height, width, channels] = x.shape;
  const row = Number(c.req.query('row'));
  if (!Number.isInteger(row) || row < 0 || row >= n) return c.json({ problem: `rows are 0 to ${n - 1}` }, 404);
  const size = height * width * channels;
  const pixels = (x.data as Uint8Array).slice(row * size, (row + 1) * size);
  return png(c, await pngOf(pixels, { height, width, channels }));
}

/** The text of a probed sample, by its row. */
async function sampleText(c: Context, path: string) {
  const { text, text_end: end } = await readArrays((await RunDirectory.read(path)).samplesBase);
  if (!text || !end) return c.json({ problem: 'this run has no texts' }, 404);
  const row = Number(c.req.query('row'));
  const n = end.shape[0];
  if (!Number.isInteger(row) || row < 0 || row >= n) return c.json({ problem: `rows are 0 to ${n - 1}` }, 404);
  const [from, to] = [row - 1, row].map((i) => (end.data as Int32Array)[i] ?? 0);
  return c.json({ text: Buffer.from((text.data as Uint8Array).subarray(from, to)).toString() });
}

/** A test image, clean or triggered, or the residual between both. */
async function galleryImage(c: Context, path: string) {
  const image = (await readGallery(await RunDirectory.read(path)))[Number(c.req.query('at'))];
  const kind = c.req.query('kind');
  if (!image || (kind !== 'clean' && kind !== 'triggered' && kind !== 'residual'))
    return c.json({ problem: 'no such image' }, 404);
  return png(c, await pngOf(kind === 'residual' ? residual(image) : image[kind], image));
}

/** Images of a run do not change; an hour in the browser's cache spares their reading while a person looks at the run. */
const png = (c: Context, bytes: Buffer) =>
  c.body(new Uint8Array(bytes), 200, { 'Content-Type': 'image/png', 'Cache-Control': 'max-age=3600' });
