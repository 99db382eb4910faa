/** The build that tests run: the command line and the library as a user has them. */
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const { isCurrent }: { isCurrent(): boolean } = await import(join(root, 'scripts', 'build.mjs'));

if (!isCurrent()) throw new Error('dist/ was not built from src/ as it is now. Type `npm run build`.');

/** Path of the built command line. */
export const MAIN = join(root, 'dist', 'cli', 'main.js');

/** Path of the built library. */
export const LIBRARY = join(root, 'dist', 'index.js');
