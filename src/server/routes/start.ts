/** What only a page with the token may ask: an estimate of a run's time, and starting, stopping and resuming runs. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Context, Hono } from 'hono';
import { UserError } from '../../base/errors.js';
import { runArguments } from '../../config/command.js';
import { requestOf } from '../../config/flags.js';
import { resolveConfig } from '../../config/resolve.js';
import { inWorker } from '../../execution/worker.js';
import { pipelineJobs } from '../../pipeline/job-of.js';
import { secondsOf } from '../../pipeline/run-cost.js';
import { form } from '../form.js';
import { bodyOf, runHandler, type Sources } from '../handler.js';

export function startRoutes({ runs, started }: Sources): Hono {
  const app = new Hono();
  const withRun = runHandler(runs);
  app.get('/form', (c) => c.json(form()));

  app.post('/estimate', async (c) => {
    const { name: _, ...values } = await bodyOf(c);
    const config = resolveConfig(requestOf(values));
    const cost = await inWorker(pipelineJobs('costJob'), { config, threads: 0 }, () => {}).result;
    return c.json({ seconds: secondsOf(cost), ...cost });
  });

  const start = async (c: Context) => {
    const { name, ...values } = await bodyOf(c);
    const config = resolveConfig(requestOf(values));
    const id = typeof name === 'string' && name !== '' ? name : `${config.attack}-${Date.now().toString(36)}`;
    if (!/^[\w][\w.-]*$/.test(id)) throw new UserError(`name ${id}: letters, digits, ".", "-" and "_" are allowed`);
    const out = join(runs.root, id);
    if (await stat(out).catch(() => null)) throw new UserError(`name ${id}: there is a run of that name`);
    started.start(id, runArguments(requestOf(values), out));
    return c.json({ id });
  };
  app.post('/start', start);

  app.post(
    '/stop',
    withRun(async (c, _path, id) => {
      if (!started.stop(id)) throw new UserError(`${id} was not started here, or has ended`);
      return c.json({ id });
    }),
  );

  app.post(
    '/resume',
    withRun(async (c, _path, id) => {
      if (started.isRunning(id)) throw new UserError(`${id} is running`);
      started.start(id, ['run', '--out', join(runs.root, id), '--resume']);
      return c.json({ id });
    }),
  );
  return app;
}
