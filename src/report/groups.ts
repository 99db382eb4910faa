/** The style of each group of samples in every figure: one colour, one dash and one mark (colours after Okabe and Ito). */
import { isClassGroup } from '../dynamics/group-id.js';
import type { RunReport } from './types.js';

export type Role = 'backdoor' | 'clean' | 'untriggered' | 'held-out' | 'mixed' | 'all' | 'cover' | 'other' | 'whole';

export interface GroupStyle {
  role: Role;
  label: string;
  /** A CSS variable, so that one figure serves light and dark. */
  color: string;
  dash: string;
  symbol: 'circle' | 'square' | 'triangle' | 'diamond' | 'star' | 'cross';
  width: number;
}

type Drawing = Omit<GroupStyle, 'role' | 'label'>;

const drawings: Record<Role, Drawing> = {
  backdoor: { color: 'var(--backdoor)', dash: 'none', symbol: 'circle', width: 2.25 },
  clean: { color: 'var(--clean)', dash: '7 3', symbol: 'square', width: 2 },
  untriggered: { color: 'var(--backdoor)', dash: '2 4', symbol: 'triangle', width: 1.5 },
  'held-out': { color: 'var(--clean)', dash: '2 4', symbol: 'diamond', width: 1.5 },
  all: { color: 'var(--all)', dash: '2 3', symbol: 'triangle', width: 2 },
  mixed: { color: 'var(--mixed)', dash: '8 3 2 3', symbol: 'diamond', width: 1.5 },
  cover: { color: 'var(--cover)', dash: '4 4', symbol: 'star', width: 1.5 },
  other: { color: 'var(--other)', dash: 'none', symbol: 'circle', width: 1 },
  whole: { color: 'currentColor', dash: 'none', symbol: 'cross', width: 1.5 },
};

/** The order of groups in legends; figures draw the first in front. */
export const roleOrder: readonly Role[] = [
  'backdoor',
  'clean',
  'untriggered',
  'held-out',
  'mixed',
  'all',
  'cover',
  'other',
  'whole',
];

export type GroupContext = Pick<RunReport, 'target' | 'classNames' | 'poisoned'>;

/** The style of a group; null for the halves of the null and for unknown groups, which figures leave out. */
export function groupStyle(group: string, context: GroupContext): GroupStyle | null {
  const role = roleOf(group, context.target);
  return role && { role, label: label(group, role, context), ...drawings[role] };
}

/** `cat (3)` where the name is known, else `class 3`. */
export function className(k: number, { classNames }: Pick<GroupContext, 'classNames'>): string {
  const name = classNames?.[k];
  return name && name !== String(k) ? `${name} (${k})` : `class ${k}`;
}

/** Roles of the parts of the target class. */
const TARGET_ROLES = ['backdoor', 'clean', 'untriggered', 'held-out', 'mixed', 'all'] as const;

function roleOf(group: string, target: number): Role | null {
  if (group === 'all') return 'whole';
  if (group === 'cover') return 'cover';
  if (isClassGroup(group)) return 'other';
  const [k, part] = group.split('/');
  return k === String(target) ? (TARGET_ROLES.find((role) => role === part) ?? null) : null;
}

function label(group: string, role: Role, context: GroupContext): string {
  switch (role) {
    case 'backdoor':
      return context.poisoned ? 'poisoned samples' : 'random subset in place of poisoned samples';
    case 'clean':
      return 'clean samples of the target class';
    case 'untriggered':
      return 'poisoned samples without their trigger, not trained on';
    case 'held-out':
      return 'test samples of the target class';
    case 'mixed':
      return 'half poisoned, half clean';
    case 'all':
      return 'target class as a whole';
    case 'cover':
      return 'cover samples';
    case 'whole':
      return 'whole training set';
    case 'other':
      return className(Number(group), context);
  }
}
