/**
 * Training that defends itself beside other defences and plain training: attacks × rates × seeds × defences, accuracy, ASR, samples set aside and time.
 *
 *   npm run -s bench -- defence --rows FILE [--table FILE] [--images DIR] [--fashion] [--attacks A,B] [--rates R,R] [--seeds N,N] [--clean N,N] [--defences A,B]
 *
 * Every training appends one line of JSON to `--rows`; those that it has are not made again. `--images`: CIFAR-10 as an image folder (default shapes10).
 * `--fashion`: the first seed on Fashion-MNIST too. `--attacks`: name[@rate][:option=value]. `--clean`: seeds of clean sets, for `watch`. `--limit N` (training
 * images), `--epochs N`. `--defences`: of `ibscope train`; `fine-pruning@0.1` has that learning rate after pruning. Plain training comes first; the defences
 * train where the attack succeeds under it, one after the other. A clean set gets plain training only if `watch` sets samples aside: else its network is
 * that of plain training. Each training has one thread, and as many run at a time as there are cores; its time is that for which it has a processor. The
 * rate of a clean-label attack is a share of the target class. Fine-pruning gets test images that nothing is judged on, as many as 5 % of the training set.
 * `--table` writes what all rows of the file say.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { UserError, unknownWord } from '../src/base/errors.js';
import { resolveConfig } from '../src/config/resolve.js';
import { firstOfEach } from '../src/datasets/limits.js';
import { gather, without } from '../src/datasets/select.js';
import { methods } from '../src/defence/methods/index.js';
import { type DefenceName, defences } from '../src/defence/names.js';
import { SUCCESS } from '../src/dynamics/types.js';
import { limitThreads } from '../src/engine/index.js';
import { jobsOf } from '../src/execution/job.js';
import { type MadeSet, makeSet } from '../src/poisoning/poisoned-set.js';
import { parseAttacks, parseNumbers, parseSeeds } from '../src/studies/parse.js';
import { portableOption } from '../src/studies/rows.js';
import type { AttackChoice } from '../src/studies/types.js';
import { type DefenceRow, defenceTable } from './defence-table.js';
import { makeRows, readRows } from './rows.js';

const benchJobs = jobsOf<typeof import('./defence.js')>(new URL(import.meta.url));

/** One training. */
type Cell = Pick<DefenceRow, 'cell' | 'data' | 'attack' | 'rate' | 'seed' | 'defence'>;

interface Training {
  cell: Cell;
  choice: AttackChoice;
  dataDir?: string;
  limit: number;
  epochs: number;
  /** Attacks whose triggers the network is shown where nothing is poisoned. */
  shown: AttackChoice[];
}

/** Trusted samples, as a share of the training set: that of Liu et al. and of BackdoorBench. */
const TRUSTED = 0.05;

/** Rate at which a clean network is shown triggers: these do not depend on it. */
const ANY_RATE = 0.01;

/** Seconds for which this thread has had a processor, so that what else the machine does counts little; where Linux does not say, those of the clock. */
function threadSeconds(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e9;
  } catch {
    return performance.now() / 1000;
  }
}

/** `blend alpha=0.1`: an attack and its options, without what names a place on this machine. */
const labelOf = ({ attack, attackOption = [] }: AttackChoice) =>
  [attack, ...attackOption.map(portableOption)].join(' ');

const setOf = (
  { attack, attackOption }: AttackChoice,
  rate: number,
  { cell, dataDir, limit }: Training,
): Promise<MadeSet> =>
  makeSet(
    resolveConfig({
      dataset: { 'CIFAR-10': 'folder', 'Fashion-MNIST': 'fashion-mnist', shapes10: 'shapes10' }[cell.data],
      dataDir,
      trainLimit: limit,
      testLimit: 2000,
      attack,
      attackOption,
      poisonRate: rate,
      seed: cell.seed,
    }),
  );

