/** `ibscope view`: the dashboard over a folder of runs. */
import type { Command } from 'commander';
import { UserError } from '../base/errors.js';
import { MAIN_SCRIPT } from './main-script.js';
import { examples } from './options.js';

export const DEFAULT_PORT = 7370;

/** A port number given as text; 0 is any that is free. */
export function portOf(text: string): number {
  const port = Number(text);
  if (text.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65535)
    throw new UserError(`--port ${text}: a port from 0 to 65535 is allowed; 0 is any that is free`);
  return port;
}

export function addView(program: Command) {
  program
    .command('view')
    .description('show the runs in a folder in a browser on this machine, live')
    .argument('[runs]', 'folder of runs', 'runs')
    .option('--port <n>', `port on 127.0.0.1 (default ${DEFAULT_PORT})`)
    .option('--json', 'print one JSON document with address and token, and serve on')
    .addHelpText('after', examples(['npx ibscope view runs']))
    .action(async (folder: string, values) => {
      const { startDashboard } = await import('../server/app.js');
      const dashboard = await startDashboard(folder, {
        port: portOf(values.port ?? String(DEFAULT_PORT)),
        main: MAIN_SCRIPT,
      });
      const { address, token } = dashboard;
      // The token is behind the #, which browsers keep to themselves.
      if (values.json) process.stdout.write(`${JSON.stringify({ address, token })}\n`);
      else process.stdout.write(`${address}#token=${token}\n`);
      process.stderr.write(
        `${values.json ? 'ADDRESS#token=TOKEN lets a page' : 'The address holds the token that lets a page'} start and stop runs. Ctrl-C ends the server.\n`,
      );
      await new Promise<void>((resolve) => {
        process.once('SIGINT', resolve).once('SIGTERM', resolve);
      });
      await dashboard.close();
    });
}
