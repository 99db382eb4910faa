/** `ibscope poison`: the poisoned training set as a file. */
import { stat } from 'node:fs/promises';
import type { Command } from 'commander';
import { exportNpz, findAttack, poison } from '../attacks/index.js';
import { UserError } from '../base/errors.js';
import { resolveConfig } from '../experiments/config.js';
import { attackSettings, loadData } from '../experiments/prepare.js';
import { addRunOptions, requestOf } from './options.js';

const OTHERS = [
  'model',
  'width',
  'epochs',
  'batchSize',
  'lr',
  'schedule',
  'momentum',
  'weightDecay',
  'noise',
  'testLimit',
  'checkpoints',
  'probeSize',
  'draws',
  'nullSplits',
  'critic',
  'view',
  'beta',
  'window',
  'score',
  'preset',
] as const;

export function addPoison(program: Command) {
  const command = program
    .command('poison')
    .description('write the poisoned training set, exactly as `run` trains on it')
    .addHelpText('after', '\nExample:\n  ibscope poison --attack badnets --train-limit 1000 --out poisoned.npz');
  addRunOptions(command, OTHERS)
    .requiredOption('--out <file.npz>', 'file to write: images, labels, original_labels, poisoned, cover, index')
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .action(async (values) => {
      const out: string = values.out;
      if (!out.endsWith('.npz')) throw new UserError(`--out ${out}: a name that ends in .npz is expected`);
      if (await stat(out).catch(() => null)) throw new UserError(`--out ${out}: it exists already`);
      const config = resolveConfig(requestOf(values));
      const dataset = await loadData(config);
      const set = poison(dataset.train, findAttack(config.attack), attackSettings(config));
      await exportNpz(set, out);
      const total = (flags: Uint8Array) => flags.reduce((a, b) => a + b, 0);
      const summary = { file: out, images: set.n, poisoned: total(set.poisoned), cover: total(set.cover) };
      process.stdout.write(
        values.json
          ? `${JSON.stringify(summary)}\n`
          : `${out}: ${summary.images} images, ${summary.poisoned} with the payload, ${summary.cover} cover\n`,
      );
    });
}
