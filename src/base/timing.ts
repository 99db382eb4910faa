/** Seconds that work takes: the quickest of `timed` times after one to warm up, as whatever else the machine does only slows it. */
export async function quickest(timed: number, work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= timed; i++) {
    const started = performance.now();
    await work();
    if (i > 0) best = Math.min(best, (performance.now() - started) / 1000);
  }
  return best;
}
