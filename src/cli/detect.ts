/** `ibscope detect`: what published detectors make of a run or a data set. */
import { type Command, Option } from 'commander';
import { duration } from '../base/duration.js';
import { UserError } from '../base/errors.js';
import { detectionJobs } from '../detection/job-of.js';
import type { DetectOutcome } from '../detection/jobs.js';
import { DETECTORS, detectJobOf, detectorNames } from '../detection/request.js';
import { detectors } from '../detectors/index.js';
import { judgedWords } from '../report/spaces.js';
import type { DetectorRow } from '../runs/documents.js';
import { defaultOut, examples, HEADINGS, JSON_FLAG, wholeNumber } from './options.js';
import { runJob } from './run-job.js';
import { table } from './table.js';

export function addDetect(program: Command) {
  program
    .command('detect')
    .description('ask published detectors of backdoors about a run or a data set')
    .argument('<path>', 'folder of a run, or a data set as `ibscope audit` takes it')
    .optionsGroup(HEADINGS.data)
    .option(
      '--trusted <set>',
      'samples that are known to be clean, for detectors that need some (default of a run: 30 test images of each class)',
    )
    .optionsGroup(HEADINGS.measurement)
    .option('--detector <names>', `detectors, comma-separated: ${DETECTORS.join(', ')}; or all`, 'all')
    .option(
      '--expected-rate <share>',
      'largest share of the set that may be poisoned, which SS and SPECTRE must be told (default of a run: its poison rate; of a set: 0.05)',
    )
    .option('--seed <n>', 'seed of everything random', '0')
    .optionsGroup(HEADINGS.output)
    .addOption(
      new Option(
        '--out <dir>',
        'folder for the findings about a data set (default runs/detect-…; those about a run go into its folder)',
      ),
    )
    .option('--resume', 'resume the stopped training on the data set in --out')
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `\n${needs()}\n${examples(['npx ibscope detect runs/blend --detector AC,SCAn,IBD-PSC'], 'run')}`,
    )
    .action(async (path: string, values: DetectOptions) => {
      const { trusted, out, resume } = values;
      const request = {
        path,
        detectors: detectorNames(values.detector),
        trusted,
        expectedRate: rateOf(values.expectedRate),
        seed: wholeNumber('--seed', values.seed, 0),
        out,
        resume,
      };
      const job = await detectJobOf(request, defaultOut('detect'));
      const outcome = await runJob(detectionJobs('detectJob'), job);
      process.stdout.write(`${values.json ? JSON.stringify(outcome.document) : words(outcome)}\n`);
    });
}

interface DetectOptions {
  detector: string;
  trusted?: string;
  expectedRate?: string;
  seed: string;
  out?: string;
  resume?: boolean;
  json?: boolean;
}

/** What each detector looks at and needs, for `--help`. */
function needs(): string {
  const rows = detectors.map((d) => [d.name, d.threatModel, d.summary, d.source]);
  return `${table(['detector', 'model', 'looks at', 'paper'], rows, [0, 1, 2, 3])}
A: needs the training set alone; B: the set and trusted samples; C: a network and its inputs; D: a network and trusted samples.
docs/detection.md says where each fails.`;
}

/** `--expected-rate` as a number; what is none is refused by its text. Throws `UserError`. */
function rateOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const rate = Number(text);
  if (text.trim() === '' || Number.isNaN(rate))
    throw new UserError(`--expected-rate ${text}: a share above 0 and up to 0.5 is allowed`);
  return rate;
}

const share = (v: number | null) => (v === null ? '–' : v.toFixed(3));

function words({ document, samples }: DetectOutcome): string {
  const { detectors: rows, poisoned, trusted, epsilon, samples: n } = document;
  const asked = rows.filter((row) => row.skipped === null);
  const known = poisoned !== null && poisoned > 0;
  return [
    `${n} training samples${known ? `, ${poisoned} of them poisoned` : ''}; trusted samples: ${trusted ? `${trusted.from} (${trusted.samples})` : 'none'}; expected rate ${epsilon}`,
    '',
    ...(asked.length > 0
      ? [
          table(
            headings(known),
            asked.map((row) => cells(row, known)),
          ),
        ]
      : []),
    ...rows.flatMap((row) => (row.skipped === null ? [] : [`${row.name} was left out: ${row.skipped}`])),
    '',
    ...(known
      ? [
          'TPR, FPR: share of the poisoned and of the other samples that its own rule flags; AUROC: of its score, 0.5 is chance',
        ]
      : []),
    'SS, ABL and SPECTRE flag a fixed share of every set. docs/detection.md says what each needs and where it fails.',
    ...(asked.some((row) => row.judged === 'training set') ? [`samples: ${samples}/NAME.csv`] : []),
  ].join('\n');
}

const headings = (known: boolean) => [
  'detector',
  'model',
  'judged',
  'flagged',
  ...(known ? ['TPR', 'FPR', 'AUROC', 'TPR at 1 % FPR'] : []),
  'target classes',
  'time',
];

function cells(row: DetectorRow, known: boolean): string[] {
  return [
    row.name,
    row.threatModel,
    judgedWords(row),
    row.flagged === null ? '–' : `${row.flagged} of ${row.n}`,
    ...(known ? [row.tpr, row.fpr, row.auroc, row.tprAt1].map(share) : []),
    row.targets === null ? '–' : row.targets.join(', ') || 'none',
    duration(row.seconds),
  ];
}
