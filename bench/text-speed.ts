/**
 * Training of `transformer` on texts, in as many processes of one thread as there are cores, beside PyTorch if Python (`PYTHON`, or python3) has it: texts
 * trained on per second by the whole machine. Both read every batch up to its longest text.
 *
 *   npm run -s bench -- text-speed [--data wordnet,phrases10] [--noises 0,0.4] [--texts 2560] [--pairs 3] [--json]
 *
 * Medians of alternating pairs of AdamW steps on batches of 64, the first time through the texts left out. Without noise, the losses of the first two steps have to agree
 * to 0.1 %.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { table } from '../src/cli/table.js';
import { resolveConfig } from '../src/config/resolve.js';
import { makeTexts } from '../src/poisoning/texts.js';
import { ofEveryCore } from './slice/measure.js';
import { hasPeer, median, python } from './step/measure.js';
import { readNumber, readOptions } from './step/options.js';
import type { TextSpeedFigures, TextSpeedRequest } from './text-speed/child.js';

const [BATCH, WIDTH, AGREE] = [64, 16, 1e-3];
const CHILD = join(import.meta.dirname, 'text-speed/child.js');
const PEER = join(import.meta.dirname, '../../bench/peer_texts.py');

/** Texts as both sides read them: numbers of tokens and labels in one file. */
async function prepared(data: string, texts: number, dir: string): Promise<Omit<TextSpeedRequest, 'noise'>> {
  const config = resolveConfig({ dataset: data, attack: 'none', trainLimit: texts, testLimit: 100, seed: 0 });
  const { dataset, poisoned } = await makeTexts(config);
  const { tokens, labels, length, vocabulary } = poisoned;
  const order = Int32Array.from({ length: poisoned.n }, (_, i) => (i * 7919) % poisoned.n);
  const file = join(dir, `${data}.bin`);
  const rows = order.length;
  const all = new Int32Array(rows * (length + 1));
  for (const [k, i] of order.entries()) {
    all.set(tokens.subarray(i * length, (i + 1) * length), k * length);
    all[rows * length + k] = labels[i];
  }
  writeFileSync(file, Buffer.from(all.buffer));
  return { file, texts: rows, length, vocabulary, classes: dataset.classes.length, batch: BATCH, width: WIDTH };
}

export async function main(args: string[]): Promise<void> {
  const o = readOptions(args, { data: 'wordnet,phrases10', noises: '0,0.4', texts: '2560', pairs: '3' }, ['json']);
  const pairs = readNumber('pairs', o.pairs!, 1, true);
  const texts = readNumber('texts', o.texts!, BATCH, true);
  const withPeer = hasPeer();
  const rows: { data: string; noise: number; textsPerSecond: number; peer: number | null; ratio: number | null }[] = [];
  const dir = mkdtempSync(join(tmpdir(), 'ibscope-text-speed-'));
  try {
    for (const data of o.data!.split(',')) {
      const prepare = await prepared(data, texts, dir);
      for (const noise of o.noises!.split(',').map((text) => readNumber('noises', text, 0, false))) {
        const request: TextSpeedRequest = { ...prepare, noise };
        const found: { ours: TextSpeedFigures; peer: TextSpeedFigures | null }[] = [];
        for (let k = 0; k < pairs; k++)
          found.push({
            ours: await ofEveryCore<TextSpeedFigures>(process.execPath, [CHILD, JSON.stringify(request)]),
            peer: withPeer ? await ofEveryCore<TextSpeedFigures>(python(), [PEER, JSON.stringify(request)]) : null,
          });
        const [{ ours, peer }] = found;
        if (noise === 0 && peer)
          for (const of of ['first', 'second'] as const)
            if (!(Math.abs(ours[of] / peer[of] - 1) <= AGREE))
              throw new Error(`${data}: the ${of} loss is ${ours[of]} here and ${peer[of]} in PyTorch`);
        const perSecond = (seconds: number) => (availableParallelism() * request.texts) / seconds;
        rows.push({
          ...{ data, noise },
          textsPerSecond: median(found.map((p) => perSecond(p.ours.seconds))),
          peer: withPeer ? median(found.map((p) => perSecond(p.peer!.seconds))) : null,
          ratio: withPeer ? median(found.map((p) => p.peer!.seconds / p.ours.seconds)) : null,
        });
      }
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
  const machine = `${cpus()[0].model}, ${availableParallelism()} processes of one thread`;
  if (o.json) {
    console.log(JSON.stringify({ machine, rows }));
    return;
  }
  console.log(machine);
  console.log(
    table(
      ['data', 'γ', 'texts/s', 'PyTorch', 'ratio'],
      rows.map((r) => [
        ...[r.data, String(r.noise), r.textsPerSecond.toFixed(0), r.peer?.toFixed(0) ?? '–'],
        r.ratio?.toFixed(2) ?? '–',
      ]),
    ),
  );
  if (!withPeer) console.log(`${python()} has no torch and numpy: nothing stands beside these figures`);
}