/** Makes one cell. Runs in a worker, on one thread. */
export async function one(training: Training): Promise<DefenceRow> {
  limitThreads(1);
  const { cell, choice, epochs, shown } = training;
  const { dataset, poisoned, test, triggered } = await setOf(choice, cell.rate, training);
  const started = threadSeconds();
  const each = Math.ceil((TRUSTED * poisoned.n) / dataset.classes.length);
  const kept = await firstOfEach(test.labels, dataset.classes.length, each);
  const [defence, rate] = cell.defence.split('@');
  const tuneRate = rate === undefined ? undefined : Number(rate);
  const settings = { width: 8, epochs, seed: cell.seed, trusted: gather(test, kept), tuneRate };
  // Nothing but images and labels is handed on.
  const { images, labels, n, height, width, channels } = poisoned;
  const set = { images, labels, n, height, width, channels };
  const done = await methods[defence as DefenceName].train({ set, classes: dataset.classes }, settings, {});
  const seconds = threadSeconds() - started;
  const { trainer, suspicious, answer } = done;
  const found = suspicious.filter((i) => poisoned.poisoned[i] === 1).length;
  const asr = async (set: MadeSet['triggered']) => (set ? (await trainer.evaluate(set, 'triggered')).accuracy : null);
  const cleanAsr: Record<string, number> = {};
  for (const attack of shown)
    cleanAsr[labelOf(attack)] = (await asr((await setOf(attack, ANY_RATE, training)).triggered))!;
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
  attacks: { type: 'string', default: 'none,badnets,blend,sig,wanet,adaptive-blend:alpha=0.3:testAlpha=0.4' },
  rates: { type: 'string', default: '0.01,0.1' },
  seeds: { type: 'string', default: '101,102,103' },
  clean: { type: 'string', default: '' },
  defences: { type: 'string', default: defences.join(',') },
  limit: { type: 'string', default: '10000' },
  epochs: { type: 'string', default: '12' },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

/** All sets that are asked for, each with plain training: those of attacks, the first seed of everything before the second, and clean ones. */
function planned(values: Values): { attacked: Training[]; clean: Training[] } {
  const { images } = values;
  const rates = parseNumbers('--rates', values.rates, (r) => r > 0 && r <= 1, 'shares above 0 and at most 1');
  const [limit, epochs] = [Number(values.limit), Number(values.epochs)];
  const attacks = parseAttacks(values.attacks);
  const [first, ...others] = parseSeeds(values.seeds);
  const own = images ? 'CIFAR-10' : 'shapes10';
  const training = (data: DefenceRow['data'], seed: number, choice: AttackChoice, rate: number): Training =>
    madeBy('none', {
      cell: { cell: '', data, attack: labelOf(choice), rate, seed, defence: 'none' },
      choice,
      dataDir: data === 'CIFAR-10' ? images : undefined,
      limit,
      epochs,
      shown: choice.attack === 'none' ? attacks.filter(({ attack }) => attack !== 'none') : [],
    });
  const round = (data: DefenceRow['data'], seed: number) =>
    attacks.flatMap((choice) =>
      (choice.attack === 'none' ? [ANY_RATE] : choice.rate ? [choice.rate] : rates).map((rate) =>
        training(data, seed, choice, rate),
      ),
    );
  const attacked = [
    ...round(own, first),
    ...(values.fashion ? round('Fashion-MNIST', first) : []),
    ...others.flatMap((seed) => round(own, seed)),
  ];
  const seeds = values.clean === '' ? [] : parseSeeds(values.clean);
  return { attacked, clean: seeds.map((seed) => training(own, seed, { attack: 'none' }, ANY_RATE)) };
}

/** The same set, trained on by another defence. */
function madeBy(defence: string, { cell, ...rest }: Training): Training {
  const { data, attack, rate, seed } = cell;
  const name = `${data} ${attack}@${rate} seed ${seed}, ${rest.limit} images, ${rest.epochs} epochs, ${defence}`;
  return { ...rest, cell: { ...cell, cell: name, defence }, shown: defence === 'none' ? rest.shown : [] };
}

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const { rows: file, table } = values;
  if (!file) throw new UserError('--rows FILE is needed');
  const known = () => new Map(readRows<DefenceRow>(file).map((row) => [row.cell, row]));
  /** Makes the trainings that the file does not have yet. Returns the rows of all that were asked for, in their order. */
  const make = async (trainings: readonly Training[]): Promise<DefenceRow[]> => {
    const before = known();
    await makeRows(
      file,
      trainings.filter(({ cell }) => !before.has(cell.cell)),
      benchJobs('one'),
      'trainings',
      (row) =>
        `${row.cell}: accuracy ${row.accuracy.toFixed(3)}, ASR ${row.asr?.toFixed(3) ?? '–'}, ${row.found} of ${row.poisoned} found, ${row.wrongly} clean set aside, ${row.epochs} epochs, ${row.seconds.toFixed(0)} s`,
    );
    const after = known();
    return trainings.map(({ cell }) => after.get(cell.cell)!);
  };
  const { attacked, clean } = planned(values);
  const plain = await make(attacked);
  const succeeded = attacked.filter((_, i) => (plain[i].asr ?? 0) >= SUCCESS);
  const asked = values.defences.split(',').filter((defence) => defence !== 'none');
  const unknown = asked.find((defence) => !(defence.split('@')[0] in methods));
  if (unknown !== undefined) throw unknownWord('defence', unknown, defences);
  const [own = [], ...baselines] = asked.map((defence) => succeeded.map((t) => madeBy(defence, t)));
  const watched = clean.map((t) => madeBy('watch', t));
  const ofClean = (await make([...own, ...watched])).slice(own.length);
  await make(clean.filter((_, i) => ofClean[i].wrongly > 0));
  await make(baselines.flat());
  const text = defenceTable(readRows<DefenceRow>(file));
  if (table) writeFileSync(table, text);
  console.log(text);
}
