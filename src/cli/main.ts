#!/usr/bin/env node
/** Entry point of the `ibscope` command. */
import { systemWords } from '../base/errors.js';
import { main } from './program.js';

// The reader of a pipe may close it early (`ibscope --help | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(Number(process.exitCode ?? 0));
  process.stderr.write(`ibscope: the standard output cannot be written: ${systemWords(error) ?? error.message}\n`);
  process.exit(1);
});
// Progress and messages that nobody can read do not end the work.
process.stderr.on('error', () => {});

// A command may have set an exit code of its own.
process.exitCode = (await main(process.argv.slice(2))) || process.exitCode;
