/** A study deletes the probes and weights of its finished runs, and such a run is still finished. */
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.js';
import { registerDataset } from '../../src/library/register.js';
import { readEmbedding } from '../../src/pipeline/embedding.js';
import { embedJob } from '../../src/pipeline/jobs.js';
import { run } from '../../src/pipeline/run.js';
import { RunDirectory } from '../../src/runs/directory.js';
import { RunViews } from '../../src/server/run-views.js';
import { type Execution, executePlan } from '../../src/studies/execute.js';
import { planStudy } from '../../src/studies/plan.js';
import { type StudyRow, studyRow } from '../../src/studies/rows.js';
import { Here, noiseImages } from './here.js';

let box: string;
const config = () =>
  resolveConfig({
    dataset: 'noise-of-probes',
    attack: 'badnets',
    poisonRate: 0.1,
    width: 1,
    epochs: 1,
    checkpoints: [1],
    instrument: ['critics'],
    draws: 1,
    nullSplits: 0,
    probeSize: 100,
  });

/** Plans and carries out a study of one run; what was done, said and recorded. */
async function study(out: string, options: Execution = {}, said: () => void = () => {}) {
  const executor = new Here();
  const rows: StudyRow[] = [];
  const lines: string[] = [];
  const line = (text: string) => {
    lines.push(text);
    if (/accuracy/.test(text)) said();
  };
  const plan = await planStudy([config()], out, executor, {}, true);
  const outcome = await executePlan(
    plan,
    out,
    executor,
    { line },
    { ...options, heard: (run, document) => rows.push(studyRow(run, document)) },
  );
  const path = join(out, 'runs', plan.runs[0].name);
  return { ...outcome, path, rows, lines, jobs: executor.jobs, large: largeOf(path) };
}
const largeOf = (path: string) => ['probes', 'checkpoints'].filter((name) => existsSync(join(path, name)));
const DELETED = 'Probes and weights of finished runs are deleted; --keep-probes keeps them.';
const BOTH = ['probes', 'checkpoints'];

let first: Awaited<ReturnType<typeof study>>;

beforeAll(async () => {
  registerDataset(noiseImages('noise-of-probes'));
  box = await mkdtemp(join(tmpdir(), 'ibscope-probes-'));
  // A copy of the run from the moment when it is finished, before its probes are deleted.
  first = await study(join(box, 'deleted'), {}, () =>
    cpSync(join(box, 'deleted'), join(box, 'whole'), { recursive: true }),
  );
});
afterAll(() => rm(box, { recursive: true, force: true }));
const copy = (name: string) => {
  cpSync(join(box, 'whole'), join(box, name), { recursive: true });
  return join(box, name);
};

it('deletes them by default once a run is finished, and does nothing again', async () => {
  expect(first.jobs).toEqual(['groupSizesJob', 'costJob', 'runJob']);
  expect(first.rows).toHaveLength(1);
  expect(first.large).toEqual([]);
  const again = await study(join(box, 'deleted'));
  expect(again.jobs).toEqual([]);
  expect(again.runs[0]).toEqual(first.runs[0]);
  expect(again.rows).toEqual(first.rows);
});

it('keeps them with keepProbes, also for later commands without it', async () => {
  const out = copy('kept');
  expect(largeOf(join(out, 'runs', first.runs[0].name))).toEqual(BOTH);
  expect((await study(out, { keepProbes: true })).large).toEqual(BOTH);
  const later = await study(out);
  expect([later.large, later.lines]).toEqual([BOTH, []]);
  rmSync(join(out, 'keep-probes'));
  expect((await study(out)).large).toEqual([]);
});

it('deletes them only after the other estimators, and says what is missing where they are gone', async () => {
  const { jobs, runs, large } = await study(copy('others'), { alternatives: true });
  expect(jobs).toEqual(['alternativesJob']);
  expect(new Set(runs[0].others.map((r) => r.estimator))).toEqual(new Set(['smile', 'pairwise']));
  expect(large).toEqual([]);
  const again = await study(join(box, 'others'), { alternatives: true });
  expect(again.jobs).toEqual([]);
  expect(again.lines).toEqual([DELETED]);
  expect(again.runs[0].others).toEqual(runs[0].others);

  const without = await study(join(box, 'deleted'), { alternatives: true });
  expect(without.jobs).toEqual([]);
  expect(without.lines).toEqual([
    DELETED,
    `${first.runs[0].name}: its probes were deleted, so it has no estimates by other estimators; --keep-probes keeps those of new runs`,
  ]);
  expect(without.runs).toHaveLength(1);
});

it('leaves what a page reads: the report, the picture of T and the view', async () => {
  const dir = await RunDirectory.read(first.path);
  expect(readdirSync(first.path)).toContain('report.html');
  expect((await readEmbedding(dir, 'umap'))?.epochs).toEqual([1]);
  const view = await new RunViews(box).read(first.path, 'r');
  expect(view.embeddings).toEqual([{ method: 'umap', epochs: [1] }]);
  expect(view.representation).toHaveLength(1);
  expect(view.stealth).toEqual(first.runs[0].report.stealth);
});

it('a resumed run that is finished is not trained again, and an embedding says what is missing', async () => {
  const lines: string[] = [];
  const result = await run(first.runs[0].config, first.path, true, { line: (text) => lines.push(text) });
  expect(lines).toEqual([]);
  expect(result).toEqual(first.runs[0].result);
  expect(largeOf(first.path)).toEqual([]);
  const context = { post: () => {}, shouldStop: () => false };
  await expect(embedJob({ path: first.path, method: 'tsne', seed: 0 }, context)).rejects.toThrow(
    /it has no probes; a study deletes those of a finished run unless --keep-probes is given/,
  );
});
