import { spawn } from 'node:child_process';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MAIN, sandbox } from './helpers.js';

const box = sandbox();
const data = (...args: string[]) => box.call(['data', ...args]);

describe('ibscope data', () => {
  it('list --json prints one document with every data set', async () => {
    const { code, stdout, stderr } = await data('list', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const sets = JSON.parse(stdout);
    expect(sets.find((s: { name: string }) => s.name === 'cifar10')).toMatchObject({
      train: 50_000,
      fetch: true,
      download: 170_052_171,
      files: [{ url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz', hash: { algorithm: 'sha256' } }],
    });
    expect(sets.find((s: { name: string }) => s.name === 'folder')).toMatchObject({ fetch: false, files: [] });
  });

  it('list prints a table, and licence, source and --data-dir of each', async () => {
    const { code, stdout } = await data('list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^svhn .*246 MB .*yes$/m);
    expect(stdout).toMatch(/licence +non-commercial use only/);
  });

  it.each([
    [['fetch', 'cifar'], /unknown data set "cifar".*Did you mean "cifar10"/],
    [['fetch', 'folder'], /"folder": there is nothing to fetch/],
    [['fetch', 'mnist', '--mirror', 'ftp://x/'], /--mirror ftp/],
    [['fetch'], /missing required argument 'name'/],
    [['fetch', 'mnist', '--ot', 'x'], /unknown option '--ot'.*--out/],
    [['lst'], /unknown command 'lst'.*list/],
  ])('%j is one line, exit code 2, and leaves nothing behind', async (args, expected) => {
    const { code, stdout, stderr } = await data(...args);
    expect(stderr).toMatch(expected);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(await readdir(box.folder)).toEqual([]);
  });

  describe('with a server', () => {
    let answer: RequestListener;
    const server = createServer((request, response) => answer(request, response));
    let mirror: string;
    beforeAll(async () => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    });
    afterAll(() => new Promise((resolve) => server.close(resolve)));

    it('fetch that fails is one line and exit code 1', async () => {
      answer = (_, response) => response.writeHead(404).end();
      const { code, stdout, stderr } = await data('fetch', 'svhn', '--mirror', mirror, '--out', 'none');
      expect(stderr).toBe(
        `ibscope: ${mirror}train_32x32.mat: the server answered 404 Not Found; --mirror names another address\n`,
      );
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    });

    it('Ctrl-C keeps what has arrived, and exits with 130', async () => {
      answer = (_, response) => {
        response.writeHead(200, { 'Content-Length': 182_040_794 });
        response.write(Buffer.alloc(5000));
      };
      const child = spawn(process.execPath, [MAIN, 'data', 'fetch', 'svhn', '--mirror', mirror], { cwd: box.folder });
      let stderr = '';
      child.stderr.on('data', (text) => {
        stderr += text;
      });
      const part = join(box.folder, 'data/svhn.download/train_32x32.mat.part');
      await vi.waitFor(async () => expect((await stat(part)).size).toBe(5000), { timeout: 60_000 });
      child.kill('SIGINT');
      expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130);
      expect(stderr).toBe('ibscope: stopped; the downloaded part is kept. To resume, give the same command.\n');
      expect((await stat(part)).size).toBe(5000);
    });
  });

  it('fetch of what is there says so, and how to use it', async () => {
    await mkdir(join(box.folder, 'my digits'));
    const files = { 'train-images-idx3': 47_040_016, 'train-labels-idx1': 60_008, 't10k-images-idx3': 7_840_016 };
    for (const [name, bytes] of Object.entries({ ...files, 't10k-labels-idx1': 10_008 })) {
      await writeFile(join(box.folder, 'my digits', `${name}-ubyte`), Buffer.alloc(bytes));
    }
    const { code, stdout } = await data('fetch', 'mnist', '--out', 'my digits');
    expect(code).toBe(0);
    expect(stdout).toBe(
      "my digits: mnist exists already\n\n  npx ibscope run --dataset mnist --data-dir 'my digits'\n",
    );
    const { stdout: json } = await data('fetch', 'mnist', '--out', 'my digits', '--json');
    expect(JSON.parse(json)).toMatchObject({ dataset: 'mnist', path: 'my digits', already: true });
  });
});
