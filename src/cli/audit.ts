/** `ibscope audit`: does a training set hide a backdoor? */

import type { Command } from 'commander';
import { auditJobs } from '../audit/job-of.js';
import type { AuditJob, AuditOutcome } from '../audit/jobs.js';
import { type Intervention, interventions, signals, WEIGHT } from '../audit/names.js';
import type { WholeTextDocument } from '../audit/texts/document.js';
import { clearestCues, cueWords, percent, textConclusion } from '../audit/texts/words.js';
import { EXAMINED, FURTHER } from '../audit/verdict.js';
import { conclusion, counted } from '../audit/words.js';
import { duration } from '../base/duration.js';
import { UserError, unknownWord } from '../base/errors.js';
import { preciseChance } from '../report/headline.js';
import { defaultOut, examples, HEADINGS, JSON_FLAG } from './options.js';
import { runJob } from './run-job.js';
import { table } from './table.js';
import { besideTrain, checkThere } from './untrusted-set.js';

/** Exit code if a class is flagged, so that scripts can distinguish it from a failure. */
const SUSPICIOUS = 3;

export function addAudit(program: Command) {
  program
    .command('audit')
    .description('look for a backdoor in an untrusted set of images or texts')
    .argument(
      '<set>',
      'folder of class folders (or with train/ in it), an .npz with images and labels, a .csv, .tsv or .jsonl table of texts, Parquet files, a release of CIFAR, or a run',
    )
    .optionsGroup(HEADINGS.data)
    .option('--text-column <name>', 'column of the texts in a table (default the one with a usual name, such as text)')
    .option(
      '--label-column <name>',
      'column of the labels in a table (default the one with a usual name, such as label)',
    )
    .option('--test <set>', 'clean test samples for --intervene (default test/ beside train/)')
    .option(
      '--triggered <set>',
      'triggered test samples with the label the attacker wants, for --intervene (default test-triggered/ beside train/)',
    )
    .optionsGroup(HEADINGS.training)
    .option('--seed <n>', 'seed of everything random (default 0)')
    .option('--quick', 'train half as long')
    .option('--thorough', 'train twice as long')
    .optionsGroup(HEADINGS.measurement)
    .option(
      '--intervene <how>',
      `take countermeasures and measure each: ${interventions.join(', ')} (comma-separated), or all (default: none)`,
    )
    .optionsGroup(HEADINGS.output)
    .option('--out <dir>', 'folder for the findings (default runs/audit-…)')
    .option(
      '--resume',
      'resume the stopped audit in --out; a finished one is printed again, and --write-clean needs no new training',
    )
    .option(
      '--write-clean <dir>',
      'folder for a copy of the set without the named samples; train/ and test/ stay where the set has them (default: none)',
    )
    .option(...JSON_FLAG)
    .addHelpText(
      'after',
      `
Exit code 0: no class is flagged (there may be notes); 3: a class is flagged. docs/audit.md lists what the audit does not find.
${examples([
  'npx ibscope poison --attack badnets --train-limit 2000 --format folder --out images',
  'npx ibscope audit images --quick --out found --write-clean cleaned',
  'npx ibscope poison --dataset phrases10 --attack rare-words --out texts.csv',
  'npx ibscope audit texts.csv --text-column text --label-column label',
])}`,
    )
    .action(async (path: string, values: AuditOptions) => {
      const outcome = await runJob(auditJobs('auditJob'), await auditJobOf(path, values));
      const { document } = outcome;
      process.stdout.write(`${values.json ? JSON.stringify(document) : words(outcome, values.writeClean)}\n`);
      if (document.verdict === 'suspicious') process.exitCode = SUSPICIOUS;
    });
}

/** The document of an audit of images. */
type ImageDocument = Extract<AuditOutcome['document'], { samples: 'images' }>;

interface AuditOptions {
  seed?: string;
  textColumn?: string;
  labelColumn?: string;
  quick?: boolean;
  thorough?: boolean;
  out?: string;
  resume?: boolean;
  writeClean?: string;
  intervene?: string;
  test?: string;
  triggered?: string;
  json?: boolean;
}

/** The job that the options describe. Throws `UserError` for options that do not go together. */
async function auditJobOf(path: string, values: AuditOptions): Promise<AuditJob> {
  if (values.quick && values.thorough) throw new UserError('--quick, --thorough: one of them');
  if (values.seed !== undefined && !/^\d{1,15}$/.test(values.seed))
    throw new UserError(`--seed ${values.seed}: a whole number from 0 is allowed`);
  if (values.resume && values.out === undefined)
    throw new UserError('--resume: name the audit to resume with --out DIR');
  await checkThere(path);
  const asked = interventionsOf(values.intervene);
  for (const flag of ['test', 'triggered'] as const)
    if (values[flag] !== undefined && asked.length === 0)
      throw new UserError(`--${flag} ${values[flag]}: it needs --intervene`);
  const beside = async (name: string) => (asked.length > 0 ? besideTrain(path, name) : undefined);
  return {
    path,
    columns: { text: values.textColumn, label: values.labelColumn },
    out: values.out ?? defaultOut('audit'),
    clean: values.writeClean,
    effort: values.quick ? 'quick' : values.thorough ? 'thorough' : 'normal',
    seed: Number(values.seed ?? 0),
    resume: values.resume === true,
    interventions: asked,
    test: values.test ?? (await beside('test')),
    triggered: values.triggered ?? (await beside('test-triggered')),
  };
}

