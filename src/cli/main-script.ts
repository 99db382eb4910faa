import { join } from 'node:path';

/** The script that is the command line, as a path to start: it imports the commands, so they cannot import it. */
export const MAIN_SCRIPT = join(import.meta.dirname, 'main.js');
