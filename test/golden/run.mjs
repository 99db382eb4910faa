/**
 * Copies the tables of a finished run to `test/golden/run`, from which the figures of `test/golden/figures` are drawn:
 *
 *   npx ibscope run --dataset shapes10 --attack badnets --seed 3 --width 4 --epochs 6 --checkpoints 1,2,3,4,6 \
 *     --train-limit 4000 --test-limit 300 --null-splits 1 --out runs/golden
 *   node test/golden/run.mjs runs/golden
 *
 * Numbers keep five significant digits, the embedding every fifth point of its first and last checkpoint.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSafetensors } from '../../dist/formats/safetensors.js';

const [run] = process.argv.slice(2);
if (!run) throw new Error('usage: node test/golden/run.mjs RUN');
const out = join(import.meta.dirname, 'run');
mkdirSync(out, { recursive: true });

const short = (_, v) => (typeof v === 'number' && !Number.isInteger(v) ? Number(v.toPrecision(5)) : v);
const read = (name) => readFileSync(join(run, name), 'utf8');
const write = (name, text) => writeFileSync(join(out, name), text);

for (const name of ['events.jsonl', 'information.jsonl']) {
  const rows = read(name).trim().split('\n');
  write(name, rows.map((line) => `${JSON.stringify(JSON.parse(line), short)}\n`).join(''));
}
write('run.json', `${JSON.stringify(JSON.parse(read('run.json')), null, 1)}\n`);
const { size, leftOut } = JSON.parse(read('groups.json'));
write('groups.json', `${JSON.stringify({ size, leftOut, groups: {} })}\n`);

const files = readdirSync(join(run, 'representation')).filter((f) => f.startsWith('umap-'));
const kept = await Promise.all(
  [files[0], files[files.length - 1]].map((f) => readSafetensors(join(run, 'representation', f))),
);
const fifth = (_, i) => i % 5 === 0;
const points = kept.map(({ tensors }) =>
  Array.from(tensors.points.data, (v) => Number(v.toFixed(3))).filter((_, k) => fifth(_, Math.floor(k / 2))),
);
const epochs = [files[0], files[files.length - 1]].map((f) => Number(/epoch-([\d.]+)\./.exec(f)[1]));
const groups = JSON.parse(kept[0].metadata.groups).filter(fifth);
write('embedding.json', `${JSON.stringify({ method: 'umap', epochs, points, groups })}\n`);
