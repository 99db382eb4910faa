/** `ibscope audit`: is this training set safe? */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { auditJobs } from '../audit/job-of.js';
import type { AuditJob, AuditOutcome } from '../audit/jobs.js';
import { type Intervention, interventions, signals, WEIGHT } from '../audit/names.js';
import { UserError, unknownWord } from '../base/errors.js';
import { defaultOut } from './options.js';
import { runJob } from './run-job.js';

import { table } from './table.js';

/** Exit code where something suspicious was found: scripts tell it from a failure. */
const SUSPICIOUS = 3;

export function addAudit(program: Command) {
  program
    .command('audit')
    .description('look for a backdoor in a labelled image set that nobody vouches for')
    .argument('<set>', 'folder of class folders (or with train/ in it), an .npz with images and labels, or a run')
    .option('--seed <n>', 'seed of everything random (default 0)')
    .option('--quick', 'half the training, half the time')
    .option('--thorough', 'twice the training, twice the time')
    .option('--out <dir>', 'folder of the findings (default runs/audit-…)')
    .option(
      '--resume',
      'go on with the audit in --out that was stopped; of one that is finished, print it again and write its set',
    )
    .option('--write-clean <dir>', 'write the set without its suspicious samples')
    .option('--intervene <how>', `do something about it, and judge it: ${interventions.join(', ')}, several, or all`)
    .option('--test <set>', 'clean test images to judge by (default test/ beside train/)')
    .option('--triggered <set>', 'triggered test images, labelled as the attacker wants (default test-triggered/)')
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .addHelpText(
      'after',
      '\nExit code 0: nothing found; 3: suspicious. What it does not find stands in docs/audit.md.\n\nExample:\n  ibscope audit ./images --write-clean ./cleaned',
    )
    .action(async (path: string, values) => {
      if (values.quick && values.thorough) throw new UserError('--quick, --thorough: one of them');
      if (values.seed !== undefined && !/^\d{1,15}$/.test(values.seed))
        throw new UserError(`--seed ${values.seed}: a whole number from 0 is allowed`);
      if (values.resume && values.out === undefined)
        throw new UserError('--resume: name the audit to go on with by --out DIR');
      const asked = interventionsOf(values.intervene);
      for (const flag of ['test', 'triggered'])
        if (values[flag] !== undefined && asked.length === 0)
          throw new UserError(`--${flag} ${values[flag]}: it goes with --intervene`);
      const beside = async (name: string) => {
        const isFolder = async (part: string) => (await stat(join(path, part)).catch(() => null))?.isDirectory();
        const there = asked.length > 0 && (await isFolder('train')) && (await isFolder(name));
        return there ? join(path, name) : undefined;
      };
      const job: AuditJob = {
        path,
        out: values.out ?? defaultOut('audit'),
        clean: values.writeClean,
        effort: values.quick ? 'quick' : values.thorough ? 'thorough' : 'normal',
        seed: Number(values.seed ?? 0),
        resume: values.resume === true,
        interventions: asked,
        test: values.test ?? (await beside('test')),
        triggered: values.triggered ?? (await beside('test-triggered')),
      };
      const outcome = await runJob(auditJobs('auditJob'), job);
      process.stdout.write(
        values.json ? `${JSON.stringify(outcome.document)}\n` : `${words(outcome, values.writeClean)}\n`,
      );
      if (outcome.document.verdict === 'suspicious') process.exitCode = SUSPICIOUS;
    });
}

function interventionsOf(text: string | undefined): Intervention[] {
  if (text === undefined) return [];
  if (text === 'all') return [...interventions];
  return text.split(',').map((how) => {
    if ((interventions as readonly string[]).includes(how)) return how as Intervention;
    throw unknownWord('intervention', how, [...interventions, 'all']);
  });
}

function words({ document, out, sheet, cleaned }: AuditOutcome, clean: string | undefined): string {
  const { classes, suspicious, suspiciousClasses } = document;
  const ranked = [...classes].sort((a, b) => a.signals.together - b.signals.together);
  const shown = ranked.slice(0, Math.max(5, suspiciousClasses.length));
  const rows = shown.map((c) => [
    c.label,
    c.p < 1e-300 ? '< 1e-300' : c.p < 0.0001 ? c.p.toExponential(0) : c.p.toFixed(4),
    c.suspicious ? 'suspicious' : '',
    ...signals.map((s) => {
      const value = c.signals.values[s];
      const telling = c.suspicious && c.signals.p[s] / WEIGHT[s] === c.signals.together;
      return `${telling ? '→ ' : ''}${Number.isFinite(value) ? value.toFixed(2) : '–'}`;
    }),
  ]);
  const others = classes.length - shown.length;
  const of = (n: number, one: string) => `${n} ${n === 1 ? one : `${one}${one.endsWith('s') ? 'es' : 's'}`}`;
  const said =
    suspiciousClasses.length === 0
      ? 'Nothing found: no class stands out from the others. That is no proof; docs/audit.md says what an audit misses.'
      : `Suspicious: ${suspiciousClasses.map((c) => `"${c}"`).join(', ')}. ${classes
          .filter((c) => c.suspicious)
          .map(because)
          .join(' ')}${
          suspicious.length > 0
            ? ` ${of(suspicious.length, 'sample')} named: look at the picture before you decide.`
            : ''
        }`;
  return [
    said,
    '',
    table(
      ['class', 'p', '', 'excess ln d′', 'two-sided, nats', 'I(X;T)', 'I(T;Ŷ)', 'early loss', 'early I(T;Ŷ)'],
      rows,
    ),
    ...(others > 0 ? [`and ${of(others, 'class')} more, no p below ${ranked[shown.length].p.toFixed(4)}`] : []),
    'p: chance of evidence this strong in any class of a clean set, 1 where there is none; 0.01 or less is called suspicious',
    ...(suspiciousClasses.length > 0 ? ['→ what the verdict rests on: how far it lies from the other classes'] : []),
    '',
    `picture: ${sheet}`,
    `samples: ${out}/samples.csv${suspicious.length > 0 ? `, those named: ${out}/suspicious.txt` : ''}`,
    ...interventionTable(document.interventions, out),
    ...(cleaned
      ? [
          `without them: ${cleaned.path} (${of(cleaned.images, 'image')}); those near the border are in the picture's middle rows`,
        ]
      : []),
    ...(suspicious.length > 0 && clean === undefined
      ? [`to leave them out: the same command with --out ${out} --resume --write-clean DIR`]
      : []),
    ...(clean !== undefined && !cleaned ? [`${clean} was not written: no sample is named`] : []),
  ].join('\n');
}

/** Why a class is called suspicious. */
function because({ label, sides }: AuditOutcome['document']['classes'][number]): string {
  if (!sides)
    return `What the network knows of the samples of "${label}", or when it learned them, is unlike any other class. They do not fall into two kinds, so none is named.`;
  if (sides.payload === null)
    return `The samples of "${label}" fall into two kinds as in no other class, and both may belong there: an attack that leaves labels right looks like that, and so does a class of two things. None is named; the picture shows both.`;
  return `The samples of "${label}" fall into two kinds as in no other class, and one of them looks like the images of other classes: what a backdoor’s payload would look like.`;
}

function interventionTable(done: AuditOutcome['document']['interventions'], out: string): string[] {
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
    table(['done', 'accuracy', 'ASR', 'named', ''], rows),
    'accuracy, ASR: of test images, of triggered ones; named: of the samples named, called the class they came with',
    `networks: ${out}/model-*.onnx`,
  ];
}
