/** What the audit takes for a training set, with the names of its classes. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { loadUntrustedImages } from '../../src/audit/load.js';
import { encodeNpy, ndarray } from '../../src/formats/npy.js';
import { encodeNpz } from '../../src/formats/npz.js';

const box = mkdtempSync(join(tmpdir(), 'ibscope-untrusted-'));
afterAll(() => rmSync(box, { recursive: true, force: true }));

const N = 100;

/** A batch of CIFAR-10 as Python pickles it (protocol 2): image `i` is grey of value 2 i, of class i mod 10. */
function batch(): Buffer {
  const text = (s: string) => Buffer.concat([Buffer.from([0x55, s.length]), Buffer.from(s)]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(N * 3072);
  return Buffer.concat([
    Buffer.from('\x80\x02}(', 'latin1'),
    text('labels'),
    Buffer.from(`](${Array.from({ length: N }, (_, i) => `K${String.fromCharCode(i % 10)}`).join('')}e`, 'latin1'),
    text('data'),
    Buffer.from('cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R', 'latin1'),
    Buffer.from(`(K\x01K${String.fromCharCode(N)}M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R`, 'latin1'),
    Buffer.from('(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T', 'latin1'),
    size,
    Buffer.from(Uint8Array.from({ length: N * 3072 }, (_, at) => 2 * Math.floor(at / 3072))),
    Buffer.from('tbu.'),
  ]);
}

describe('an untrusted set', () => {
  it('may be the release of CIFAR-10 for Python, whose classes have their names', async () => {
    const folder = join(box, 'cifar-10-batches-py');
    mkdirSync(folder);
    for (const file of [1, 2, 3, 4, 5].map((k) => `data_batch_${k}`).concat('test_batch'))
      writeFileSync(join(folder, file), batch());
    copyFileSync(join(import.meta.dirname, '../golden/pickles/names.pkl'), join(folder, 'batches.meta'));
    for (const path of [folder, box]) {
      const { kind, classes, set } = await loadUntrustedImages(path, 'a test');
      expect([kind, classes[0], classes[9], set.n]).toEqual(['cifar', 'zero', 'nine', 5 * N]);
      expect([...set.images.subarray(3072 * 107, 3072 * 107 + 3), set.labels[107]]).toEqual([14, 14, 14, 7]);
    }
    rmSync(folder, { recursive: true });
  });

  it('may be Parquet shards, all images of the training set', async () => {
    const png = new Uint8Array(
      await sharp({ create: { width: 32, height: 32, channels: 3, background: '#102030' } })
        .png()
        .toBuffer(),
    );
    const names = Array.from({ length: 10 }, (_, k) => `class ${k}`);
    mkdirSync(join(box, 'hub', 'data'), { recursive: true });
    const file = join(box, 'hub', 'data', 'train-00000-of-00001.parquet');
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'image', data: Array.from({ length: 5 * N }, () => png), type: 'BYTE_ARRAY' },
        { name: 'label', data: Int32Array.from({ length: 5 * N }, (_, i) => i % 10), type: 'INT32' },
      ],
      kvMetadata: [
        {
          key: 'huggingface',
          value: JSON.stringify({ info: { features: { label: { _type: 'ClassLabel', names } } } }),
        },
      ],
    });
    writeFileSync(file, new Uint8Array(bytes));
    for (const path of [file, join(box, 'hub')]) {
      const { kind, classes, set } = await loadUntrustedImages(path, 'a test');
      expect([kind, classes, set.n, set.labels[13]]).toEqual(['parquet', names, 5 * N, 3]);
      expect([...set.images.subarray(0, 3)]).toEqual([16, 32, 48]);
    }
  });

  it('may be a folder of .npy files, or one with train.npz, as --write-clean writes it', async () => {
    const n = 200;
    const arrays = {
      x_train: ndarray(
        Uint8Array.from({ length: n * 64 }, (_, at) => Math.floor(at / 64)),
        [n, 8, 8],
      ),
      y_train: ndarray(
        Int32Array.from({ length: n }, (_, i) => i % 5),
        [n],
      ),
    };
    for (const [name, files] of Object.entries({
      npy: { 'x_train.npy': encodeNpy(arrays.x_train), 'y_train.npy': encodeNpy(arrays.y_train) },
      npz: { 'train.npz': encodeNpz(arrays) },
    })) {
      mkdirSync(join(box, name));
      for (const [file, bytes] of Object.entries(files)) writeFileSync(join(box, name, file), bytes);
      const { kind, set, classes } = await loadUntrustedImages(join(box, name), 'a test');
      expect([kind, set.n, set.images[64 * 33], set.labels[33], classes.length]).toEqual(['npz', n, 33, 3, 5]);
    }
  });

  it('is no other file, and no HDF5', async () => {
    writeFileSync(join(box, 'set.txt'), 'x');
    await expect(loadUntrustedImages(join(box, 'set.txt'), 'a test')).rejects.toThrow(
      /set\.txt: a folder of class folders, an \.npz, \.parquet, \.csv, \.tsv or \.jsonl file, a release of CIFAR or a run is expected$/,
    );
    writeFileSync(join(box, 'set.h5'), Buffer.from('\x89HDF\r\n\x1a\nrest', 'latin1'));
    await expect(loadUntrustedImages(join(box, 'set.h5'), 'a test')).rejects.toThrow(
      /set\.h5: is HDF5, which is not read; write an/,
    );
  });
});
