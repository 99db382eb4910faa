#!/usr/bin/env node
/** The `ibscope` command. */
import { main } from './program.js';

// A command may have set an exit code of its own.
process.exitCode = (await main(process.argv.slice(2))) || process.exitCode;
