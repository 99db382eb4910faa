/** Makes a clone ready to run: installs what is missing and builds what is out of date. Uses nothing but Node and npm. */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isCurrent, root } from './build.mjs';

export { root };

const dist = join(root, 'dist');

/** Runs npm with its output on stderr. Ends the process with npm's exit code and `advice` where npm fails. */
function npm(args, advice) {
  const { status } = spawnSync('npm', args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  console.error(`ibscope: \`npm ${args.join(' ')}\` failed. ${advice}`);
  process.exit(status ?? 1);
}

/** Installs and builds. `clean` removes the old build first, so that a package holds no file whose source is gone. */
export function prepare({ clean = false } = {}) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`ibscope needs Node.js 20.19 or newer, this is ${process.versions.node}`);
    process.exit(1);
  }
  const installed = join(root, 'node_modules', '.package-lock.json');
  const lock = join(root, 'package-lock.json');
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
    // `npm ci` empties the folder that a link leads to, which belongs to another checkout.
    if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) {
      console.error('ibscope: node_modules is a link, and what it leads to is out of date. Run `npm ci` there.');
      process.exit(1);
    }
    console.error('Installing dependencies …');
    npm(['ci', '--no-fund', '--no-audit'], 'It needs the npm registry, and no other network.');
  }
  if (clean) rmSync(dist, { recursive: true, force: true });
  if (!isCurrent()) {
    console.error('Building …');
    npm(['run', '--silent', 'build'], 'The messages above name the file.');
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) prepare({ clean: process.argv.includes('--clean') });
