import { type RunHooks, Stopped } from '../base/progress.js';

/** Reports the work by `images`, the number trained in total; throws `Stopped` when asked to end. */
export const trainingProgress =
  (hooks: RunHooks) =>
  (stage: string, images: number) =>
  (share: number): void => {
    if (hooks.shouldStop?.()) throw new Stopped('stopped');
    hooks.progress?.({ phase: 'train', stage, done: Math.round(share * images), total: images, unit: 'images' });
  };
