import { execFileSync, spawnSync } from 'node:child_process';

const PYTHON = process.env.PYTHON ?? 'python3';

/** Whether there is a Python with NumPy; `PYTHON` names another than `python3`. */
export const hasNumpy = spawnSync(PYTHON, ['-c', 'import numpy']).status === 0;

/** What a script prints as JSON. */
export function python(script: string, ...args: string[]): unknown {
  return JSON.parse(execFileSync(PYTHON, ['-c', script, ...args], { encoding: 'utf8' }));
}
