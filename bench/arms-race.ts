/**
 * The adversary against the score, the detectors and the defence, from the first surrogate to the last table.
 *
 *   npm run -s bench -- arms-race --out DIR [--images DIR] [--weights 0,1,4,16,64] [--seeds 101,102,103] [--only A,B] [--table FILE] [--limit N] [--epochs N]
 *
 * `--images`: CIFAR-10 as an image folder (default shapes10). `--weights`: values of λ, one adapted trigger each. One more has a term by which it is learned
 * late. `--only`: steps, of adapt, search, victims, others, detect, defence (default all, in this order), or `none`, for the tables of
 * the rows that are there. Every step is a command of ibscope that is printed, writes into `--out`, and resumes: the same command goes on where the last one
 * ended. `--quick` makes every step small, to see that all of them work. `--table` writes what the rows say.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { SearchDocument } from '../src/adaptive/halving.js';
import type { AdaptDocument } from '../src/adaptive/types.js';
import { UserError } from '../src/base/errors.js';
import { groupBy } from '../src/base/group-by.js';
import { type GapParts, integrationGap, mean, type StealthQuantity } from '../src/dynamics/index.js';
import { chanceText, decimal } from '../src/report/index.js';
import type { DetectionRow } from '../src/studies/detection/types.js';
import type { StudyRow } from '../src/studies/rows.js';
import { type DefenceRow, defenceTables } from './defence-table.js';
import { readRows } from './rows.js';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'dist/cli/main.js');
/** Largest change of a pixel by an adapted trigger. */
const EPSILON = 0.06;
/** Share of the training set that is poisoned. */
const RATE = 0.05;
/** γ of every network: that of a training that defends itself, and of the study of detection. */
const NOISE = 0.1;
/** Weights of the term for the score and of that for lateness, of the trigger that is learned late. */
const LATE = { lambda: '4', late: '1' };
/** Published attacks that adapt, Adaptive-Blend with opacities by which it succeeds on networks of this size. */
const PUBLISHED = [`adaptive-blend@${RATE}:alpha=0.3:testAlpha=0.4`, `adaptive-patch@${RATE}`];

/** What the black box tried, below the folder of the race. */
const SEARCHED = ['search', 'search.json'];

const STEPS = ['adapt', 'search', 'victims', 'others', 'detect', 'defence'] as const;
type Step = (typeof STEPS)[number];

/** How a trigger came about. */
type AdaptedRow = { trigger: string } & Pick<AdaptDocument, 'settings' | 'rounds' | 'chosen' | 'visibility' | 'budget'>;

const OPTIONS = {
  out: { type: 'string' },
  images: { type: 'string' },
  weights: { type: 'string', default: '0,1,4,16,64' },
  seeds: { type: 'string', default: '101,102,103' },
  only: { type: 'string', default: STEPS.join(',') },
  table: { type: 'string' },
  limit: { type: 'string', default: '10000' },
  epochs: { type: 'string', default: '12' },
  quick: { type: 'boolean', default: false },
} as const;

/** Folder of the state and the report of a trigger file. */
const folderOf = (trigger: string) => trigger.replace(/\.npz$/, '');

/** One command of ibscope, printed; what it prints as JSON. */
function ibscope<T>(args: string[]): T {
  console.error(`$ npx ibscope ${args.join(' ')}`);
  const out = execFileSync(process.execPath, [MAIN, ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 30,
  });
  return JSON.parse(String(out));
}

class Race {
  readonly triggers: string[];

  constructor(
    private readonly out: string,
    private readonly images: string | undefined,
    private readonly weights: string[],
    private readonly seeds: string,
    private readonly limit: string,
    private readonly epochs: string,
    private readonly quick: boolean,
  ) {
    this.triggers = [...weights.map((w) => `lambda-${w}.npz`), 'late.npz'].map((name) => join(out, name));
  }

  private get network(): string[] {
    const { limit, epochs, quick } = this;
    const small = quick ? ['--draws', '4', '--probe-size', '40'] : [];
    const test = quick ? '300' : '2000';
    const size = ['--train-limit', limit, '--test-limit', test, '--width', quick ? '4' : '8', '--epochs', epochs];
    return [...size, '--noise', String(NOISE), ...small];
  }

