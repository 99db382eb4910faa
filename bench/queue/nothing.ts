/** A worker process whose jobs do nothing: `node nothing.js URL PROGRESS`. */
import type { Progress } from '../../src/base/progress.js';
import { parseQueue } from '../../src/execution/queue-address.js';
import { QueueWorker } from '../../src/execution/queue-worker.js';

const [url, progress] = process.argv.slice(2);
const STEP: Progress = { phase: 'train', epoch: 1, stage: 'train, epoch 1/1', done: 1, total: 2, unit: 'images' };

const worker = await QueueWorker.open(
  parseQueue(url, 'bench'),
  {
    // A job that does nothing waits for Redis only, so several are asked for at a time.
    jobs: 8,
    handle: async (_, tell) => {
      if (progress === 'yes') tell(STEP);
      return null;
    },
    faultOf: () => 'machine',
    line: () => {},
  },
  () => process.exit(1),
);
process.on('disconnect', () => worker.close());
process.send!('ready');
