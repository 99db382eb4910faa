/** `ibscope audit` as scripts use it. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ndarray } from '../../src/formats/npy.js';
import { readNpz, writeNpz } from '../../src/formats/npz.js';
import { RunDirectory } from '../../src/runs/directory.js';
import { readSamples, readTrace } from '../../src/runs/trace.js';
import { MAIN, sandbox } from './helpers.js';

describe('audit', () => {
  const box = sandbox();
  const at = (...parts: string[]) => join(box.folder, ...parts);
  const lastLine = (text: string) => text.trim().split('\n').at(-1);

  beforeAll(async () => {
    const poison = ['poison', '--attack', 'badnets', '--train-limit', '1500', '--test-limit', '20', '--target', '2'];
    for (const [format, out] of [
      ['npz', 'set.npz'],
      ['folder', 'folder'],
    ]) {
      const made = await box.run([...poison, '--format', format, '--out', out]);
      expect(made.code, made.stderr).toBe(0);
    }
  });

  it('flags the target of BadNets, names its samples and exits with 3; without the flags in the file the answer is the same', async () => {
    const { images, labels, poisoned } = await readNpz(at('set.npz'));
    await writeNpz(at('bare.npz'), {
      images: ndarray(images.data, images.shape),
      labels: ndarray(labels.data, labels.shape),
    });
    const outcomes = [];
    for (const set of ['set.npz', 'bare.npz'])
      outcomes.push(await box.run(['audit', set, '--quick', '--out', `${set}-found`, '--json']));
    for (const o of outcomes) expect(o.code, o.stderr).toBe(3);
    const [found, bare] = outcomes.map((o) => JSON.parse(o.stdout));
    expect(found.asked).toMatchObject({ set: 'set.npz', images: 1500, seed: 0, effort: 'quick' });
    const asked = { ...bare.asked, set: 'set.npz' };
    expect({ ...found, seconds: 0 }).toEqual({ ...bare, asked, seconds: 0 });
    expect(found.verdict).toBe('suspicious');
    expect(found.suspiciousClasses).toEqual(['2']);
    expect(found.classes).toHaveLength(10);
    const truth = new Set([...poisoned.data.keys()].filter((i) => poisoned.data[i]));
    const hit = (found.suspicious as number[]).filter((i) => truth.has(i)).length;
    // Precision, and recall.
    expect(hit / found.suspicious.length).toBeGreaterThan(0.9);
    expect(hit / truth.size).toBeGreaterThan(0.8);
    const files = ['audit.json', 'samples.csv', 'sheet.png', 'suspicious.txt'];
    expect(readdirSync(at('set.npz-found')).sort()).toEqual(files);
    const listed = readFileSync(at('set.npz-found', 'suspicious.txt'), 'utf8').trim().split('\n');
    expect(listed.map(Number)).toEqual(found.suspicious);
    const [head, ...rows] = readFileSync(at('set.npz-found', 'samples.csv'), 'utf8').trim().split('\n');
    expect(head).toBe('sample,class,suspicious,side,poisoned_log_odds_nats,pointwise_I_X_T_nats,pointwise_I_T_Y_nats');
    expect(rows).toHaveLength(1500);
    const cells = rows.map((row) => row.split(','));
    // Named samples are in the poisoned cluster or near it; other classes have no clusters.
    const part = (chosen: (c: string[]) => boolean) => {
      const found = cells.filter(chosen);
      expect(found.length).toBeGreaterThan(0);
      return found;
    };
    expect(part((c) => c[2] === '1').every((c) => Number(c[4]) > -5)).toBe(true);
    expect(part((c) => c[1] === '2' && c[2] === '0').every((c) => c[3] === 'rest')).toBe(true);
    expect(part((c) => c[1] !== '2').every((c) => c[3] === '' && c[4] === '')).toBe(true);

    // The cleaned set is written later, after a look at the picture, without a second training.
    const again = ['audit', 'set.npz', '--quick', '--out', 'set.npz-found', '--resume', '--json'];
    const later = await box.run([...again, '--write-clean', 'later']);
    expect(later.code, later.stderr).toBe(3);
    expect(later.stderr).not.toContain('train');
    expect(JSON.parse(later.stdout)).toEqual(found);
    const cleaned = await readNpz(at('later', 'train.npz'));
    expect(cleaned.labels.shape).toEqual([1500 - found.suspicious.length]);
    for (const [extra, says] of [
      [['--seed', '1'], '--resume: set.npz-found is of another set or was made with other options'],
      [
        ['--intervene', 'stop'],
        '--intervene: the audit in set.npz-found is finished, and its networks are gone; audit again',
      ],
    ] as const) {
      const refused = await box.run([...again, ...extra]);
      expect([refused.code, lastLine(refused.stderr)]).toEqual([2, `ibscope: ${says}`]);
    }
  });

  it('writes a folder without the named samples, which it names by their files, and the networks of countermeasures', async () => {
    const asked = ['--write-clean', 'cleaned/', '--intervene', 'retrain,prune'];
    const { code, stdout, stderr } = await box.run([
      'audit',
      'folder',
      '--quick',
      '--out',
      'found',
      ...asked,
      '--json',
    ]);
    expect(code, stderr).toBe(3);
    const { suspicious, suspiciousClasses, interventions } = JSON.parse(stdout);
    expect(interventions.map((i: { how: string }) => i.how)).toEqual(['nothing', 'prune', 'retrain']);
    const [nothing, , retrain] = interventions.map((i: { judgement: object }) => i.judgement);
    // Evaluated on test/ and test-triggered/ of the folder, and on the named samples.
    expect(nothing.asr).toBeGreaterThan(0.5);
    expect(nothing.named).toBeGreaterThan(0.8);
    expect(retrain.asr).toBeLessThan(nothing.asr / 2);
    expect(retrain.named).toBeLessThan(nothing.named / 2);
    for (const how of ['nothing', 'prune', 'retrain']) expect(existsSync(at('found', `model-${how}.onnx`))).toBe(true);
    expect(existsSync(at('found', 'training.safetensors'))).toBe(false);
    const manifest = JSON.parse(readFileSync(at('folder', 'manifest.json'), 'utf8'));
    expect(suspiciousClasses).toEqual([manifest.classes[2]]);
    const train = at('cleaned', 'train');
    const left = readdirSync(train).flatMap((c) => readdirSync(join(train, c)).map((f) => join(c, f)));
    expect(existsSync(at('cleaned', 'test'))).toBe(true);
    expect(left.length).toBe(1500 - suspicious.length);
    expect(suspicious.length).toBeGreaterThan(0);
    for (const path of suspicious as string[]) {
      expect(existsSync(join(box.folder, path))).toBe(true);
      expect(left).not.toContain(path.split('/').slice(-2).join('/'));
    }
  });

  it('resumes after Ctrl-C, to the same answer', async () => {
    const args = ['audit', 'set.npz', '--quick', '--out', 'stopped', '--json'];
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: box.folder, stdio: 'pipe' });
    const kept = at('stopped', 'training.safetensors');
    // Once: a second one ends the process at once.
    const watching = setInterval(() => {
      if (existsSync(kept) && child.kill('SIGINT')) clearInterval(watching);
    }, 50);
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
    });
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect([code, lastLine(said)]).toEqual([
      130,
      'ibscope: stopped. To resume, give the same command with --out stopped --resume.',
    ]);
    expect(readdirSync(at('stopped'))).toEqual(['training.safetensors']);
    const [again, whole] = [
      await box.run([...args, '--resume']),
      JSON.parse(readFileSync(at('set.npz-found', 'audit.json'), 'utf8')),
    ];
    expect(again.code, again.stderr).toBe(3);
    expect({ ...JSON.parse(again.stdout), seconds: 0 }).toEqual({ ...whole, seconds: 0 });
  });

  it('audits a run by its probes, and names samples by their numbers in the set the run was trained on', async () => {
    const options = {
      attack: 'badnets',
      // With 2 000 the target has p = 0.004 and is not flagged: the groups of a run are smaller than its set.
      'train-limit': 3000,
      'test-limit': 20,
      width: 8,
      epochs: 10,
      'batch-size': 32,
    };
    const how = { checkpoints: '1,5,8,10', lr: 0.025, noise: 0.1, 'null-splits': 0, out: 'own' };
    const flags = Object.entries({ ...options, ...how }).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const made = await box.run(['run', ...flags]);
    expect(made.code, made.stderr).toBe(0);
    const { code, stdout, stderr } = await box.run(['audit', 'own', '--quick', '--out', 'own-found', '--json']);
    expect(code, stderr).toBe(3);
    const { suspicious, suspiciousClasses } = JSON.parse(stdout);
    const dir = await RunDirectory.read(at('own'));
    const { classes } = await readTrace(dir);
    expect(suspiciousClasses).toEqual([classes[0]]);
    const { index, poisoned } = await readSamples(dir, classes.length);
    const truth = new Set([...index].filter((_, i) => poisoned[i]));
    const hit = (suspicious as number[]).filter((i) => truth.has(i)).length;
    expect(hit / suspicious.length).toBeGreaterThan(0.9);
    expect(hit / truth.size).toBeGreaterThan(0.8);
    const refused = await box.run(['audit', 'own', '--out', 'x', '--write-clean', 'y']);
    expect(lastLine(refused.stderr)).toBe(
      'ibscope: --write-clean y: own is a run, and holds only some samples of its set',
    );
  });

  it.each([
    [['nowhere'], 'nowhere: no such file or folder'],
    [
      ['set.txt'],
      'set.txt: a folder of class folders, an .npz, .parquet, .csv, .tsv or .jsonl file, a release of CIFAR or a run is expected',
    ],
    [
      ['set.npz', '--intervene', 'stp'],
      'unknown intervention "stp": one of stop, drop, prune, retrain, all. Did you mean "stop"?',
    ],
    [['set.npz', '--test', 'folder/test'], '--test folder/test: it needs --intervene'],
    [['set.npz', '--resume'], '--resume: name the audit to resume with --out DIR'],
    [['set.npz', '--resume', '--out', 'folder'], '--out folder: it holds no audit; name another'],
    [
      ['two.npz'],
      /^ibscope: two\.npz: 2 of its 2 classes have at least 30 images; the audit compares classes with one another and needs 4 such classes$/,
    ],
    [['set.npz', '--out', 'there'], '--out there: it exists already; name another, or resume it with --resume'],
    [['set.npz', '--out', 'x', '--write-clean', 'there'], '--write-clean there: it exists already; name another'],
    [['set.npz', '--out', 'x', '--write-clean', './x/'], '--write-clean ./x/: --out is the same folder; name another'],
    [['set.npz', '--out', 'set.txt/x'], '--out set.txt/x: no file can be written there (ENOTDIR): set.txt is a file'],
    [['set.npz', '--quick', '--thorough'], '--quick, --thorough: one of them'],
    [['set.npz', '--seed', 'x'], '--seed x: a whole number from 0 is allowed'],
  ])('refuses %j in one line, and writes nothing', async (args, line) => {
    await mkdir(at('there'), { recursive: true });
    await writeFile(at('set.txt'), '');
    await writeNpz(at('two.npz'), {
      images: ndarray(new Uint8Array(80 * 64), [80, 8, 8]),
      labels: ndarray(
        Int32Array.from({ length: 80 }, (_, i) => i % 2),
        [80],
      ),
    });
    const { code, stdout, stderr } = await box.run(['audit', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    if (line instanceof RegExp) expect(lastLine(stderr)).toMatch(line);
    else expect(lastLine(stderr)).toBe(`ibscope: ${line}`);
    expect(existsSync(at('x'))).toBe(false);
  });
});
