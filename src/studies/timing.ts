/** When things happen under each attack, over seeds: early acceleration, and the boundaries of the phases. In steps. */
import { isClassGroup, partOf } from '../dynamics/group-id.js';
import { type Average, average, type Phases, phasesOverSeeds } from '../dynamics/index.js';
import { censoredWords, leadsOf, type RunLead } from '../findings/acceleration.js';
import type { Repeated, Setting } from '../findings/settings.js';
import { succeeds } from '../findings/success.js';
import { type Block, type Cell, decimal } from '../report/index.js';

/** Steps of an epoch of a setting's runs; null where one does not say: then moments are shown in epochs. */
function clock({ attacks }: Setting): { unit: string; perEpoch: number; text(moment: number): string } {
  const known = attacks.flatMap((a) => a.runs.map((r) => r.report.stepsPerEpoch));
  const [first] = known;
  return first !== undefined && known.every((s) => s === first)
    ? { unit: 'step', perEpoch: first, text: (m) => decimal(m * first, 0) }
    : { unit: 'epoch', perEpoch: 1, text: (m) => decimal(m, 2) };
}

/** `0.72 (0.60 to 0.86)`: the 95 % interval where there are several seeds. */
const withInterval = (a: Pick<Average, 'mean' | 'interval' | 'n'>, text: (x: number) => string) =>
  a.n > 1 ? `${text(a.mean)} (${a.interval.map(text).join(' to ')})` : text(a.mean);

const geometric = (logs: readonly number[]) => {
  const a = average(logs);
  return { ...a, mean: Math.exp(a.mean), interval: a.interval.map(Math.exp) as [number, number] };
};

/** When poisoned samples and clean classes reach half of their rise, for every attack that succeeds. */
export function accelerationBlocks(setting: Setting): Block[] {
  const { unit, perEpoch, text } = clock(setting);
  const found = setting.attacks
    .filter(succeeds)
    .flatMap((a) =>
      (['I(X;T)', 'I(T;Ŷ)'] as const).map((quantity) => ({
        quantity,
        a,
        leads: leadsOf(a, quantity),
        running: leadsOf(a, quantity, 'running'),
      })),
    )
    .filter(({ leads }) => leads.length > 0);
  if (found.length === 0) return [];
  const both = found.some((f) => f.running.length > 0);
  const ratio = (leads: readonly RunLead[]) =>
    withInterval(geometric(leads.map((l) => l.logRatio)), (x) => decimal(x, 2));
  const rows = found.map(({ quantity, a, leads, running }): Cell[] => [
    a.label,
    quantity,
    text(geometric(leads.map((l) => Math.log(l.epoch))).mean),
    text(geometric(leads.map((l) => Math.log(l.cleanEpoch))).mean),
    ratio(leads),
    ...(both ? [running.length > 0 ? ratio(running) : null] : []),
    withInterval(average(leads.map((l) => perEpoch * (l.epoch - l.cleanEpoch))), (x) =>
      unit === 'step' ? decimal(Math.round(x) || 0, 0) : decimal(x, 2),
    ),
    leads.length,
    `${leads.filter((l) => l.censored).length} and ${leads.reduce((s, l) => s + l.cleanCensoredClasses, 0)}`,
  ]);
  const head = [
    'attack',
    'quantity',
    `${unit}, poisoned`,
    `${unit}, clean classes`,
    'ratio (95 %)',
    ...(both ? ['ratio with running statistics (95 %)'] : []),
  ];
  const words = [
    `The ${unit} at which a group reaches half of its rise from 0 nats, for the clean classes their median. Geometric means over seeds; a ratio below 1 and a negative difference mean that poisoned samples are earlier. Censored: curves that are past half at their first checkpoint and may be earlier than shown, of poisoned samples and of clean classes.${both ? ' At moments of the first 200 steps the statistics of batch norm are recomputed under the weights of the moment; the ratio with running statistics reads the network as training left it.' : ''}`,
    censoredWords(found.flatMap((f) => f.leads)),
  ];
  return [
    { kind: 'heading', text: 'Early acceleration' },
    { kind: 'text', text: words.filter(Boolean).join(' ') },
    { kind: 'table', head: [...head, `difference in ${unit}s (95 %)`, 'seeds', 'censored'], rows },
  ];
}

/** The phases of the poisoned samples, of the clean samples of the target class, and of the clean classes together. */
export function phaseBlocks(setting: Setting): Block[] {
  const { unit, text } = clock(setting);
  const words = ({ kinds, boundaries }: ReturnType<typeof phasesOverSeeds>) =>
    kinds
      .map((kind, i) => {
        const b = boundaries[i];
        const interval = b?.interval ? ` (95 % ${b.interval.map(text).join(' to ')})` : '';
        return b ? `${kind} to ${unit} ${text(b.epoch)}${interval}` : kind;
      })
      .join(', ');
  const groupsOf = ({ config: { target } }: Repeated): [string, (group: string) => boolean][] => [
    ['poisoned samples', (g) => g === partOf(target, 'backdoor')],
    ['clean samples of the target class', (g) => g === partOf(target, 'clean')],
    ['clean classes', isClassGroup],
  ];
  const rows = setting.attacks.flatMap((a) =>
    groupsOf(a).map(([name, own]): Cell[] => {
      const seeds = a.runs.map((r) => r.report.phases.filter((p: Phases) => own(p.group)));
      const found = phasesOverSeeds(seeds);
      return [a.label, name, words(found) || 'not resolved', `${found.n} of ${found.of}`, found.reason ?? null];
    }),
  );
  return [
    { kind: 'heading', text: 'Phases' },
    {
      kind: 'text',
      text: `The phases that most trajectories of a group show, and the ${unit} at which each ends: geometric means over the seeds that show them, with the 95 % interval over these seeds. A boundary of one run lies at a checkpoint, so that no interval is finer than their distance. Under none, the poisoned samples are a random part of the target class.`,
    },
    { kind: 'table', head: ['attack', 'group', 'phases', 'seeds', 'why not resolved'], rows },
  ];
}
