/** The dashboard's server: pages, runs as data, events when runs change, and starting and stopping runs with a token. */

import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { type ServerType, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { UserError } from '../base/errors.js';
import { guard } from './guard.js';
import { problem, type Sources } from './handler.js';
import { auditRoutes } from './routes/audits.js';
import { imageRoutes } from './routes/images.js';
import { noteRoutes } from './routes/notes.js';
import { pageFile } from './routes/pages.js';
import { REPORTS, reportPage } from './routes/reports.js';
import { runRoutes } from './routes/runs.js';
import { startRoutes } from './routes/start.js';
import { RunList } from './run-list.js';
import { RunViews } from './run-views.js';
import { StartedRuns } from './started-runs.js';

export interface Dashboard {
  /** `http://127.0.0.1:PORT/` */
  address: string;
  port: number;
  token: string;
  /** Closes the server, and asks the runs it started to save and stop. */
  close(): Promise<void>;
}

export interface DashboardOptions {
  /** 0: any that is free. */
  port: number;
  /** Path of the script that is the command line: the dashboard starts runs by it. */
  main: string;
}

/** Serves the runs in `root` on 127.0.0.1. Rejects with `UserError` where `root` is no folder or the port is taken. */
export async function startDashboard(root: string, { port, main }: DashboardOptions): Promise<Dashboard> {
  const found = await stat(root).catch(() => null);
  if (!found?.isDirectory())
    throw new UserError(`${root}: ${found ? 'it is a file, not a folder of runs' : 'no such folder'}`);
  const token = randomBytes(24).toString('base64url');
  const sources: Sources = { runs: new RunList(root), views: new RunViews(root), started: new StartedRuns(main) };
  let bound = port;
  const app = routes(sources, () => bound, token);
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
  // A large folder is read while the browser starts, not when its page asks.
  void sources.runs.list();
  return {
    address: `http://127.0.0.1:${bound}/`,
    port: bound,
    token,
    async close() {
      sources.started.close();
      (server as { closeAllConnections?: () => void }).closeAllConnections?.();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** All routes behind the guard. `port`: where the server listens, known once it does. */
function routes(sources: Sources, port: () => number, token: string): Hono {
  const app = new Hono();
  app.use('*', guard(port, token));
  app.onError((error, c) => problem(c, error));
  app.route('/api', runRoutes(sources));
  app.route('/api', imageRoutes(sources.runs));
  app.route('/api', auditRoutes(sources.runs));
  app.route('/api', noteRoutes(sources.runs));
  app.route('/api', startRoutes(sources));
  app.get(`${REPORTS}*`, reportPage(sources.runs));
  app.get('*', pageFile);
  return app;
}
