/**
 * The groups of training samples whose information is compared (`dynamics/group-id.ts` names them). All groups have one size, because
 * the bias and the ceiling of an estimate depend on the number of samples.
 */

import { Rng } from '../base/random.js';
import { COVER, classGroup, MINIMUM_GROUP, nullHalf, partOf, WHOLE } from '../dynamics/group-id.js';

export { MINIMUM_GROUP };

export interface GroupRequest {
  /** Label that each sample is trained with, [n]. */
  labels: Int32Array;
  /** Whether it is a poisoned sample (1) or not (0), [n]. */
  poisoned: Uint8Array;
  /** Whether it is a cover sample, [n]. */
  cover: Uint8Array;
  classes: number;
  target: number;
  /** Largest size of a group. */
  limit: number;
  /** Smallest size of a group; default `MINIMUM_GROUP`. */
  minimum?: number;
  /** Divisions of random samples of each clean class into two halves, for the null of the score. */
  nullSplits: number;
  /** Whether all divisions of a class divide the same samples: more draws of the null, and no more samples to probe. */
  sharedNull?: boolean;
  /** Number of samples that the poison rate gives. With attack `none`, so many of the target class form the backdoor group. */
  pretended: number;
  seed: number;
}

export interface GroupPlan {
  /** Numbers of the samples to probe, ascending. */
  samples: Int32Array;
  /** Group id → positions in `samples`, each of length `size`. */
  groups: Map<string, Int32Array>;
  size: number;
  /** Group id → number of samples, for groups that are too small to compare. */
  leftOut: Map<string, number>;
  /** Clean samples of the smallest class, where halves of it are too small for the null that was asked for. */
  tooFewForNull?: number;
}

function where(n: number, test: (i: number) => boolean): Int32Array {
  const found: number[] = [];
  for (let i = 0; i < n; i++) if (test(i)) found.push(i);
  return Int32Array.from(found);
}

/** All samples of every group, before any is chosen; `backdoor` and `clean` are those of the target class. */
function poolsOf(request: GroupRequest, rng: (what: string) => Rng) {
  const { labels, poisoned, cover, target: c, pretended } = request;
  const n = labels.length;
  const untouched = (k: number) => where(n, (i) => labels[i] === k && !poisoned[i] && !cover[i]);
  // Under all-to-all only a part of the poisoned samples has the target's label.
  let backdoor = where(n, (i) => poisoned[i] === 1 && labels[i] === c);
  let clean = untouched(c);
  if (!poisoned.includes(1) && pretended > 0) {
    const order = rng('pretended').shuffle(clean.slice());
    const k = Math.min(pretended, Math.floor(clean.length / 2));
    backdoor = order.slice(0, k);
    clean = order.slice(k);
  }
  const pools = new Map<string, Int32Array>([
    [partOf(c, 'backdoor'), backdoor],
    [partOf(c, 'clean'), clean],
    [partOf(c, 'all'), where(n, (i) => labels[i] === c && !cover[i])],
    [WHOLE, Int32Array.from({ length: n }, (_, i) => i)],
  ]);
  for (const k of otherClasses(request)) pools.set(classGroup(k), untouched(k));
  const covered = where(n, (i) => cover[i] === 1);
  if (covered.length > 0) pools.set(COVER, covered);
  return { pools, backdoor, clean, hasCover: covered.length > 0 };
}

const otherClasses = ({ classes, target }: GroupRequest) =>
  Array.from({ length: classes }, (_, k) => k).filter((k) => k !== target);

/** What the groups are chosen from, and their common size. */
function sizedPools(request: GroupRequest, rng: (what: string) => Rng) {
  const { minimum = MINIMUM_GROUP } = request;
  const { pools, ...parts } = poolsOf(request, rng);
  const leftOut = new Map<string, number>();
  for (const [id, pool] of pools)
    if (pool.length < minimum) {
      leftOut.set(id, pool.length);
      pools.delete(id);
    }
  const classPools = otherClasses(request).flatMap((k) => {
    const pool = pools.get(classGroup(k));
    return pool ? [{ k, pool }] : [];
  });
  const smallest = Math.min(request.limit, ...[...pools.values()].map((p) => p.length));
  const smallestClass = Math.min(...classPools.map(({ pool }) => pool.length));
  const halfClass = Math.floor(smallestClass / 2);
  const withNull = request.nullSplits > 0 && halfClass >= minimum;
  const size = withNull ? Math.min(smallest, halfClass) : smallest;
  return { pools, ...parts, leftOut, classPools, smallestClass, withNull, size };
}

const drawn = (seed: number) => (what: string) => new Rng(seed, 'groups', what);

/** The size of the groups that `planGroups` chooses, and `leftOut`, without choosing any: a study asks it of every run. */
export function planSize(request: GroupRequest): Pick<GroupPlan, 'size' | 'leftOut'> {
  const { size, leftOut } = sizedPools(request, drawn(request.seed));
  return { size, leftOut };
}

/** Chooses the samples of every group. Groups with fewer than `minimum` samples are omitted and listed in `leftOut`. */
export function planGroups(request: GroupRequest): GroupPlan {
  const { target: c } = request;
  const rng = drawn(request.seed);
  const { pools, backdoor, clean, hasCover, leftOut, classPools, smallestClass, withNull, size } = sizedPools(
    request,
    rng,
  );
  const chosen = new Map<string, Int32Array>();
  for (const [id, pool] of pools) chosen.set(id, rng(id).sample(pool, size));
  if (pools.has(partOf(c, 'backdoor')) && pools.has(partOf(c, 'clean'))) {
    const half = Math.floor(size / 2);
    chosen.set(
      partOf(c, 'mixed'),
      Int32Array.of(...rng('mixed b').sample(backdoor, half), ...rng('mixed c').sample(clean, size - half)),
    );
  }
  for (const { k, pool } of withNull ? classPools : []) {
    const both = rng(`${k} null 0`).sample(pool, 2 * size);
    for (let s = 0; s < request.nullSplits; s++) {
      const own = rng(`${k} null ${s}`);
      const pair = s === 0 ? both : request.sharedNull ? own.shuffle(both.slice()) : own.sample(pool, 2 * size);
      chosen.set(nullHalf(k, 'a', s), pair.slice(0, size));
      chosen.set(nullHalf(k, 'b', s), pair.slice(size));
    }
  }
  // The authors' backdoor group: the first rate·N samples with the target's label. With cover samples there are fewer poisoned
  // samples than that, and clean samples complete the group.
  if (hasCover && chosen.has(partOf(c, 'backdoor'))) {
    const filled = [...backdoor, ...clean.slice(0, Math.max(0, request.pretended - backdoor.length))];
    chosen.set(partOf(c, 'authors'), rng('authors').sample(Int32Array.from(filled), size));
  }

  const samples = Int32Array.from(new Set([...chosen.values()].flatMap((g) => [...g]))).sort();
  const position = new Map(Array.from(samples, (s, i) => [s, i]));
  const groups = new Map([...chosen].map(([id, list]) => [id, list.map((s) => position.get(s)!)]));
  const short = request.nullSplits > 0 && !withNull;
  return { samples, groups, size, leftOut, ...(short && { tooFewForNull: smallestClass }) };
}
