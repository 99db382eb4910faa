/** The runs and audits of the folder, one run, and one audit. */

import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { VERSION } from '../../version.js';
import { comparisonOf } from '../comparison.js';
import { runHandler, type Sources } from '../handler.js';

/** Seconds between two readings of the folder while a page is open: a new epoch is seen soon enough, and a reading of 500 runs costs little. */
const PERIOD = 1;

export function runRoutes({ runs, views, started }: Sources): Hono {
  const app = new Hono();
  app.get('/runs', async (c) => c.json({ version: VERSION, ...(await runs.list()) }));
  app.get('/events', (c) =>
    streamSSE(c, async (stream) => {
      let last = '';
      while (!stream.aborted) {
        const now = JSON.stringify(await runs.list());
        // Something is sent every time, so that a page that is closed is noticed.
        if (now !== last) await stream.writeSSE({ event: 'runs', data: now });
        else await stream.writeSSE({ event: 'alive', data: '' });
        last = now;
        await stream.sleep(PERIOD * 1000);
      }
    }),
  );
  app.get(
    '/run',
    runHandler(runs)(async (c, path, id) =>
      c.json({ id, ...(await views.read(path, id)), messages: started.lines(id), mine: started.isRunning(id) }),
    ),
  );
  app.get('/comparison', async (c) => {
    const ids = (c.req.query('ids') ?? '').split('|').filter(Boolean);
    const paths = await Promise.all(ids.map((id) => runs.resolve(id, 'run.json')));
    const missing = ids.find((_, i) => !paths[i]);
    if (missing !== undefined) return c.json({ problem: `no run is called ${missing}` }, 404);
    const listed = (await runs.list()).runs;
    const read = await Promise.all(
      ids.map(async (id, i) => {
        const view = await views.read(paths[i]!, id);
        return { ...view, name: listed.find((r) => r.id === id)?.name ?? view.name };
      }),
    );
    return c.json(
      comparisonOf(
        read,
        ids.map((id) => runs.isDone(id)),
      ),
    );
  });
  return app;
}
