/**
 * Training that defends itself beside other defences and plain training: attacks × rates × seeds × defences, accuracy, ASR, samples set aside and time.
 *
 *   npm run -s bench -- defence --rows FILE [--table FILE] [--images DIR] [--fashion] [--attacks A,B] [--rates R,R] [--seeds N,N] [--clean N] [--defences A,B]
 *
 * Every cell appends one line of JSON to `--rows`; cells that it has are not made again. `--images`: CIFAR-10 as an image folder (default shapes10).
 * `--fashion`: the first seed on Fashion-MNIST too. `--clean`: seeds of clean sets, trained by `none` and `watch`. `--limit N` (training images), `--epochs
 * N`, `--trigger FILE` (of `learned`). Each training has one thread, and as many run at a time as there are cores. Fine-pruning gets test images that
 * nothing is judged on, as many as 5 % of the training set. `--table` writes what all rows of the file say.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { findAttack } from '../src/attacks/index.js';
import { UserError } from '../src/base/errors.js';
import { resolveConfig } from '../src/config/resolve.js';
import { firstOfEach } from '../src/datasets/limits.js';
import { gather, without } from '../src/datasets/select.js';
import { methods } from '../src/defence/methods/index.js';
import { type DefenceName, defences } from '../src/defence/names.js';
import { limitThreads } from '../src/engine/index.js';
import { jobsOf } from '../src/execution/job.js';
import { type MadeSet, makeSet } from '../src/poisoning/poisoned-set.js';
import { type DefenceRow, defenceTable } from './defence-table.js';
import { makeRows, readRows } from './rows.js';

const benchJobs = jobsOf<typeof import('./defence.js')>(new URL(import.meta.url));

/** One training. */
type Cell = Pick<DefenceRow, 'cell' | 'data' | 'attack' | 'rate' | 'seed' | 'defence'>;

interface Training {
  cell: Cell;
  dataDir?: string;
  trigger?: string;
  limit: number;
  epochs: number;
  /** Attacks whose triggers the network is shown where nothing is poisoned. */
  shown: string[];
}

/** Trusted samples, as a share of the training set: that of Liu et al. and of BackdoorBench. */
const TRUSTED = 0.05;

/** Rate at which a clean network is shown triggers: these do not depend on it. */
const ANY_RATE = 0.01;

/** A clean-label attack poisons the same share of the set, all of it in the target class. */
const rateOf = (attack: string, rate: number, classes: number) =>
  findAttack(attack).labelling({}).rule === 'clean-label' ? Math.min(1, rate * classes) : rate;

const setOf = (attack: string, rate: number, { cell, dataDir, trigger, limit }: Training): Promise<MadeSet> =>
  makeSet(
    resolveConfig({
      dataset: { 'CIFAR-10': 'folder', 'Fashion-MNIST': 'fashion-mnist', shapes10: 'shapes10' }[cell.data],
      dataDir,
      trainLimit: limit,
      testLimit: 2000,
      attack,
      attackOption: attack === 'learned' && trigger ? [`trigger=${trigger}`] : [],
      poisonRate: rateOf(attack, rate, 10),
      seed: cell.seed,
    }),
  );

/** Makes one cell. Runs in a worker, on one thread. */
export async function one(training: Training): Promise<DefenceRow> {
  limitThreads(1);
  const { cell, epochs, shown } = training;
  const { dataset, poisoned, test, triggered } = await setOf(cell.attack, cell.rate, training);
  const started = performance.now();
  const each = Math.ceil((TRUSTED * poisoned.n) / dataset.classes.length);
  const kept = await firstOfEach(test.labels, dataset.classes.length, each);
  const settings = { width: 8, epochs, seed: cell.seed, trusted: gather(test, kept) };
  // Nothing but images and labels is handed on.
  const { images, labels, n, height, width, channels } = poisoned;
  const set = { images, labels, n, height, width, channels };
  const done = await methods[cell.defence].train({ set, classes: dataset.classes }, settings, {});
  const seconds = (performance.now() - started) / 1000;
  const { trainer, suspicious, answer } = done;
  const found = suspicious.filter((i) => poisoned.poisoned[i] === 1).length;
  const asr = async (set: MadeSet['triggered']) => (set ? (await trainer.evaluate(set, 'triggered')).accuracy : null);
  const cleanAsr: Record<string, number> = {};
  for (const attack of shown) cleanAsr[attack] = (await asr((await setOf(attack, ANY_RATE, training)).triggered))!;
  const row: DefenceRow = {
    ...cell,
    accuracy: (await trainer.evaluate(without(test, kept), 'test')).accuracy,
    asr: await asr(triggered),
    poisoned: poisoned.poisoned.reduce((a, b) => a + b, 0),
    found,
    wrongly: suspicious.length - found,
    answer,
    epochs: done.epochs,
    seconds,
    ...(shown.length > 0 ? { cleanAsr } : {}),
  };
  await trainer.release();
  return row;
}

