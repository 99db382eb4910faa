/** What a job tells whoever started it, as plain data. */
import type { Progress, RunHooks } from '../base/progress.js';
import type { WorkerContext } from './job.js';

export type Message = { progress: Progress } | { line: string };

/** The hooks of a job, from the context of the thread it runs in. */
export const hooksOf = (context: WorkerContext<Message>): RunHooks => ({
  progress: (progress) => context.post({ progress }),
  line: (line) => context.post({ line }),
  shouldStop: context.shouldStop,
});

/** The other end: hands what a job said to the hooks of whoever started it. */
export const heard =
  ({ progress, line }: Pick<RunHooks, 'progress' | 'line'>) =>
  (message: Message) =>
    'progress' in message ? progress?.(message.progress) : line?.(message.line);