  /** The data set, as commands but `study` name it; shapes10 is what they take without. */
  private get dataset(): string[] {
    return this.images ? ['--dataset', 'folder', '--data-dir', this.images] : [];
  }

  /** The data set and the network of `study`, whose data set is one argument. */
  private get study(): string[] {
    const small = this.quick ? ['--minimum-group', '30', '--null-splits', '2'] : [];
    return ['--data', this.images ? `folder:${this.images}` : 'shapes10', ...this.network, ...small];
  }

  private learned = () => this.triggers.map((t) => `learned@${RATE}:trigger=${t}`);

  /** Triggers for every λ, on surrogates. */
  adapt(): void {
    const { weights, quick } = this;
    const size = quick ? ['--rounds', '1', '--steps', '4', '--surrogates', '1', '--checkpoints', '1,2'] : [];
    for (const [i, trigger] of this.triggers.entries()) {
      // A finished one is kept, also from an earlier version.
      if (existsSync(trigger)) continue;
      const isLate = i === weights.length;
      const late = isLate ? ['--late', LATE.late] : [];
      const weight = isLate ? LATE.lambda : weights[i];
      const adapt = [
        'adapt',
        ...this.dataset,
        '--model',
        'resnet10',
        ...this.network,
        '--poison-rate',
        String(RATE),
        ...size,
      ];
      const state = existsSync(folderOf(trigger)) ? ['--resume'] : [];
      ibscope([...adapt, '--epsilon', String(EPSILON), '--lambda', weight, ...late, '--out', trigger, ...state]);
    }
    this.adapted();
  }