const OPTIONS = {
  rows: { type: 'string' },
  table: { type: 'string' },
  images: { type: 'string' },
  fashion: { type: 'boolean', default: false },
  attacks: { type: 'string', default: 'none,badnets,blend,sig,wanet' },
  rates: { type: 'string', default: '0.01,0.1' },
  seeds: { type: 'string', default: '101,102,103' },
  clean: { type: 'string', default: '' },
  defences: { type: 'string', default: defences.join(',') },
  limit: { type: 'string', default: '10000' },
  epochs: { type: 'string', default: '12' },
  trigger: { type: 'string' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** All trainings that are asked for, the first seed of everything before the second. */
function planned(values: Values): Training[] {
  const { images, trigger } = values;
  const numbers = (text: string) => text.split(',').filter(Boolean).map(Number);
  const [limit, epochs, rates] = [Number(values.limit), Number(values.epochs), numbers(values.rates)];
  const attacks = values.attacks.split(',');
  const asked = values.defences.split(',') as DefenceName[];
  const [first, ...others] = numbers(values.seeds);
  const own = images ? 'CIFAR-10' : 'shapes10';
  const training = (
    data: DefenceRow['data'],
    seed: number,
    attack: string,
    rate: number,
    defence: DefenceName,
  ): Training => ({
    cell: {
      cell: `${data} ${attack}@${rate} seed ${seed}, ${limit} images, ${epochs} epochs, ${defence}`,
      ...{ data, attack, rate, seed, defence },
    },
    dataDir: data === 'CIFAR-10' ? images : undefined,
    trigger,
    limit,
    epochs,
    shown: attack === 'none' && defence === 'none' ? attacks.filter((a) => a !== 'none') : [],
  });
  const round = (data: DefenceRow['data'], seed: number) =>
    attacks.flatMap((attack) =>
      (attack === 'none' ? [ANY_RATE] : rates).flatMap((rate) =>
        asked.map((defence) => training(data, seed, attack, rate, defence)),
      ),
    );
  return [
    ...round(own, first),
    ...(values.fashion ? round('Fashion-MNIST', first) : []),
    ...others.flatMap((seed) => round(own, seed)),
    ...numbers(values.clean).flatMap((seed) =>
      (['none', 'watch'] as const).map((defence) => training(own, seed, 'none', ANY_RATE, defence)),
    ),
  ];
}

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const { rows: file, table } = values;
  if (!file) throw new UserError('--rows FILE is needed');
  const known = new Set(readRows<DefenceRow>(file).map((r) => r.cell));
  const open = [...new Map(planned(values).map((t) => [t.cell.cell, t])).values()].filter(
    (t) => !known.has(t.cell.cell),
  );
  await makeRows(
    file,
    open,
    benchJobs('one'),
    'trainings',
    (row) =>
      `${row.cell}: accuracy ${row.accuracy.toFixed(3)}, ASR ${row.asr?.toFixed(3) ?? '–'}, ${row.found} of ${row.poisoned} found, ${row.wrongly} clean set aside, ${row.epochs} epochs, ${row.seconds.toFixed(0)} s`,
  );
  const text = defenceTable(readRows<DefenceRow>(file));
  if (table) writeFileSync(table, text);
  console.log(text);
}
