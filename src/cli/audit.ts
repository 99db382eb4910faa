/** `ibscope audit`: is this training set safe? */
import type { Command } from 'commander';
import { UserError } from '../base/errors.js';
import type { AuditJob, AuditOutcome } from '../experiments/jobs.js';
import { defaultOut } from './options.js';
import { table } from './table.js';
import { work } from './work.js';

/** Exit code where something suspicious was found: scripts tell it from a failure. */
const SUSPICIOUS = 3;

export function addAudit(program: Command) {
  program
    .command('audit')
    .description('look for a backdoor in a labelled image set that nobody vouches for')
    .argument('<set>', 'folder of class folders (or with train/ in it), or an .npz with images and labels')
    .option('--seed <n>', 'seed of everything random (default 0)')
    .option('--quick', 'half the training, half the time')
    .option('--thorough', 'twice the training, twice the time')
    .option('--out <dir>', 'folder of the findings (default runs/audit-…)')
    .option('--write-clean <dir>', 'write the set without its suspicious samples')
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .addHelpText(
      'after',
      '\nExit code 0: nothing found; 3: suspicious. What it does not find stands in docs/audit.md.\n\nExample:\n  ibscope audit ./images --write-clean ./cleaned',
    )
    .action(async (path: string, values) => {
      if (values.quick && values.thorough) throw new UserError('--quick, --thorough: one of them');
      if (values.seed !== undefined && !/^\d{1,15}$/.test(values.seed))
        throw new UserError(`--seed ${values.seed}: a whole number from 0 is allowed`);
      const job: AuditJob = {
        path,
        out: values.out ?? defaultOut('audit'),
        clean: values.writeClean,
        effort: values.quick ? 'quick' : values.thorough ? 'thorough' : 'normal',
        seed: Number(values.seed ?? 0),
      };
      const outcome = await work<AuditOutcome>('auditJob', job);
      process.stdout.write(values.json ? `${JSON.stringify(outcome.document)}\n` : `${words(outcome)}\n`);
      if (outcome.document.verdict === 'suspicious') process.exitCode = SUSPICIOUS;
    });
}

function words({ document, out, sheet, cleaned }: AuditOutcome): string {
  const { classes, suspicious, suspiciousClasses } = document;
  const rows = [...classes]
    .sort((a, b) => a.p - b.p)
    .slice(0, Math.max(5, suspiciousClasses.length))
    .map((c) => [
      c.label,
      c.p < 0.0001 ? c.p.toExponential(0) : c.p.toFixed(4),
      c.suspicious ? 'suspicious' : '',
      ...(['separation', 'two-sidedness', 'I(X;T)', 'I(T;Ŷ)', 'early loss'] as const).map((s) => {
        const value = c.signals.values[s];
        return Number.isFinite(value) ? value.toFixed(2) : '–';
      }),
    ]);
  const of = (n: number, one: string) => `${n} ${n === 1 ? one : `${one}s`}`;
  const said =
    suspiciousClasses.length === 0
      ? 'Nothing found: no class stands out from the others. That is no proof; docs/audit.md says what an audit misses.'
      : `Suspicious: ${suspiciousClasses.map((c) => `"${c}"`).join(', ')}. Its samples fall into two kinds as in no other class, and one of them (${of(
          suspicious.length,
          'sample',
        )}) looks like the images of other classes: what a backdoor’s payload would look like. Look at the picture before you decide.`;
  return [
    said,
    '',
    table(['class', 'p', '', 'ln d′', 'two-sided, nats', 'I(X;T)', 'I(T;Ŷ)', 'early loss'], rows),
    'p: chance of evidence this strong somewhere in a clean set; 0.01 or less is called suspicious',
    '',
    `picture: ${sheet}`,
    `samples: ${out}/samples.csv`,
    ...(cleaned ? [`without them: ${cleaned.path} (${of(cleaned.images, 'image')})`] : []),
  ].join('\n');
}
