#!/usr/bin/env node
/** Entry point of the `ibscope` command. */
import { main } from './program.js';

// The reader of a pipe may close it early (`ibscope --help | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

// A command may have set an exit code of its own.
process.exitCode = (await main(process.argv.slice(2))) || process.exitCode;