  /** Writes down how the triggers came about. */
  private adapted(): void {
    const rows = this.triggers.flatMap((trigger): AdaptedRow[] => {
      const file = join(folderOf(trigger), 'adapt.json');
      if (!existsSync(file)) return [];
      const { settings, rounds, chosen, visibility, budget }: AdaptDocument = JSON.parse(readFileSync(file, 'utf8'));
      return [{ trigger: basename(trigger, '.npz'), settings, rounds, chosen, visibility, budget }];
    });
    writeFileSync(join(this.out, 'adapted.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }

  /** The options of Blend that are stealthiest at the visibility of the adapted triggers. */
  search(): void {
    const [, trigger] = this.triggers;
    const seen = ['--attack', 'learned', '--attack-option', `trigger=${trigger}`, '--test-limit', '100'];
    const { psnr } = ibscope<{ psnr: number }>(['perceive', ...this.dataset, ...seen]);
    const vary = ['--vary', 'alpha=0.02:0.3:log', '--vary', `poison-rate=${RATE / 2},${RATE},${2 * RATE}`];
    const sweep = ['study', 'sweep', '--halving', '--attacks', 'blend', ...vary, '--trials', this.quick ? '3' : '9'];
    const of = ['--model', 'resnet10', '--seeds', '1', '--least-psnr', psnr.toFixed(1)];
    ibscope([...sweep, ...this.study, ...of, '--out', join(this.out, 'search')]);
  }

  /** The best candidate of the search, as `--attacks` names it; none before the search. */
  private found(): string[] {
    const file = join(this.out, ...SEARCHED);
    if (!existsSync(file)) return [];
    const { values } = JSON.parse(readFileSync(file, 'utf8')).best;
    return [`blend@${values['poison-rate']}:alpha=${values.alpha}`];
  }

  /** The file of rows and the folder of the runs, which studies of the same runs share. */
  private rowsOf(name: string, runs = name): string[] {
    return ['--rows', join(this.out, `${name}.jsonl`), '--out', join(this.out, runs)];
  }

  /** Every attack on networks of the architecture that the adversary knew. Detectors are asked about the same runs. */
  private known(): string[] {
    const plain = ['none', `badnets@${RATE}`, `blend@${RATE}`];
    const attacks = [...plain, ...PUBLISHED, ...this.found(), ...this.learned()].join(',');
    const of = ['--model', 'resnet10', '--seeds', this.seeds, '--rates', String(RATE)];
    return ['--attacks', attacks, ...this.study, ...of, '--keep-probes'];
  }

  /** Networks of the architecture that the adversary knew, trained with seeds that it did not. */
  victims(): void {
    ibscope(['study', 'attacks', ...this.known(), ...this.rowsOf('victims')]);
  }

  /** An architecture that it did not know. */
  others(): void {
    const attacks = [`badnets@${RATE}`, `blend@${RATE}`, ...this.learned()].join(',');
    const of = ['--models', 'vgg16', '--seeds', this.seeds];
    ibscope(['study', 'architecture', '--attacks', attacks, ...this.study, ...of, ...this.rowsOf('others')]);
  }

  /** Published detectors, asked about victims. */
  detect(): void {
    const asked = this.quick ? ['--detectors', 'AC,SS'] : [];
    ibscope(['study', 'detection', ...this.known(), ...asked, ...this.rowsOf('detected', 'victims')]);
  }

  /** Training that defends itself, given every adapted trigger. */
  defence(): void {
    const args = ['run', '-s', 'bench', '--', 'defence', '--attacks', ['none', ...this.learned()].join(',')];
    const of = ['--limit', this.limit, '--epochs', this.epochs, '--seeds', this.seeds];
    const data = this.images ? ['--images', this.images] : [];
    const defences = this.quick ? ['--defences', 'none,watch'] : [];
    console.error(`$ npm ${args.join(' ')} …`);
    const { status } = spawnSync(
      'npm',
      [...args, ...of, ...data, ...defences, '--rows', join(this.out, 'defence.jsonl')],
      { stdio: 'inherit', cwd: ROOT },
    );
    if (status !== 0) throw new Error(`the bench of defences ended with ${status}`);
  }
}

/** `learned lambda-1`, `blend alpha=0.1`. */
function labelOf({ config }: Pick<StudyRow, 'config'>): string {
  const options = (config.attackOption as string[]).map((o) => o.replace(/^trigger=(.*)\.npz$/, '$1'));
  return [config.attack, ...options].join(' ');
}

/** How triggers came about: every value by the round that begins with it. */
function adaptedTable(rows: readonly AdaptedRow[]): string {
  const lines = rows.map(({ trigger, settings, rounds, chosen, visibility, budget }) => {
    const by = (value: (r: AdaptedRow['rounds'][number]) => number) => rounds.map((r) => decimal(value(r))).join(', ');
    return `| ${trigger} | ${settings.lambda} | ${settings.late} | ${by((r) => r.deviation)} | ${by((r) => r.asr)} | ${chosen.round} | ${decimal(visibility.psnr, 1)} | ${budget.gradientSteps} | ${budget.surrogates} | ${decimal(budget.seconds / 60, 0)} |`;
  });
  return [
    '| trigger | λ | μ | D of new surrogates by round | their ASR | round handed out | PSNR, dB | gradient steps | surrogates | minutes |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

/** What the black box tried: a row a run. */
function searchTable({ rungs }: SearchDocument): string {
  const lines = rungs.flatMap(({ epochs, candidates }) =>
    candidates.map(
      ({ values, psnr, asr, score, p }) =>
        `| ${epochs} | ${Object.entries(values)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')} | ${decimal(psnr, 1)} | ${decimal(asr)} | ${decimal(score)} | ${chanceText(p)} |`,
    ),
  );
  return ['| epochs | options of Blend | PSNR, dB | ASR | S | p |', '|---|---|---|---|---|---|', ...lines].join('\n');
}

/** The integration gap of a run, of which p is the chance, and which an adapted trigger makes small on surrogates; null without a score. */
function gapOf({ stealth }: StudyRow): number | null {
  const { parts, beta } = stealth as { parts?: Record<StealthQuantity, GapParts>; beta: number };
  return parts ? integrationGap(parts, beta) : null;
}

/** What rows of victims say: a row an attack and a model, means over seeds; S with its range. */
function victimTable(rows: readonly StudyRow[]): string {
  const lines = groupBy([...new Map(rows.map((r) => [r.name, r])).values()], (r) =>
    JSON.stringify([r.config.model, labelOf(r), r.config.poisonRate]),
  ).map((same) => {
    const [{ config, perception }] = same;
    const ps = same.map((r) => r.stealth.p as number | null);
    const inside = ps.filter((p) => p !== null && p >= 0.05).length;
    const own = (value: (r: StudyRow) => number | null) => same.flatMap((r) => value(r) ?? []);
    const of = (value: (r: StudyRow) => number | null) => decimal(mean(own(value)));
    const scores = own((r) => r.stealth.score as number | null);
    const rate = config.attack === 'none' ? '–' : String(config.poisonRate);
    return `| ${config.model} | ${labelOf(same[0])} | ${rate} | ${decimal(perception['PSNR (dB)'], 1)} | ${decimal(perception.SSIM)} | ${of((r) => r.accuracy)} | ${of((r) => r.asr)} | ${decimal(mean(scores))} (${decimal(Math.min(...scores))} to ${decimal(Math.max(...scores))}) | ${of(gapOf)} | ${ps.map((p) => chanceText(p)).join(', ')} | ${inside} of ${same.length} |`;
  });
  return [
    '| victim | attack | rate | PSNR, dB | SSIM | clean accuracy | ASR | S | integration gap | p by seed | p ≥ 0.05 |',
    '|---|---|---|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

/** Mean AUROC of every detector by attack. */
function detectionTable(rows: readonly DetectionRow[]): string {
  const latest = [...new Map(rows.map((r) => [r.name, r])).values()].filter((r) => r.config.attack !== 'none');
  if (latest.length === 0) return '';
  const attacks = groupBy(latest, labelOf);
  const names = latest[0].detectors.map((d) => d.name);
  return [
    `| detector | ${attacks.map(([r]) => labelOf(r)).join(' | ')} |`,
    `|---|${attacks.map(() => '---').join('|')}|`,
    ...names.map((name) => {
      const cells = attacks.map((same) => {
        const found = same.flatMap((r) => r.detectors.find((d) => d.name === name) ?? []);
        const aurocs = found.flatMap((d) => d.auroc ?? []);
        const targets = found.filter((d) => d.targetFound !== null);
        const named =
          targets.length > 0 ? `, target in ${targets.filter((d) => d.targetFound).length} of ${targets.length}` : '';
        return `${aurocs.length > 0 ? decimal(mean(aurocs), 2) : '–'}${named}`;
      });
      return `| ${name} | ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const { out, images, weights, seeds, limit, epochs, quick, table } = values;
  if (!out) throw new UserError('--out DIR is needed');
  const only = values.only === 'none' ? [] : values.only.split(',');
  const unknown = only.find((step) => !STEPS.includes(step as Step));
  if (unknown !== undefined) throw new UserError(`--only ${unknown}: one of ${STEPS.join(', ')}, none`);
  if (only.length > 0 && !existsSync(MAIN)) throw new UserError('the program is not built: npm run build');
  mkdirSync(out, { recursive: true });
  const size = quick ? ['800', '3'] : [limit, epochs];
  const race = new Race(out, images, weights.split(','), seeds, size[0], size[1], quick);
  for (const step of STEPS) if (only.includes(step)) race[step]();
  const read = <Row>(name: string) => readRows<Row>(join(out, `${name}.jsonl`));
  const [adapted, detected, defended] = [
    read<AdaptedRow>('adapted'),
    read<DetectionRow>('detected'),
    read<DefenceRow>('defence'),
  ];
  const searched = join(out, ...SEARCHED);
  const victims = [...read<StudyRow>('victims'), ...read<StudyRow>('others')];
  const text = [
    '# The adversary against the score: tables',
    '`npm run -s bench -- arms-race` makes this page; [arms-race.md](arms-race.md) explains it. Clean accuracy, ASR and S are means over seeds.',
    ...(adapted.length > 0 ? ['## Adapted triggers', adaptedTable(adapted)] : []),
    ...(existsSync(searched)
      ? ['## Black box', searchTable(JSON.parse(readFileSync(searched, 'utf8')) as SearchDocument)]
      : []),
    ...(victims.length > 0 ? ['## Victims', victimTable(victims)] : []),
    ...(detected.length > 0 ? ['## Detectors', detectionTable(detected)] : []),
    ...(defended.length > 0 ? ['## Training that defends itself', defenceTables(defended)] : []),
  ].join('\n\n');
  console.log(text);
  if (table) writeFileSync(table, `${text}\n`);
}
