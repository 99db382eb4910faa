import { describe, expect, it } from 'vitest';
import { catalogue, downloadBytes, findEntry } from '../../src/datasets/catalogue.js';
import { datasets } from '../../src/datasets/index.js';
import { textDatasets } from '../../src/datasets/texts/index.js';

describe('the catalogue', () => {
  it('lists every data set that --dataset takes, and no other', () => {
    expect(catalogue.map((e) => e.name).sort()).toEqual([...datasets, ...textDatasets].map((d) => d.name).sort());
  });

  it('gives every file a length, a hash of the right form, and bounds it can be unpacked within', () => {
    expect(catalogue.filter(({ remote }) => remote).length).toBeGreaterThanOrEqual(7);
    for (const { remote } of catalogue) {
      if (remote) expect(remote.files.length).toBeGreaterThan(0);
      for (const { name, bytes, hash, most, unpack } of remote?.files ?? []) {
        expect(name).toMatch(/^[\w.-]+$/);
        expect(hash.hex).toMatch(hash.algorithm === 'md5' ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{64}$/);
        expect(most.bytes).toBeGreaterThanOrEqual(unpack === 'keep' ? bytes : bytes * 0.9);
      }
      if (remote) expect(remote.base).toMatch(/^https?:\/\/.*\/$/);
    }
  });

  it('counts on disk what the files that make a set complete hold', () => {
    let counted = 0;
    for (const { name, disk, remote } of catalogue) {
      const lengths = Object.values(remote?.holds ?? {});
      if (lengths.length === 0 || lengths.includes(null)) continue;
      expect([name, disk]).toEqual([name, lengths.reduce((a, b) => (a ?? 0) + (b ?? 0), 0)]);
      counted++;
    }
    expect(counted).toBeGreaterThan(0);
    expect(downloadBytes(findEntry('svhn'))).toBe(246_316_178);
    expect(downloadBytes(findEntry('shapes10'))).toBeNull();
  });
});
