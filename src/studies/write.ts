import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { tidyRuns } from '../dynamics/index.js';
import type { StudyRun } from '../findings/types.js';
import { csv } from '../formats/csv.js';
import { writeAtomic } from '../formats/files.js';
import { type Block, type StudyReport, type StudySection, studyMarkdown } from '../report/index.js';

/** A report without its figures. */
export type PlainReport = Omit<StudyReport, 'sections'> & {
  sections: (Omit<StudySection, 'blocks'> & { blocks: Exclude<Block, { kind: 'figures' | 'gallery' }>[] })[];
};

/** The report as plain data. Figures are functions and cannot leave the thread; the page and the Markdown have them. */
export function withoutDrawings(report: StudyReport): PlainReport {
  return {
    ...report,
    sections: report.sections.map((s) => ({
      ...s,
      blocks: s.blocks.filter((b) => b.kind !== 'figures' && b.kind !== 'gallery'),
    })),
  };
}

/** All trajectories of a study as one tidy table, one line per point. */
export function trajectoriesCsv(runs: readonly StudyRun[]): string {
  const rows = tidyRuns(
    runs.map(({ name, config, report, others }) => ({
      run: name,
      seed: config.seed,
      layer: config.layer![0],
      rows: [...report.information, ...others],
    })),
  );
  const head = ['run', 'seed', 'epoch', 'group', 'quantity', 'estimator', 'layer', 'nats', 'standardError'] as const;
  return csv(rows, head);
}

export async function writeMarkdown(summary: StudyReport, file: string): Promise<void> {
  const folder = join(dirname(file), basename(file).replace(/\.md$/, ''));
  const { markdown, figures } = studyMarkdown(summary, relative(dirname(file), folder));
  if (figures.size > 0) await mkdir(folder, { recursive: true });
  for (const [name, svg] of figures) await writeAtomic(join(folder, name), svg);
  await writeAtomic(file, markdown);
}
