/**
 * Work in a child process that can be killed. The child carries the job out in a worker thread (`inWorker`), so that its main thread hears its
 * parent at any time. A child whose parent is gone saves and ends.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MachineError } from '../base/errors.js';
import { loadedPlugins, loadPlugins, type Plugins } from '../base/plugins.js';
import type { Job } from './job.js';
import { inWorker, type WorkInProgress } from './worker.js';

/** What the parent says. */
type Order = { module: string; name: string; argument: unknown; plugins: Plugins } | { stop: true };

/** What the child says. */
type Answer = { message: unknown } | { result: unknown } | { error: NodeJS.ErrnoException };

const OWN_FILE = fileURLToPath(import.meta.url);

/** Variables of the parent that no child needs to know. */
const SECRETS = ['IBSCOPE_QUEUE'];

/** Milliseconds that a child without a parent has for its last step, which it saves. */
const LAST_STEP = 20_000;

/** Environment of a child process: without addresses that hold a password. */
const withoutSecrets = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRETS.includes(name)));

/**
 * Carries out a job in a child process. The result rejects with an error of the name, message and stack that the job threw, and with
 * `MachineError` where the process ends without a result. `cwd`: the folder it works in, by default that of this process.
 */
export function inChild<A, R, M>(
  { module, name }: Job<A, R>,
  argument: A,
  onMessage: (m: M) => void,
  cwd?: string,
): WorkInProgress<R> {
  const child = fork(OWN_FILE, [], {
    cwd,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: withoutSecrets(),
  });
  // A child that has ended hears nothing; its end says more than the failure to tell it.
  const tell = (order: Order) => child.connected && child.send(order, () => {});
  const result = new Promise<R>((resolve, reject) => {
    child.on('message', (answer: Answer) => {
      if ('message' in answer) onMessage(answer.message as M);
      else if ('result' in answer) resolve(answer.result as R);
      else reject(Object.assign(new Error(answer.error.message), answer.error));
    });
    child.on('error', (error) => reject(new MachineError(`no process can be started: ${error.message}`)));
    // Not `exit`, which may come before what the child has sent last.
    child.on('close', (code, signal) =>
      reject(new MachineError(`the process of the job ended by ${signal ?? `itself, with exit code ${code}`}`)),
    );
  });
  tell({ module: module.href, name, argument, plugins: loadedPlugins() });
  return { result, stop: () => tell({ stop: true }) };
}

/** The child's side. */
function obey() {
  const answer = (a: Answer, sent = () => {}) => process.connected && process.send!(a, undefined, undefined, sent);
  const end = () => process.connected && process.disconnect();
  let stop = () => {};
  let stopped = false;
  const stopSoon = () => {
    stopped = true;
    stop();
  };
  // Ctrl-C in a terminal reaches parent and child; the parent alone decides.
  process.on('SIGINT', () => {}).on('SIGTERM', stopSoon);
  process.on('disconnect', () => {
    stopSoon();
    // Not `process.exit`, which would unload ONNX Runtime while its threads run.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), LAST_STEP).unref();
  });
  process.on('message', async (order: Order) => {
    if ('stop' in order) return stopSoon();
    try {
      await loadPlugins(order.plugins);
      const job = { module: new URL(order.module), name: order.name };
      const work = inWorker<unknown, unknown, unknown>(job, order.argument, (message) => answer({ message }));
      stop = work.stop;
      if (stopped) stop();
      answer({ result: await work.result }, end);
    } catch (thrown) {
      const { name, message, stack, code, syscall, path } = thrown as NodeJS.ErrnoException;
      answer({ error: { name, message, stack, code, syscall, path } }, end);
    }
  });
}

if (process.send && process.argv[1] === OWN_FILE) obey();
