import { execFileSync, spawnSync } from 'node:child_process';

const PYTHON = process.env.PYTHON ?? 'python3';

/** Whether there is a Python with NumPy; `PYTHON` names another than `python3`. */
export const hasNumpy = spawnSync(PYTHON, ['-c', 'import numpy']).status === 0;

/** Whether there is a Python at all. */
export const hasPython = spawnSync(PYTHON, ['-c', '']).status === 0;

/** Whether that Python reads Parquet. */
export const hasPyarrow = spawnSync(PYTHON, ['-c', 'import pyarrow.parquet']).status === 0;

/** Whether that Python has PyTorch too. */
export const hasTorch = spawnSync(PYTHON, ['-c', 'import torch']).status === 0;

/** Whether that Python has the onnx package. */
export const hasOnnx = spawnSync(PYTHON, ['-c', 'import onnx']).status === 0;

/** What a script file prints as JSON. */
export function pythonFile(file: string, ...args: string[]): unknown {
  return JSON.parse(execFileSync(PYTHON, [file, ...args], { encoding: 'utf8' }));
}

/** What a script prints as JSON. */
export function python(script: string, ...args: string[]): unknown {
  return JSON.parse(execFileSync(PYTHON, ['-c', script, ...args], { encoding: 'utf8' }));
}
