/**
 * Training that defends itself beside other defences and plain training: attacks × rates × seeds × defences, accuracy, ASR, samples set aside and time.
 *
 * `--rows FILE` (required): every cell appends one line of JSON; cells that it has are not made again. `--images DIR`: CIFAR-10 as an image folder
 * (default shapes10). `--attacks A,B`, `--rates R,R`, `--seeds N,N`, `--limit N` (training images), `--epochs N`, `--trigger FILE` (of `learned`),
 * `--defences A,B`. Fine-pruning gets test images that nothing is judged on, as many as 5 % of the training set.
 */
import { existsSync, readFileSync } from 'node:fs';
import { findAttack } from '../src/attacks/index.js';
import { UserError } from '../src/base/errors.js';
import { ProgressLine } from '../src/cli/progress.js';
import { resolveConfig } from '../src/config/resolve.js';
import { firstOfEach } from '../src/datasets/limits.js';
import { gather, without } from '../src/datasets/select.js';
import { methods } from '../src/defence/methods/index.js';
import { type DefenceName, defences } from '../src/defence/names.js';
import { limitThreads } from '../src/engine/index.js';
import { appendWhole } from '../src/formats/files.js';
import { type MadeSet, makeSet } from '../src/poisoning/poisoned-set.js';

/** One training. */
interface Row {
  cell: string;
  attack: string;
  rate: number;
  seed: number;
  defence: DefenceName;
  accuracy: number;
  asr: number | null;
  /** Poisoned samples, those of them that were set aside, and clean ones that were. */
  poisoned: number;
  found: number;
  wrongly: number;
  answer: string;
  epochs: number;
  seconds: number;
}

/** Trusted samples, as a share of the training set: that of Liu et al. and of BackdoorBench. */
const TRUSTED = 0.05;

/** A clean-label attack poisons the same share of the set, all of it in the target class. */
const rateOf = (attack: string, rate: number, classes: number) =>
  findAttack(attack).labelling({}).rule === 'clean-label' ? Math.min(1, rate * classes) : rate;

export async function main(args: readonly string[]) {
  const option = (name: string, fallback?: string) => {
    const at = args.indexOf(`--${name}`);
    return at < 0 ? fallback : args[at + 1];
  };
  const file = option('rows');
  if (!file) throw new UserError('--rows FILE is needed');
  const numbers = (name: string, fallback: string) => option(name, fallback)!.split(',').map(Number);
  const [images, trigger] = [option('images'), option('trigger')];
  const [limit, epochs] = [Number(option('limit', '10000')), Number(option('epochs', '12'))];
  const known = new Set(
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .flatMap((line) => (line.endsWith('}') ? (JSON.parse(line) as Row).cell : []))
      : [],
  );
  const asked = (option('defences')?.split(',') ?? defences) as DefenceName[];
  limitThreads(1);
  for (const seed of numbers('seeds', '101,102,103'))
    for (const attack of option('attacks', 'none,badnets,blend,sig,wanet')!.split(','))
      for (const rate of attack === 'none' ? [0.01] : numbers('rates', '0.01,0.1')) {
        const name = `${images ? 'cifar10' : 'shapes10'} ${attack}@${rate} seed ${seed}, ${limit} images, ${epochs} epochs`;
        const open = asked.filter((defence) => !known.has(`${name}, ${defence}`));
        if (open.length === 0) continue;
        const made = await makeSet(
          resolveConfig({
            ...(images ? { dataset: 'folder', dataDir: images } : {}),
            trainLimit: limit,
            testLimit: 2000,
            attack,
            attackOption: attack === 'learned' && trigger ? [`trigger=${trigger}`] : [],
            poisonRate: rateOf(attack, rate, 10),
            seed,
          }),
        );
        for (const defence of open) {
          const cell = `${name}, ${defence}`;
          const row = await trained(made, { cell, attack, rate, seed, defence }, epochs);
          appendWhole(file, `${JSON.stringify(row)}\n`);
          console.log(
            `${cell}: accuracy ${row.accuracy.toFixed(3)}, ASR ${row.asr?.toFixed(3) ?? '–'}, ${row.found} of ${row.poisoned} found, ${row.wrongly} clean set aside, ${row.epochs} epochs, ${row.seconds.toFixed(0)} s`,
          );
        }
      }
}

async function trained(
  { dataset, poisoned, test, triggered }: MadeSet,
  cell: Pick<Row, 'cell' | 'attack' | 'rate' | 'seed' | 'defence'>,
  epochs: number,
): Promise<Row> {
  const line = new ProgressLine();
  const started = performance.now();
  const kept = await firstOfEach(
    test.labels,
    dataset.classes.length,
    Math.ceil((TRUSTED * poisoned.n) / dataset.classes.length),
  );
  const trusted = gather(test, kept);
  const settings = { width: 8, epochs, seed: cell.seed, trusted };
  // Nothing but images and labels is handed on.
  const { images, labels, n, height, width, channels } = poisoned;
  const set = { images, labels, n, height, width, channels };
  const done = await methods[cell.defence].train({ set, classes: dataset.classes }, settings, {
    progress: (p) => line.update(p),
  });
  const seconds = (performance.now() - started) / 1000;
  line.clear();
  const { trainer, suspicious, answer } = done;
  const found = suspicious.filter((i) => poisoned.poisoned[i] === 1).length;
  const row: Row = {
    ...cell,
    accuracy: (await trainer.evaluate(without(test, kept), 'test')).accuracy,
    asr: triggered ? (await trainer.evaluate(triggered, 'triggered')).accuracy : null,
    poisoned: poisoned.poisoned.reduce((a, b) => a + b, 0),
    found,
    wrongly: suspicious.length - found,
    answer,
    epochs: done.epochs,
    seconds,
  };
  await trainer.release();
  return row;
}
