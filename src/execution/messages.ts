/** What a job tells its starter, as plain data: progress, and lines worth keeping. */
import type { Progress, RunHooks } from '../base/progress.js';
import type { WorkerContext } from './job.js';

export type Message = { progress: Progress } | { line: string };

/** The hooks of a job, from the context of the thread it runs in. */
export const hooksOf = (context: WorkerContext<Message>): RunHooks => ({
  progress: (progress) => context.post({ progress }),
  line: (line) => context.post({ line }),
  shouldStop: context.shouldStop,
});

/** The other end: hands the messages of a job to the hooks of its starter. */
export const heard =
  ({ progress, line }: Pick<RunHooks, 'progress' | 'line'>) =>
  (message: Message) =>
    'progress' in message ? progress?.(message.progress) : line?.(message.line);
