/**
 * The grammar of group ids, with c the target class's number and k any class's number:
 *
 * - `c/backdoor` poisoned samples labelled c, `c/clean` clean samples of c, `c/mixed` half of each, `c/all` every sample
 *   labelled c but cover samples;
 * - `k` clean samples of another class k; `all` the whole training set; `cover` the cover samples;
 * - `k/null-a<s>` and `k/null-b<s>` two disjoint random subsets of clean class k, per split s, for the null of the score;
 * - `c/untriggered` the images of the poisoned samples without their trigger, and `c/held-out` test images of class c: controls that are
 *   not trained on;
 * - `c/authors` the first rate·N samples labelled c, which the authors of arXiv 2511.21923 use as the backdoor group.
 *
 * With attack `none`, `c/backdoor` is a random subset of the target class of the size that the poison rate gives, and `c/clean` the
 * rest of the class.
 */

/**
 * Fewest samples of a group that is estimated and compared. InfoNCE on n samples saturates at ln(n/2), the number of held-out
 * candidates: 3.9 nats at 100.
 */
export const MINIMUM_GROUP = 100;

/** The parts of the target class that a group may hold. */
export const groupParts = ['backdoor', 'clean', 'mixed', 'all', 'authors', 'untriggered', 'held-out'] as const;
export type GroupPart = (typeof groupParts)[number];

/** The whole training set. */
export const WHOLE = 'all';
/** The cover samples: triggered, with their true label. */
export const COVER = 'cover';

/** `0/backdoor` */
export const partOf = (target: number, part: GroupPart) => `${target}/${part}`;

/** `3`: the clean samples of a class that is not the target. */
export const classGroup = (k: number) => String(k);

/** `3/null-a0`: one of the two disjoint subsets of a split of a clean class. */
export const nullHalf = (k: number | string, half: 'a' | 'b', split: number) => `${k}/null-${half}${split}`;

/** Whether a group holds the clean samples of a class that is not the target. */
export const isClassGroup = (group: string) => /^\d+$/.test(group);

/** Whether a group is a subset for the null of the score. */
export const isNullGroup = (group: string) => nullHalfOf(group) !== null;

/** Class, subset and split of a group of the null; null for any other group. */
export function nullHalfOf(group: string): { class: string; half: 'a' | 'b'; split: number } | null {
  const match = /^(\d+)\/null-([ab])(\d+)$/.exec(group);
  return match && { class: match[1], half: match[2] as 'a' | 'b', split: Number(match[3]) };
}

/** Whether a text is the id of a group. */
export const isGroup = (text: string) =>
  text === WHOLE || text === COVER || isClassGroup(text) || partOfGroup(text) !== null || isNullGroup(text);

/** The class and part of a group of the target class; null for any other group. */
export function partOfGroup(group: string): { class: number; part: GroupPart } | null {
  const match = /^(\d+)\/([\w-]+)$/.exec(group);
  const part = groupParts.find((p) => p === match?.[2]);
  return match && part ? { class: Number(match[1]), part } : null;
}
