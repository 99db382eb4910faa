import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, vi } from 'vitest';
import { encodeNpy, ndarray, type TypedArray } from '../../src/formats/npy.js';
import { MAIN } from '../built.js';

export { MAIN };

const PROGRAM = new URL('../../dist/cli/program.js', import.meta.url).href;

/** Options of a run that is over in seconds and has every group but the cover's. */
export function smallRun(epochs: number): string[] {
  const checkpoints = Array.from({ length: epochs }, (_, i) => i + 1).join(',');
  const options = { 'train-limit': 2400, 'test-limit': 100, width: 2, epochs, checkpoints };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** A folder of the test file's own, and the command line run in it. */
export function sandbox() {
  const box = {
    folder: '',
    run(args: string[]): Promise<Outcome> {
      const options = {
        cwd: box.folder,
        maxBuffer: 1 << 26,
        env: { ...process.env, IBSCOPE_CACHE: join(box.folder, '.cache') },
      };
      return new Promise((resolve) => {
        execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) => {
          resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
        });
      });
    },
    /** Runs the built command line in the process of the test, which saves a second; `run` starts a process. */
    async call(args: string[]): Promise<Outcome> {
      const { main }: { main(argv: readonly string[]): Promise<number> } = await import(PROGRAM);
      const said = { stdout: '', stderr: '' };
      const spies = (['stdout', 'stderr'] as const).map((stream) =>
        vi.spyOn(process[stream], 'write').mockImplementation((text) => {
          said[stream] += text;
          return true;
        }),
      );
      const before = process.cwd();
      vi.stubEnv('IBSCOPE_CACHE', join(box.folder, '.cache'));
      process.chdir(box.folder);
      try {
        return { code: await main(args), ...said };
      } finally {
        for (const spy of spies) spy.mockRestore();
        vi.unstubAllEnvs();
        process.chdir(before);
        process.exitCode = undefined;
      }
    },
    /** Writes an `.npy` file and returns its name. */
    async npy(name: string, data: TypedArray, shape: number[], dtype?: 'b1'): Promise<string> {
      await writeFile(join(box.folder, name), encodeNpy(ndarray(data, shape, dtype)));
      return name;
    },
  };
  beforeAll(async () => {
    box.folder = await mkdtemp(join(tmpdir(), 'ibscope-cli-'));
  });
  afterAll(() => rm(box.folder, { recursive: true, force: true }));
  return box;
}
