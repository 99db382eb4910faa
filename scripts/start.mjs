/** `npm start`: from a fresh clone to the report of the main job on the embedded data. Extra arguments go to `compare`. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, root } from './prepare.mjs';

/** A network and a set small enough for a few minutes on two cores, with moments from the first steps on. */
const SMALL =
  '--model resnet10 --epochs 4 --batch-size 32 --checkpoints 3s,12s,40s,1,4 --train-limit 2600 --probe-size 100';

prepare();
const out = join('runs', 'start');
const extra = process.argv.slice(2);
if (!extra.includes('--resume')) rmSync(join(root, out), { recursive: true, force: true });
const command = ['compare', '--attacks', 'none,badnets,blend', ...SMALL.split(' '), '--out', out, ...extra];
console.error(`ibscope ${command.join(' ')}`);
const { status } = spawnSync(process.execPath, [join(root, 'dist', 'cli', 'main.js'), ...command], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);
