/**
 * What `transformer` reads out of WordNet's glosses with the defaults of `ibscope run`: accuracy on clean test texts against the number of training texts, beside a bag of words
 * (logistic regression of scikit-learn, where Python has it) on the same texts, and accuracy and ASR under two attacks at 5 %.
 *
 *   npm run -s bench -- text-accuracy [--out DIR] [--texts 1250,5000,20000] [--seeds 1]
 *
 * Attacks are judged at the largest number of texts. A row is appended to `--out`/text-accuracy.jsonl (default docs) for every training; finished ones are reused.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ProgressLine } from '../src/cli/progress.js';
import { table } from '../src/cli/table.js';
import { resolveConfig } from '../src/config/resolve.js';
import { trainingConfig } from '../src/config/training.js';
import type { TextDataset } from '../src/datasets/types.js';
import { makeTexts } from '../src/poisoning/texts.js';
import { Trainer } from '../src/training/trainer.js';
import { readRows } from './rows.js';
import { median, python } from './step/measure.js';
import { readNumber, readOptions } from './step/options.js';

const [TEST, RATE] = [4000, 0.05];
const ATTACKS = ['none', 'rare-words', 'add-sentence'] as const;
/** From `.bench/bench`, where this runs. */
const WORDS = join(import.meta.dirname, '../../bench/peer_words.py');

interface Row {
  attack: string;
  texts: number;
  seed: number;
  accuracy: number;
  asr: number | null;
  minutes: number;
  /** Accuracy of logistic regression on the words, of clean texts; null without scikit-learn, and of attacks. */
  bagOfWords: number | null;
}

function bagOfWords({ train, test }: TextDataset): number | null {
  const input = JSON.stringify([train, test].map(({ texts, labels }) => ({ texts, labels: Array.from(labels) })));
  const ran = spawnSync(python(), [WORDS], { input, encoding: 'utf8' });
  return ran.status === 0 ? Number(ran.stdout) : null;
}

async function one(attack: string, texts: number, seed: number, hear: (done: number, total: number) => void) {
  const config = resolveConfig({
    ...{ dataset: 'wordnet', attack, seed, poisonRate: RATE, trainLimit: texts, testLimit: TEST },
  });
  const { dataset, poisoned, test, triggered } = await makeTexts(config);
  const started = performance.now();
  const trainer = new Trainer(trainingConfig(config), {
    ...{ classes: dataset.classes.length, train: poisoned, test, triggered },
  });
  let [accuracy, asr]: [number, number | null] = [0, null];
  for (let epoch = 0; epoch < config.epochs; epoch++) {
    while (!(await trainer.step()));
    hear(epoch + 1, config.epochs);
    ({ testAccuracy: accuracy, asr } = await trainer.finishEpoch());
  }
  await trainer.release();
  const minutes = (performance.now() - started) / 60_000;
  const words = attack === 'none' ? bagOfWords(dataset) : null;
  return { attack, texts, seed, accuracy, asr, minutes, bagOfWords: words } satisfies Row;
}

export async function main(args: string[]): Promise<void> {
  const o = readOptions(args, { out: 'docs', texts: '1250,5000,20000', seeds: '1' }, []);
  const sizes = o.texts!.split(',').map((text) => readNumber('texts', text, 100, true));
  const seeds = readNumber('seeds', o.seeds!, 1, true);
  mkdirSync(o.out!, { recursive: true });
  const file = join(o.out!, 'text-accuracy.jsonl');
  const wanted = sizes.flatMap((texts) =>
    ATTACKS.filter((attack) => attack === 'none' || texts === Math.max(...sizes)).flatMap((attack) =>
      Array.from({ length: seeds }, (_, seed) => ({ attack, texts, seed })),
    ),
  );
  const same = (a: Omit<Row, 'accuracy'>) => (r: Row) =>
    a.attack === r.attack && a.texts === r.texts && a.seed === r.seed;
  const line = new ProgressLine();
  for (const w of wanted) {
    if (readRows<Row>(file).some(same(w as Row))) continue;
    const stage = `${w.attack}, ${w.texts} texts, seed ${w.seed}`;
    const row = await one(w.attack, w.texts, w.seed, (done, total) =>
      line.update({ phase: 'runs', stage, done, total, unit: 'epochs' }),
    );
    appendFileSync(file, `${JSON.stringify(row)}\n`);
  }
  line.clear();
  const rows = readRows<Row>(file);
  const middle = (of: Row[], f: (r: Row) => number | null) => {
    const values = of.flatMap((r) => f(r) ?? []);
    return values.length === 0 ? '–' : median(values).toFixed(3);
  };
  const settings = [...new Map(wanted.map((w) => [`${w.attack} ${w.texts}`, w])).values()];
  console.log(
    table(
      ['attack', 'texts', 'runs', 'accuracy', 'bag of words', 'ASR', 'minutes'],
      settings.map(({ attack, texts }) => {
        const of = rows.filter((r) => r.attack === attack && r.texts === texts);
        return [
          ...[attack, String(texts), String(of.length), middle(of, (r) => r.accuracy)],
          ...[middle(of, (r) => r.bagOfWords), middle(of, (r) => r.asr)],
          median(of.map((r) => r.minutes)).toFixed(1),
        ];
      }),
    ),
  );
}
