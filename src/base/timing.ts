/** Time of `work` in seconds: the minimum of `timed` repetitions after a warm-up, because other load can only slow it down. */
export async function quickest(timed: number, work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= timed; i++) {
    const started = performance.now();
    await work();
    if (i > 0) best = Math.min(best, (performance.now() - started) / 1000);
  }
  return best;
}
