/**
 * The groups whose information is compared, as DESIGN's "Words and definitions" have them: training samples, all groups of
 * one size, so that their estimates stand on equal footing.
 */

import { Rng } from '../base/random.js';
import { COVER, classGroup, MINIMUM_GROUP, nullHalf, partOf, WHOLE } from '../dynamics/group-id.js';

export { MINIMUM_GROUP };

export interface GroupRequest {
  /** Label each sample was trained with, whether it carries the payload, whether it is a cover sample. */
  labels: Int32Array;
  poisoned: Uint8Array;
  cover: Uint8Array;
  classes: number;
  target: number;
  /** Largest size of a group. */
  limit: number;
  /** Smallest size of a group; default `MINIMUM_GROUP`. */
  minimum?: number;
  /** Pairs of disjoint halves per clean class, for the score's null. */
  nullSplits: number;
  /** Samples the poison rate stands for: for attack `none`, those of the target class that play the backdoor. */
  pretended: number;
  seed: number;
}

export interface GroupPlan {
  /** Sample numbers that have to be probed, ascending. */
  samples: Int32Array;
  /** Group id → positions in `samples`, all of length `size` (cover: of its own). */
  groups: Map<string, Int32Array>;
  size: number;
  /** Group id → how many samples it would have had; these are too few to compare. */
  leftOut: Map<string, number>;
}

const where = (n: number, test: (i: number) => boolean) =>
  Int32Array.from(Array.from({ length: n }, (_, i) => i).filter(test));

/** Chooses the samples of every group. Groups that would have fewer than `minimum` are left out and named. */
export function planGroups(request: GroupRequest): GroupPlan {
  const { labels, poisoned, cover, classes, target: c, seed, minimum = MINIMUM_GROUP } = request;
  const n = labels.length;
  const rng = (what: string) => new Rng(seed, 'groups', what);
  const untouched = (k: number) => where(n, (i) => labels[i] === k && !poisoned[i] && !cover[i]);
  const others = Array.from({ length: classes }, (_, k) => k).filter((k) => k !== c);

  // Under all-to-all only a tenth of the payload carries the target's label.
  let backdoor = where(n, (i) => poisoned[i] === 1 && labels[i] === c);
  let clean = untouched(c);
  if (!poisoned.includes(1) && request.pretended > 0) {
    const order = rng('pretended').shuffle(clean.slice());
    const k = Math.min(request.pretended, Math.floor(clean.length / 2));
    backdoor = order.slice(0, k);
    clean = order.slice(k);
  }
  const pools = new Map<string, Int32Array>([
    [partOf(c, 'backdoor'), backdoor],
    [partOf(c, 'clean'), clean],
    [partOf(c, 'all'), where(n, (i) => labels[i] === c && !cover[i])],
    ['all', Int32Array.from({ length: n }, (_, i) => i)],
  ]);
  for (const k of others) pools.set(`${k}`, untouched(k));
  const covered = where(n, (i) => cover[i] === 1);
  if (covered.length > 0) pools.set('cover', covered);

  const leftOut = new Map<string, number>();
  for (const [id, pool] of pools)
    if (pool.length < minimum) {
      leftOut.set(id, pool.length);
      pools.delete(id);
    }
  const smallest = Math.min(request.limit, ...[...pools.values()].map((p) => p.length));
  const halfClass = Math.min(
    ...others.filter((k) => pools.has(`${k}`)).map((k) => Math.floor(pools.get(`${k}`)!.length / 2)),
  );
  const withNull = request.nullSplits > 0 && halfClass >= minimum;
  const size = withNull ? Math.min(smallest, halfClass) : smallest;

  const chosen = new Map<string, Int32Array>();
  for (const [id, pool] of pools) chosen.set(id, rng(id).sample(pool, size));
  if (pools.has(partOf(c, 'backdoor')) && pools.has(partOf(c, 'clean'))) {
    const half = Math.floor(size / 2);
    chosen.set(
      partOf(c, 'mixed'),
      Int32Array.of(...rng('mixed b').sample(backdoor, half), ...rng('mixed c').sample(clean, size - half)),
    );
  }
  if (withNull)
    for (const k of others) {
      const pool = pools.get(`${k}`);
      for (let s = 0; pool && s < request.nullSplits; s++) {
        const pair = rng(`${k} null ${s}`).sample(pool, 2 * size);
        chosen.set(nullHalf(k, 'a', s), pair.slice(0, size));
        chosen.set(nullHalf(k, 'b', s), pair.slice(size));
      }
    }

  // What the paper's authors took for the backdoor group: the first rate·N samples with the target's label. Where cover samples
  // keep their label the payload is fewer than that, and clean samples fill the group up.
  if (covered.length > 0 && chosen.has(partOf(c, 'backdoor'))) {
    const filled = [...backdoor, ...clean.slice(0, Math.max(0, request.pretended - backdoor.length))];
    chosen.set(partOf(c, 'authors'), rng('authors').sample(Int32Array.from(filled), size));
  }

  const samples = Int32Array.from(new Set([...chosen.values()].flatMap((g) => [...g]))).sort();
  const position = new Map(Array.from(samples, (s, i) => [s, i]));
  const groups = new Map([...chosen].map(([id, list]) => [id, list.map((s) => position.get(s)!)]));
  return { samples, groups, size, leftOut };
}
