/** What the rows of `npm run bench -- defence` say, in Markdown. */
import { groupBy } from '../src/base/group-by.js';
import { binomialInterval } from '../src/dynamics/binomial.js';
import { mean } from '../src/dynamics/index.js';
import { SUCCESS } from '../src/dynamics/types.js';
import { decimal } from '../src/report/index.js';

/** One training. */
export interface DefenceRow {
  cell: string;
  data: 'CIFAR-10' | 'Fashion-MNIST' | 'shapes10';
  attack: string;
  rate: number;
  seed: number;
  /** Its name; `fine-pruning@0.1`: with a learning rate after pruning. */
  defence: string;
  accuracy: number;
  asr: number | null;
  /** Poisoned samples, those of them that were set aside, and clean ones that were. */
  poisoned: number;
  found: number;
  wrongly: number;
  answer: string;
  epochs: number;
  seconds: number;
  /** Of plain training on a clean set: how often triggered images are predicted as the target, by attack. */
  cleanAsr?: Record<string, number>;
}

/** What a cell has to reach: an ASR of at most `asr`, or within `above` of a clean network's; accuracy at most `accuracy` below one's; time over plain training's. */
const GOAL = { asr: 0.05, above: 0.03, accuracy: 0.02, time: 1.5 };

interface Judged {
  row: DefenceRow;
  /** Null where the same set has no plain training, or the same seed no clean network. */
  time: number | null;
  removed: boolean | null;
  accurate: boolean | null;
}

/** Plain training on the clean set of a row's seed. */
const cleanNetwork = (rows: readonly DefenceRow[], { data, seed }: DefenceRow) =>
  rows.find((o) => o.data === data && o.attack === 'none' && o.seed === seed && o.defence === 'none');

/** Rows of attacks that succeed under plain training, judged against it and against a clean network of the same seed. */
function judged(rows: readonly DefenceRow[]): Judged[] {
  const plain = (r: DefenceRow) =>
    rows.find(
      (o) =>
        o.data === r.data && o.attack === r.attack && o.rate === r.rate && o.seed === r.seed && o.defence === 'none',
    );
  return rows
    .filter((r) => r.attack !== 'none' && (plain(r)?.asr ?? 0) >= SUCCESS)
    .map((row) => {
      const network = cleanNetwork(rows, row);
      const base = network?.cleanAsr?.[row.attack] ?? null;
      return {
        row,
        time: row.seconds / plain(row)!.seconds,
        removed: row.asr! <= GOAL.asr || (base !== null && row.asr! <= base + GOAL.above),
        accurate: network ? row.accuracy >= network.accuracy - GOAL.accuracy : null,
      };
    });
}

const share = (hits: number, n: number) => `${hits} of ${n}`;

/** Attacks that succeed under plain training: a row a data set, attack, rate and defence, means over seeds; the defences of an attack stand together. */
function attackRows(found: readonly Judged[]): string[] {
  const attacks = groupBy(found, ({ row: { data, attack, rate } }) => JSON.stringify([data, attack, rate]));
  const cells = attacks.flatMap((same) => groupBy(same, ({ row }) => row.defence));
  return cells.map((same) => {
    const { data, attack, rate, defence } = same[0].row;
    const own = (of: (r: DefenceRow) => number) => mean(same.map((s) => of(s.row)));
    const asrs = same.map((s) => s.row.asr!);
    const range = same.length > 1 ? ` (${decimal(Math.min(...asrs))} to ${decimal(Math.max(...asrs))})` : '';
    return `| ${data} | ${attack} | ${rate} | ${defence} | ${same.length} | ${decimal(own((r) => r.accuracy))} | ${decimal(mean(asrs))}${range} | ${decimal(
      own((r) => r.found / r.poisoned),
      2,
    )} | ${decimal(
      own((r) => r.wrongly),
      0,
    )} | ${decimal(mean(same.map((s) => s.time!)), 2)} |`;
  });
}

/** How many cells every defence brings to each goal. */
function goalRows(found: readonly Judged[]): string[] {
  return groupBy(found, ({ row }) => row.defence).map((same) => {
    const count = (has: (s: Judged) => boolean | null) => {
      const told = same.map(has).filter((h) => h !== null);
      return share(told.filter(Boolean).length, told.length);
    };
    return `| ${same[0].row.defence} | ${count((s) => s.removed)} | ${count((s) => s.accurate)} | ${count((s) => s.time! <= GOAL.time)} |`;
  });
}

