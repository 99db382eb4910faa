/** `npm start`: from a fresh clone to the report of the main job on the embedded data. Extra arguments go to `compare`. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

prepare();
const out = join('runs', 'start');
const extra = process.argv.slice(2);
if (!extra.includes('--resume')) rmSync(join(root, out), { recursive: true, force: true });
const { status } = spawnSync(
  process.execPath,
  [join(root, 'dist', 'cli', 'main.js'), 'compare', '--attacks', 'none,badnets,blend', '--out', out, ...extra],
  { cwd: root, stdio: 'inherit' },
);
process.exit(status ?? 1);
