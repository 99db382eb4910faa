import { defineConfig } from 'vitest/config';

/** Tests that train for more than seconds, start a browser or need another program. `npm test` leaves them out. */
const SLOW = 'test/**/*.slow.test.ts';

const project = (name: string, include: string, exclude: string[], isolate: boolean, seconds = 300) => ({
  // Limits for a hung test. They are far above what a test takes, so that a loaded machine does not fail it.
  test: { name, include: [include], exclude, isolate, testTimeout: 1000 * seconds, hookTimeout: 1000 * seconds },
});

/** Tests that register attacks, data sets or models: names that other files of the same worker would see. */
const REGISTERS = 'test/**/*.registers.test.ts';

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      // Files of the fast suite share their modules: loading them for each file took a third of the time.
      project('fast', 'test/**/*.test.ts', [SLOW, REGISTERS], false),
      project('fast-registers', REGISTERS, [], true),
      project('rest', SLOW, [], true, 900),
    ],
  },
});
