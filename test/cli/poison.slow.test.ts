import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readNpz } from '../../src/formats/npz.js';
import { sandbox } from './helpers.js';

const box = sandbox();
const SMALL = ['--train-limit', '500', '--test-limit', '60'];

describe('poison', () => {
  it.each(['npz', 'folder', 'bin'])('--format %s writes the same poisoned set', async (format) => {
    const out = format === 'npz' ? 'set.npz' : `set-${format}`;
    const { code, stdout } = await box.run(['poison', ...SMALL, '--format', format, '--out', out, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      file: out,
      preview: null,
      images: 500,
      poisoned: 50,
      cover: 0,
      target: expect.stringMatching(/^\w+ \(0\)$/),
    });
    if (format !== 'npz') {
      const { samples } = JSON.parse(await readFile(join(box.folder, out, 'manifest.json'), 'utf8'));
      const { poisoned } = await readNpz(join(box.folder, 'set.npz'));
      expect(samples.length).toBeGreaterThan(0);
      for (const s of samples) expect(s.poisoned).toBe(poisoned.data[s.index] === 1);
    }
  });

  it('--preview draws a contact sheet of one attack, or of all that need nothing but their name', async () => {
    const one = await box.run(['poison', ...SMALL, '--attack', 'wanet', '--preview', 'wanet.png']);
    expect([one.code, one.stderr]).toEqual([0, '']);
    expect((await sharp(join(box.folder, 'wanet.png')).metadata()).width).toBeGreaterThan(600);
    expect(await readdir(box.folder)).not.toContain('.cache');
  });

  it('label-consistent: trains its clean model once; labels stay, images change as far as they may', async () => {
    const options = ['surrogateWidth=2', 'surrogateEpochs=1', 'steps=10', 'epsilon=100', 'step=20'];
    const attack = ['--attack', 'label-consistent', ...options.flatMap((o) => ['--attack-option', o])];
    const first = await box.run(['poison', ...SMALL, ...attack, '--poison-rate', '0.5', '--out', 'lc.npz']);
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('clean model: clean accuracy')]);
    const again = await box.run(['poison', ...SMALL, ...attack, '--poison-rate', '0.5', '--out', 'lc2.npz']);
    expect([again.code, again.stderr]).toEqual([0, '']);
    expect(await readdir(join(box.folder, '.cache'))).toEqual(['adversarial', 'models']);
    const [a, b] = [await readNpz(join(box.folder, 'lc.npz')), await readNpz(join(box.folder, 'lc2.npz'))];
    expect(b.images).toEqual(a.images);
    expect(a.labels).toEqual(a.original_labels);
    const clean = await box.run(['poison', ...SMALL, '--attack', 'none', '--out', 'clean.npz']);
    expect(clean.code).toBe(0);
    const { images } = await readNpz(join(box.folder, 'clean.npz'));
    const size = 3072;
    const inner = (i: number) => {
      const [y, x] = [Math.floor((i % size) / 96), Math.floor((i % 96) / 3)];
      return !((y < 3 || y > 28) && (x < 3 || x > 28));
    };
    let touched = 0;
    for (let r = 0; r < 500; r++) {
      let squares = 0;
      for (let i = r * size; i < (r + 1) * size; i++)
        if (inner(i)) squares += ((a.images.data[i] as number) - (images.data[i] as number)) ** 2;
      const length = Math.sqrt(squares);
      if (a.poisoned.data[r]) {
        touched++;
        // Bytes round each of 3 072 values by at most a half.
        expect(length).toBeGreaterThan(60);
        expect(length).toBeLessThan(100 + 0.5 * Math.sqrt(size));
      } else expect(length).toBe(0);
    }
    expect(touched).toBe(25);
  });
});
