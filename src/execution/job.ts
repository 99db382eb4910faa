/**
 * A job: a function of a module that may run in another thread, process or machine, `(argument, context) => result`, all of it
 * plain data. The reference carries the types of argument and result, so the compiler checks the name and both.
 */

/** What a job is given besides its argument. */
export interface WorkerContext<M = unknown> {
  /** Sends a message, plain data, to the starter of the job. */
  post(message: M): void;
  /** Whether the starter asks the job to stop. */
  shouldStop(): boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: any argument; the exact type is read off the function.
type JobFunction = (argument: any, context: WorkerContext<any>) => unknown;

/** A reference to an exported function of a module. `A`: its argument; `R`: what it resolves to. */
export interface Job<A, R> {
  module: URL;
  name: string;
  /** Never set: it holds the types. */
  types?: (argument: A) => R;
}

type ArgumentOf<F> = F extends JobFunction ? Parameters<F>[0] : never;
type ResultOf<F> = F extends JobFunction ? Awaited<ReturnType<F>> : never;

/** The jobs of a module: `jobsOf<typeof import('./jobs.js')>(new URL('./jobs.js', import.meta.url))('runJob')`. */
export function jobsOf<M>(module: URL) {
  return <K extends keyof M & string>(name: K): Job<ArgumentOf<M[K]>, ResultOf<M[K]>> => ({ module, name });
}
