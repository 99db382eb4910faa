/** Concurrent work on many items, a bounded number at a time. */

/**
 * Calls `work` for 0 … n − 1 in order, at most `atOnce` of them at a time. After a failure no further item is started; the
 * promise rejects with the first failure once the items in progress have ended.
 */
export async function eachAtOnce(n: number, atOnce: number, work: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const worker = async () => {
    while (next < n && failures.length === 0) {
      try {
        await work(next++);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(n, atOnce) }, worker));
  if (failures.length > 0) throw failures[0];
}

/** Returns a function that runs what it is given, at most `n` at a time; the others wait in order. */
export function atMost(n: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = n;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
