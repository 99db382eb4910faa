/** Jobs that the tests of executors hand over, as plain JavaScript for a worker thread. */
export const double = (x) => 2 * x;

export function fail({ name, message }) {
  throw Object.assign(new Error(message), { name });
}

export function throwText() {
  throw 'a text';
}

export const exit = () => process.exit(7);

export function speak(total, context) {
  context.post({ progress: { phase: 'train', epoch: 1, stage: 'train, epoch 1/1', done: 1, total, unit: 'images' } });
  context.post({ line: 'epoch 1/1' });
  return new Promise((resolve) => setImmediate(() => resolve('spoken')));
}

/** Says that it is under way, and ends as a training does once it is asked to stop. */
export async function untilStopped(what, context) {
  context.post({ line: what });
  while (!context.shouldStop()) await new Promise((resolve) => setTimeout(resolve, 5));
  throw Object.assign(new Error(`${what} is saved`), { name: 'Stopped' });
}
