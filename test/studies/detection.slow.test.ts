/** A tiny study of detection from its options to its page: three runs on shapes10, resumed, and judged again. */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderStudy, studyMarkdown } from '../../src/report/index.js';
import type { DetectorsDocument } from '../../src/runs/documents.js';
import { detectorsOf } from '../../src/studies/detection/asked.js';
import { detectionReport } from '../../src/studies/detection/report.js';
import { detectionRow } from '../../src/studies/detection/row.js';
import { detectionStudy } from '../../src/studies/detection/study.js';
import type { DetectionRow } from '../../src/studies/detection/types.js';
import { executePlan } from '../../src/studies/execute.js';
import { runsOfRows } from '../../src/studies/from-rows.js';
import { planStudy } from '../../src/studies/plan.js';
import type { StudyOptions } from '../../src/studies/types.js';
import { smallConfig } from '../pipeline/small-run.js';
import { Here } from './here.js';

let box: string;
beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-detection-'));
});
afterAll(() => rm(box, { recursive: true, force: true }));

it('the committed page is what its committed rows say', async () => {
  const runs = await runsOfRows(['docs/detection.jsonl'], 'detectors');
  const report = detectionReport({ runs, failed: [], fromRows: true });
  expect(studyMarkdown(report, 'detection-study').markdown).toBe(readFileSync('docs/detection-study.md', 'utf8'));
});

it('judges every run by the detectors, keeps what it asked the network, and asks again only what it is told to', async () => {
  const { dataset, attack: _, attackOption: __, poisonRate: ___, seed: ____, ...base } = smallConfig([1], ['resolved']);
  const options: StudyOptions = {
    base: {
      ...base,
      trainLimit: 1200,
      testLimit: 400,
      width: 4,
      probeSize: 60,
      noise: 0.1,
      epochs: 2,
      checkpoints: [1, 2],
    },
    data: [{ request: { dataset } }],
    attacks: [{ attack: 'none' }, { attack: 'badnets' }, { attack: 'badnets', rate: 0.03 }],
    rates: [0.1],
    seeds: [4],
    noises: [],
    models: [],
  };
  const out = join(box, 'study');
  const go = async (again: string[]) => {
    const executor = new Here();
    const rows: DetectionRow[] = [];
    const plan = await planStudy(detectionStudy.plan(options), out, executor, {}, true);
    const asked = detectorsOf(plan.runs.length, { names: ['AC', 'ABL', 'IBD-PSC'], again });
    const outcome = await executePlan(
      plan,
      out,
      executor,
      {},
      {
        detectors: asked.map((a) => ({ ...a, seconds: 1 })),
        heard: (run, document) => rows.push(detectionRow(run, document)),
      },
    );
    expect(outcome.failed).toEqual([]);
    const latest = plan.runs.map(({ name }) => rows.filter((r) => r.name === name).at(-1)!);
    return { executor, outcome, rows: latest, paths: plan.runs.map((r) => join(out, 'runs', r.name)) };
  };
  const first = await go([]);
  const [clean, strong, weak] = first.rows;
  expect(first.rows.map((r) => r.detectors.map((d) => d.name))).toEqual(
    new Array(3).fill(['AC', 'ABL', 'IBD-PSC', 'NC']),
  );
  // A run of 36 poisoned samples has a score from groups of 30 up.
  expect([strong.groupSize, weak.groupSize]).toEqual([36, 36]);
  for (const row of [strong, weak]) {
    expect(row.stealth.score).toBeGreaterThan(0);
    expect(row.stealth.p).not.toBeNull();
    // TUP is relative to the clean run.
    for (const measure of ['uclc', 'tac', 'tup']) expect(row.spaces.parameter[measure], measure).toBeGreaterThan(0);
    expect(row.detectors[1].auroc).not.toBeNull();
  }
  expect(clean.asr).toBeNull();
  expect(clean.detectors[0]).toMatchObject({ auroc: null, tpr: null, targetFound: null });
  expect(JSON.stringify(first.rows)).not.toContain(box);
  // Of a finished run the weights stay that detectors were shown.
  for (const path of first.paths) {
    expect((await readdir(path)).includes('probes')).toBe(false);
    expect(await readdir(join(path, 'checkpoints'))).toHaveLength(2);
    expect((await readdir(join(path, 'answers'))).length).toBeGreaterThan(1);
  }

  // Findings of other weights, as their stamp says, are made anew; so are those that are asked again. The rest is read.
  const file = join(first.paths[1], 'detectors.json');
  const document: DetectorsDocument = JSON.parse(readFileSync(file, 'utf8'));
  const spoiled = document.detectors.map((d) => ({ ...d, auroc: 0.123 }));
  writeFileSync(file, JSON.stringify({ ...document, detectors: spoiled }));
  const second = await go(['ABL']);
  expect(second.executor.jobs.filter((job) => job === 'runJob')).toEqual([]);
  expect(second.rows[1].detectors.map((d) => d.auroc)).toEqual([0.123, strong.detectors[1].auroc, 0.123, null]);
  writeFileSync(file, JSON.stringify({ ...document, detectors: spoiled, stamp: 'another' }));
  const third = await go([]);
  expect(third.rows[1].detectors.map((d) => d.auroc)).toEqual(strong.detectors.map((d) => d.auroc));

  const report = await detectionStudy.report(first.outcome, options);
  // Two runs are too few for any claim.
  expect([report.lede].flat()[0]).toContain('too few attacked runs');
  expect(await renderStudy(report)).not.toMatch(/NaN|undefined/);
});
