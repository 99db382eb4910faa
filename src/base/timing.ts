/** Time of `work` in seconds, once: for work so long that a warm-up changes little. */
export async function once(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Time of `work` in seconds: the minimum of `timed` repetitions after a warm-up, because other load can only slow it down. */
export async function quickest(timed: number, work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= timed; i++) {
    const seconds = await once(work);
    if (i > 0) best = Math.min(best, seconds);
  }
  return best;
}
