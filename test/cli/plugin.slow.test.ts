/** `--plugin` where work is done elsewhere than in the command's own thread: dry runs, studies, seeds; and what is kept by a name. */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sandbox } from './helpers.js';

const box = sandbox();

/** An attack, a data set of two classes and a small model, all of which built-in words do not know. */
const PARTS = `import { attacks, datasets, engine, models, Rng, registerAttack, registerDataset, registerModel, z } from 'ibscope';
registerAttack(attacks.defineAttack({
  name: 'stripe', summary: '', source: '', threat: '', options: z.strictObject({}),
  trigger: () => ({ train: (image) => image.slice().fill(1, 0, 24), test: (image) => image.slice().fill(1, 0, 24) }),
}));
const set = (n, seed) => {
  const rng = new Rng(seed, 'plugin');
  const labels = Int32Array.from({ length: n }, (_, i) => i % 2);
  const images = Uint8Array.from({ length: n * 192 }, (_, i) => 60 + 100 * labels[Math.floor(i / 192)] + rng.int(60));
  return datasets.imageSet({ images, labels, height: 8, width: 8 });
};
registerDataset(datasets.fromArrays('bright', { classes: ['dark', 'bright'], train: set(600, 0), test: set(60, 1) }));
registerModel({
  name: 'tiny-net', summary: '', source: '', defaultWidth: 4, layers: ['last'],
  forward(l, x, { classes, width }) {
    const last = engine.relu(l.batchNorm('bn', l.conv('conv', x, width, 3)));
    return models.pooledHead(l, 'fc', { last: models.pooled(l, last, l.noise(last)) }, classes);
  },
});
`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const PLUGINS = [{ name: 'parts.mjs', sha256: sha256(PARTS) }];
const OTHER = `${PARTS}// Another content.\n`;

const OWN = ['--plugin', 'parts.mjs'];
const TINY =
  '--model tiny-net --width 2 --batch-size 64 --epochs 2 --checkpoints 2 --draws 2 --target 1 --null-splits 1'.split(
    ' ',
  );
const RUN = ['--dataset', 'bright', '--attack', 'stripe', '--poison-rate', '0.2', ...TINY];
const read = (...path: string[]) => readFile(join(box.folder, ...path), 'utf8');

beforeAll(async () => {
  await writeFile(join(box.folder, 'parts.mjs'), PARTS);
  await writeFile(join(box.folder, 'other.mjs'), OTHER);
});

describe('an attack, a data set and a model of one’s own', () => {
  it('in a dry run', async () => {
    const { code, stdout } = await box.run(['run', ...OWN, ...RUN, '--dry-run', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).trainingFlops).toBeGreaterThan(0);
  });

  it('in a run of several seeds, whose workers are started by a worker; run.json names the file and no path', async () => {
    const { code, stdout, stderr } = await box.run(['run', ...RUN, '--seeds', '0', ...OWN, '--out', 'seeds', '--json']);
    expect(stderr).not.toContain('defect');
    expect(code).toBe(0);
    const [row] = JSON.parse(stdout).rows;
    expect(row).toMatchObject({ attack: 'stripe', dataset: 'bright', model: 'tiny-net' });
    // The page shows the same sentences.
    expect(row.verdict.sentence).toMatch(/score.*\.$/s);
    const seed = (name: string) => read('seeds', 'runs', 'seed-0', name);
    expect(JSON.parse(await seed('run.json')).plugins).toEqual(PLUGINS);
    for (const name of ['run.json', 'result.json', 'report.html']) expect(await seed(name)).not.toContain(box.folder);
    const words = (await seed('report.html'))
      .replace(/<[^>]*>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&amp;', '&');
    expect(words).toContain(row.verdict.sentence);
  });

  it('is resumed with the same content, wherever the file is now, and with no other', async () => {
    const resume = ['run', '--out', 'seeds/runs/seed-0', '--resume', '--json'];
    await writeFile(join(box.folder, 'moved.mjs'), PARTS);
    const moved = await box.run([...resume, '--plugin', 'moved.mjs']);
    expect(moved.code).toBe(0);
    expect(JSON.parse(moved.stdout).attack).toBe('stripe');
    const other = await box.run([...resume, '--plugin', 'other.mjs']);
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(
      /made with the plugin parts\.mjs of SHA-256 \w+…; give it with --plugin parts\.mjs\n$/,
    );
  });

  it('exports the model of a run only with the plugin that has its code', async () => {
    const command = ['export', 'seeds/runs/seed-0', '--out', 'model.onnx'];
    const without = await box.run(command);
    expect(without.code).toBe(2);
    expect(without.stderr).toMatch(/made with the plugin parts\.mjs/);
    expect((await box.run([...command, ...OWN])).code).toBe(0);
  });

  it('in a study: finished runs are reused with the same content, and runs of another content are other runs', async () => {
    const study = ['study', 'attacks', '--data', 'bright', '--attacks', 'stripe@0.2', '--seeds', '0', ...TINY];
    const into = [...study, '--out', 'study', '--json'];
    const made = await box.run([...into, ...OWN, '--rows', 'rows.jsonl']);
    expect(made.code).toBe(0);
    const rows = await read('rows.jsonl');
    expect(JSON.parse(rows).plugins).toEqual(PLUGINS);
    expect(rows).not.toContain(box.folder);
    const again = await box.run([...into, ...OWN, '--dry-run']);
    expect(JSON.parse(again.stdout)).toMatchObject({ runs: 1, done: 1 });
    const other = await box.run([...into, '--plugin', 'other.mjs', '--dry-run']);
    expect(JSON.parse(other.stdout)).toMatchObject({ runs: 1, done: 0 });
  });
});

it('a surrogate model of the same name in another file is another entry of the cache', async () => {
  const surrogate = 'surrogate=tiny-net surrogateWidth=1 surrogateEpochs=1 steps=1'.split(' ');
  const options = surrogate.flatMap((option) => ['--attack-option', option]);
  const command = ['poison', '--attack', 'label-consistent', '--poison-rate', '0.5', '--train-limit', '40', ...options];
  const cached = async (kind: string) => (await readdir(join(box.folder, '.cache', kind))).length;
  const counts: number[][] = [];
  for (const [i, file] of ['parts.mjs', 'parts.mjs', 'other.mjs'].entries()) {
    const { code } = await box.run([...command, '--plugin', file, '--out', `set-${i}.npz`]);
    expect(code).toBe(0);
    counts.push([await cached('models'), await cached('adversarial')]);
  }
  expect(counts).toEqual([
    [1, 1],
    [1, 1],
    [2, 2],
  ]);
});
