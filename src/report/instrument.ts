/** What the instrument of a run says of itself, in sentences for report and dashboard. */
import type { EstimateRow } from '../dynamics/types.js';
import { isResolved, RESOLVED } from '../information/resolution.js';
import { decimal } from './format.js';
import { type GroupContext, groupStyle } from './groups.js';
import type { NoiseRange, RunReport } from './types.js';

/** Between these, the held-out mean square of whitened noise says that the noise is modelled well enough. */
const NOISE_HOLDS: readonly [number, number] = [0.95, 1.05];

/** Why an estimate is drawn hollow; empty where it is not. */
export function flagsOf(row: EstimateRow): string[] {
  if (row.estimator === 'resolved') return isResolved(row.nats, row.samples) ? [] : ['not resolved'];
  return [row.saturated && 'saturated', row.converged === false && 'not converged'].filter((f) => f !== false);
}

/** What hollow marks mean, for a caption; null where none is drawn. */
export function hollowWords(rows: readonly EstimateRow[]): string | null {
  const found = new Set(rows.flatMap(flagsOf));
  const [low, high] = RESOLVED;
  const meanings = {
    'not resolved': `not resolved, outside ${low}–${high} of ln n`,
    saturated: 'saturated',
    'not converged': 'not converged',
  };
  const words = Object.entries(meanings).flatMap(([flag, meaning]) => (found.has(flag) ? meaning : []));
  return words.length === 0 ? null : `Hollow marks: ${words.join('; ')}.`;
}

/** κ, draws, and how well the noise is modelled; null where critics measured. */
export function instrumentWords(report: GroupContext & Pick<RunReport, 'information' | 'noise'>): string | null {
  const rows = report.information.filter((r) => r.estimator === 'resolved');
  if (rows.length === 0) return null;
  const kappa = new Map(rows.flatMap((r) => (r.kappa === undefined ? [] : [[r.quantity, r.kappa]])));
  const kappas = [...kappa].map(([quantity, k]) => `${Number(k.toFixed(2))} for ${quantity}`);
  const magnified = kappas.length > 0 ? `κ is ${kappas.join(' and ')}; each` : 'Each';
  return [`${magnified} sample has ${rows[0].draws} noise draws.`, noiseWords(report.noise, report)]
    .filter(Boolean)
    .join(' ');
}

function noiseWords(noise: readonly NoiseRange[], context: GroupContext): string | null {
  if (noise.length === 0) return null;
  const [low, high] = NOISE_HOLDS;
  const range = `${decimal(Math.min(...noise.map((g) => g.low)))} to ${decimal(Math.max(...noise.map((g) => g.high)))}`;
  const measured = `Over moments and groups, whitened noise that the model was not fitted to has a mean square of ${range}`;
  const outside = noise.filter((g) => g.low < low || g.high > high);
  if (outside.length === 0) return `${measured}; ${low} to ${high} is expected.`;
  return `${measured}. This is not within the expected ${low} to ${high} for ${groupWords(outside, noise, context)}.`;
}

/** Names of groups: those of the target class, the other classes by number, and how many halves of the null. */
function groupWords(some: readonly NoiseRange[], every: readonly NoiseRange[], context: GroupContext): string {
  const styles = (groups: readonly NoiseRange[]) => groups.flatMap((g) => groupStyle(g.group, context) ?? []);
  const [named, all] = [styles(some), styles(every)];
  const classes = some.filter((g) => groupStyle(g.group, context)?.role === 'other').map((g) => g.group);
  const listed = [
    ...named.filter((s) => s.role !== 'other').map((s) => s.label),
    ...(classes.length > 0 ? [`${classes.length === 1 ? 'class' : 'classes'} ${classes.join(', ')}`] : []),
  ];
  const halves = some.length - named.length;
  const names = [
    ...(named.length === all.length && all.length > 1 ? [`all ${all.length} groups`] : listed),
    ...(halves > 0 ? [`${halves} of ${every.length - all.length} halves of the null`] : []),
  ];
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`;
}
