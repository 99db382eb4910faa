/**
 * Work in a worker thread. `InferenceSession.run` blocks its thread, so whoever must stay responsive (the command line, a
 * server) hands the work over as a job: a module and the name of a function in it.
 *
 * The function is called as `f(argument, context)`; what it returns, posts and throws must be plain data.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { loadedPlugins, loadPlugins, type Plugins } from '../base/plugins.js';
import type { Job, WorkerContext } from './job.js';

interface Order {
  module: string;
  name: string;
  argument: unknown;
  stop: SharedArrayBuffer;
  /** Plugins of the starter, which the worker loads before the job. */
  plugins: Plugins;
}

type Envelope =
  | { message: unknown }
  | { result: unknown }
  | { error: { name: string; message: string; stack?: string; code?: string; syscall?: string; path?: string } };

export interface WorkInProgress<R> {
  result: Promise<R>;
  /** Asks the work to stop; `shouldStop` of the job's context says so from now on. */
  stop(): void;
}

/**
 * Carries out a job in a new thread. The result rejects with an error of the name, message and stack that the job threw, or where the thread
 * ends without a result.
 */
export function inWorker<A, R, M>(
  { module, name }: Job<A, R>,
  argument: A,
  onMessage: (m: M) => void,
): WorkInProgress<R> {
  const stop = new SharedArrayBuffer(4);
  const order: Order = { module: module.href, name, argument, stop, plugins: loadedPlugins() };
  const worker = new Worker(new URL(import.meta.url), { workerData: order });
  const result = new Promise<R>((resolve, reject) => {
    worker.on('message', (e: Envelope) => {
      if ('message' in e) onMessage(e.message as M);
      else if ('result' in e) resolve(e.result as R);
      else reject(Object.assign(new Error(e.error.message), e.error));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the worker ended early with code ${code}`)));
  });
  return { result, stop: () => Atomics.store(new Int32Array(stop), 0, 1) };
}

if (!isMainThread && workerData?.module && workerData?.name && workerData?.stop) {
  const { module, name, argument, stop, plugins } = workerData as Order;
  const flag = new Int32Array(stop);
  const send = (e: Envelope) => parentPort!.postMessage(e);
  const context: WorkerContext = {
    post: (message) => send({ message }),
    shouldStop: () => Atomics.load(flag, 0) === 1,
  };
  loadPlugins(plugins)
    .then(() => import(module))
    .then((m) => m[name](argument, context))
    .then((result) => send({ result }))
    .catch((thrown: unknown) => {
      const error: NodeJS.ErrnoException = thrown instanceof Error ? thrown : new Error(String(thrown));
      // What the system said of a file stays with the error, for the one line that is made of it.
      const { name, message, stack, code, syscall, path } = error;
      send({ error: { name, message, stack, code, syscall, path } });
    });
}
