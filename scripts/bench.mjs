/**
 * Measurements: `npm run -s bench -- NAME [options]`.
 *
 *   engine [--models A,B] [--quick]  train steps of every model and the critic's, beside PyTorch where it is installed
 *   profile [--pass] …               where the time of a step or a pass goes, by kind of operator
 *   study [--models A,B] …          slices of a study, one process a core: training, probes and estimates, beside PyTorch
 *   recompute [--width N] …          speed and memory of a step by what its backward pass computes again
 *   train [--model M] [--width N] …  one model's train step: images per second and peak memory, and FILE's (--peer FILE)
 *   memory                           resident memory over 2 000 train steps
 *   critic [--json] [--peer FILE]   one step of the paper's critic against its naive form, and against FILE's figure
 *   mi [--tasks A,B] [--seeds N] …  estimators × tasks × seeds, written into docs/estimators-table.md
 *   resolved [--json]               resolved information of 30 groups of 250 × 128, a ladder of 11 κ, 8 draws
 *   attacks --images DIR            accuracy and ASR of every attack on CIFAR-10, written into docs/attacks-table.md
 *   dashboard [--json]              the pages at size: 500 runs, 120 epochs with 10 000 points, in Chromium
 *   trace [--form npz] …            peak memory of `ibscope analyze` on 50 000 samples × 512 features × 9 checkpoints
 *   parquet [--images N] [--json]   50 000 PNG images in 5 Parquet shards: seconds, and peak memory beside the pixels
 *   audit --out DIR [--images DIR]  attacks × rates × seeds through `ibscope audit` and four baselines, into docs/audit-table.md
 *   audit-texts [--seeds N] …       attacks × seeds through `ibscope audit` of texts, into docs/audit-texts-table.md
 *   clean-texts [--seeds N] …       how trigger-like the cues of clean sets of texts are: the null of their audit
 *   text-accuracy [--texts A,B] …    clean accuracy on WordNet's glosses against their number, beside a bag of words; ASR at 5 %
 *   text-speed [--data A,B] …        training of `transformer`, texts per second, beside PyTorch
 *   defence --rows FILE …            attacks × rates × seeds through `ibscope train --defend` and plain training; appends rows
 *   arms-race --out DIR …            triggers adapted to the score, in victims, under detectors and defences, into a table
 *   clean-sets [--images DIR] …     false alarms of `ibscope audit` on 400 clean sets, into docs/clean-sets.md
 *   cluster-spread [--images DIR]   what the clusters of clean classes show other networks, in sets with a watermark
 *   patterns [--images DIR] …       how far images with a pattern lie apart by their pixels alone, in clean and poisoned sets
 *   image-pairs [--images DIR]      estimators on image pairs with a known answer, into docs/estimators-image-pairs.md
 *   variants DIR                    noise models of resolved information on a study's runs, into docs/estimators-variants.md
 *   queue [--only PART,PART] …      10 000 empty jobs, planning 10 000 runs, two workers against the local executor, 1 000 workers simulated
 *   claims [NAME …] [--seeds N]     what docs/estimators.md states about the neural estimators, measured again
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, root } from './prepare.mjs';

const [name, ...options] = process.argv.slice(2);
const source = join(root, 'bench', `${name}.ts`);
if (!name || !/^[a-z-]+$/.test(name) || !existsSync(source)) {
  console.error(
    `bench: ${name ? `nothing is called "${name}"; ` : ''}choose engine, profile, study, recompute, train, memory, critic, mi, resolved, attacks, dashboard, trace, parquet, audit, audit-texts, clean-sets, clean-texts, cluster-spread, patterns, defence, arms-race, image-pairs, text-accuracy, text-speed, variants, queue or claims`,
  );
  process.exit(2);
}
prepare();
const out = join(root, '.bench');
const built = spawnSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.json'), '--outDir', out, '--noCheck'],
  { cwd: root, stdio: ['ignore', 2, 2] },
);
if (built.status !== 0) process.exit(1);
// The version is read from beside the build.
copyFileSync(join(root, 'package.json'), join(out, 'package.json'));
const { main } = await import(pathToFileURL(join(out, 'bench', `${name}.js`)).href);
try {
  await main(options);
} catch (error) {
  if (error.name !== 'UserError') throw error;
  console.error(`bench ${name}: ${error.message}`);
  process.exitCode = 2;
}
