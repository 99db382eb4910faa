/** All tasks by name. A new one is one entry in the list of its file. */
import { unknownWord } from '../../base/errors.js';
import { discreteTasks } from './discrete.js';
import { mixtureTasks } from './mixtures.js';
import { normalTasks } from './normal.js';
import { plantedTasks } from './planted.js';
import { transformedTasks } from './transformed.js';
import type { Task } from './types.js';

export type { Task } from './types.js';

export const tasks: readonly Task[] = [
  ...normalTasks,
  ...transformedTasks,
  ...mixtureTasks,
  ...discreteTasks,
  ...plantedTasks,
];

/** The task of that id; a `UserError` with the nearest id where there is none. */
export function taskNamed(id: string): Task {
  const found = tasks.find((task) => task.id === id);
  if (!found)
    throw unknownWord(
      'task',
      id,
      tasks.map((task) => task.id),
    );
  return found;
}