/** Networks that were trained on clean sets: accuracy, and how often they name the target with the trigger of each attack. */
function networkLines(rows: readonly DefenceRow[]): string[] {
  const networks = rows.filter((r) => r.attack === 'none' && r.defence === 'none' && r.cleanAsr);
  return groupBy(networks, (r) => r.data).map((same) => {
    const named = Object.keys(same[0].cleanAsr!).map(
      (attack) => `${attack} ${decimal(mean(same.flatMap((r) => r.cleanAsr![attack] ?? [])))}`,
    );
    return `| ${same[0].data} | ${same.length} | ${decimal(mean(same.map((r) => r.accuracy)))} | ${named.join(', ')} |`;
  });
}

/** Clean sets under `watch`: those with samples set aside, and accuracy against plain training. */
function cleanLines(rows: readonly DefenceRow[]): string[] {
  const clean = rows.filter((r) => r.attack === 'none' && r.defence !== 'none');
  return groupBy(clean, (r) => r.defence).map((same) => {
    const alarms = same.filter((r) => r.wrongly > 0).length;
    const [low, high] = binomialInterval(alarms, same.length, 0.05).map((v) => (100 * v).toFixed(0));
    const gaps = same.flatMap((r) => {
      const plain = cleanNetwork(rows, r);
      if (plain) return [r.accuracy - plain.accuracy];
      // `watch` that sets nothing aside is plain training.
      return r.defence === 'watch' && r.wrongly === 0 ? [0] : [];
    });
    return `| ${same[0].defence} | ${share(alarms, same.length)} (${low} to ${high} %) | ${gaps.length > 0 ? decimal(mean(gaps)) : '–'} |`;
  });
}

/** Attacks that plain training does not learn: they are judged nowhere. */
function failures(rows: readonly DefenceRow[]): string[] {
  const plain = rows.filter((r) => r.attack !== 'none' && r.defence === 'none' && r.asr! < SUCCESS);
  return plain.map((r) => `- ${r.data}, ${r.attack} at ${r.rate}, seed ${r.seed}: ASR ${decimal(r.asr!)}`);
}

/** Tables of attacks, goals and clean sets, and the attacks that are not judged. */
export function defenceTables(rows: readonly DefenceRow[]): string {
  const found = judged(rows);
  const failed = failures(rows);
  const clean = cleanLines(rows);
  const networks = networkLines(rows);
  return [
    '| data | attack | rate | defence | seeds | clean accuracy | ASR | poisoned samples set aside | clean ones | time, of plain training |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...attackRows(found),
    '',
    `Cells of an attack, a rate and a seed that reach a goal. ASR: at most ${GOAL.asr}, or within ${GOAL.above} of a clean network's. Accuracy: at most ${GOAL.accuracy} below a clean network's.`,
    '',
    `| defence | ASR | accuracy | time at most ${GOAL.time} × |`,
    '|---|---|---|---|',
    ...goalRows(found),
    ...(networks.length > 0
      ? [
          '',
          'Plain training on clean sets, and how often it names the target where a trigger is shown:',
          '',
          '| data | seeds | clean accuracy | named with the trigger |',
          '|---|---|---|---|',
          ...networks,
        ]
      : []),
    ...(clean.length > 0
      ? [
          '',
          'Clean sets:',
          '',
          '| defence | sets with samples set aside (95 %, Clopper and Pearson) | accuracy less that of plain training |',
          '|---|---|---|',
          ...clean,
        ]
      : []),
    ...(failed.length > 0
      ? ['', `These do not reach an ASR of ${SUCCESS} under plain training, and are not judged:`, '', ...failed]
      : []),
  ].join('\n');
}

/** The page. */
export const defenceTable = (rows: readonly DefenceRow[]): string =>
  `${[
    '# Training that defends itself, and other defences',
    '',
    '`npm run -s bench -- defence` makes this page; [defence.md](defence.md) explains it. Accuracy and ASR are means over seeds on test images. The rate of SIG is a share of its target class.',
    '',
    defenceTables(rows),
  ].join('\n')}\n`;