function interventionsOf(text: string | undefined): Intervention[] {
  if (text === undefined) return [];
  if (text === 'all') return [...interventions];
  return text.split(',').map((how) => {
    if ((interventions as readonly string[]).includes(how)) return how as Intervention;
    throw unknownWord('intervention', how, [...interventions, 'all']);
  });
}

function words(outcome: AuditOutcome, clean: string | undefined): string {
  const { document, out, sheet, cleaned, peakMemory } = outcome;
  const { suspicious } = document;
  const named = suspicious.length > 0;
  const one = document.samples === 'texts' ? 'text' : 'image';
  const shown = document.samples === 'texts' ? 'page' : 'picture';
  return [
    ...(document.samples === 'texts' ? textWords(document) : imageWords(document)),
    '',
    `${shown}: ${sheet}`,
    `samples: ${out}/samples.csv${named ? `, named ones: ${out}/suspicious.txt` : ''}`,
    ...(document.samples === 'images' ? interventionTable(document.interventions, out) : []),
    ...(cleaned
      ? [
          `cleaned set: ${cleaned.path} (${counted(cleaned.samples, one)})${named && one === 'image' ? '; the middle rows of the picture show the borderline samples' : ''}`,
        ]
      : []),
    ...(named && clean === undefined
      ? [`to leave them out, give the same command with --out ${out} --resume --write-clean DIR`]
      : []),
    ...(clean !== undefined && !cleaned ? [`${clean} was not written: no sample is named`] : []),
    ...(document.samples === 'images' && peakMemory !== null
      ? [`audited in ${duration(document.seconds)}, with at most ${peakMemory.toFixed(0)} MB of memory`]
      : []),
  ].join('\n');
}

function imageWords(document: ImageDocument): string[] {
  const { suspiciousClasses, notes, asked } = document;
  return [
    conclusion(document),
    '',
    ...classTable(document),
    `p: chance that any class of a clean set shows evidence this strong. Up to ${EXAMINED} (${FURTHER} where another class is flagged) other networks decide whether the class is flagged (suspicious); else it is noted up to ${asked.level}, which is also the nominal chance that a clean set is flagged`,
    ...(suspiciousClasses.length > 0 || notes.length > 0
      ? ['→: the signal that decides; compare it with the other classes']
      : []),
  ];
}

function textWords(document: WholeTextDocument): string[] {
  const rows = clearestCues(document.classes, 4, 8);
  return [
    textConclusion(document),
    '',
    table(
      ['class', 'words', 'p', '', 'texts', 'others', 'other words agree', 'in the class'],
      rows.map((r) => [
        r.label,
        cueWords(r),
        preciseChance(r.p),
        r.trigger ? 'suspicious' : r.note ? 'noted' : '',
        String(r.texts),
        String(r.others),
        percent(r.agree),
        percent(r.expected),
      ]),
      [0, 1, 3],
    ),
    `p: chance that any words of a clean set are so trigger-like; up to ${document.asked.level} a class is flagged (suspicious). Other words agree: share of the class’s texts with the words whose other words say the class too`,
  ];
}

/** Classes that the table shows at least. */
const SHOWN = 5;

/** The classes with the strongest evidence, and how many more there are. */
function classTable({ classes, suspiciousClasses, notes }: ImageDocument): string[] {
  const ranked = [...classes].sort((a, b) => a.p - b.p || a.signals.together - b.signals.together);
  const shown = ranked.slice(0, Math.max(SHOWN, suspiciousClasses.length + notes.length));
  const rows = shown.map((c) => [
    c.label,
    preciseChance(c.p),
    c.suspicious ? 'suspicious' : c.note ? `noted: ${c.note}` : '',
    ...signals.map((s) => {
      const value = c.signals.values[s];
      const decides = (c.suspicious || c.note) && c.signals.p[s] / WEIGHT[s] === c.signals.together;
      return `${decides ? '→ ' : ''}${Number.isFinite(value) ? value.toFixed(2) : '–'}`;
    }),
  ]);
  const others = classes.length - shown.length;
  return [
    table(
      ['class', 'p', '', 'excess ln d′', 'two-sided, nats', 'I(X;T)', 'I(T;Ŷ)', 'early loss', 'early I(T;Ŷ)'],
      rows,
    ),
    ...(others > 0
      ? [`and ${counted(others, 'more class')}, with p of at least ${ranked[shown.length].p.toFixed(4)}`]
      : []),
  ];
}

function interventionTable(done: ImageDocument['interventions'], out: string): string[] {
  if (done.length === 0) return [];
  const share = (v: number | null | undefined) => (v == null ? '–' : v.toFixed(3));
  const rows = done.map(({ how, judgement, note }) => [
    how,
    share(judgement?.accuracy),
    share(judgement?.asr),
    share(judgement?.named),
    note,
  ]);
  return [
    '',
    table(['countermeasure', 'clean accuracy', 'ASR', 'named', ''], rows),
    'ASR: attack success rate on triggered test samples; named: share of the named samples that the network assigns to their label',
    `networks: ${out}/model-*.onnx`,
  ];
}
