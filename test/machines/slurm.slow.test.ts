/** Studies on a real Slurm: detached, resumed, saved before the time limit; and without Slurm. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isUnderWay, numbersOf, Program, runsOf, tinyStudy, until } from './programs.js';
import { missing, TestSlurm } from './slurm.js';

let box: string;
const at = (out: string) => join(box, out);
beforeAll(async () => {
  box = await mkdtemp(join(tmpdir(), 'ibscope-slurm-study-'));
});
afterAll(() => rm(box, { recursive: true, force: true }));

it('writes the script where sbatch is not installed, and says how to submit it', async () => {
  const env = { PATH: '/nowhere' };
  const study = new Program(
    [...tinyStudy('0'), '--executor', 'slurm', '--slurm-option', 'partition=long', '--out', 'written'],
    box,
    env,
  );
  expect(await study.ended, study.stderr).toBe(0);
  const script = join('written', 'slurm', 'attacks.sh');
  expect(study.stdout).toContain(`sbatch --parsable --array=0-1 ${at(script)}`);
  expect(readFileSync(at(script), 'utf8')).toContain('#SBATCH --partition=long');
  expect(runsOf(at('written'))).toEqual([]);
});

const lacks = missing();
describe.skipIf(lacks !== null)(`on Slurm${lacks ? ` (skipped, needs ${lacks})` : ''}`, () => {
  let slurm: TestSlurm;
  beforeAll(async () => {
    slurm = await TestSlurm.start();
  });
  afterAll(() => slurm.stop());
  const inQueue = () => slurm.say('squeue', '--noheader', '--array', '--format=%F_%K %T').trim();
  const start = (out: string, ...more: string[]) =>
    new Program([...tinyStudy('0', 2), '--executor', 'slurm', '--out', out, ...more], box, slurm.env);

  it('submits, ends, and submits what is missing when it is given again', async () => {
    const first = start('detached', '--detach');
    expect(await first.ended, first.stderr).toBe(0);
    expect(first.stdout).toMatch(/submitted to Slurm as job (\d+)/);
    // Given again at once: the jobs are with Slurm, and are not submitted twice.
    const again = start('detached', '--detach', '--resume');
    expect(await again.ended, again.stderr).toBe(0);
    if (inQueue() !== '') expect(again.stdout).toMatch(/all jobs are with Slurm already|submitted/);
    await until(() => inQueue() === '', undefined, 500);
    const names = runsOf(at('detached'));
    expect(names).toHaveLength(2);
    const whole = numbersOf(at('detached'));
    rmSync(join(at('detached'), 'runs', names[0]), { recursive: true });
    const last = start('detached', '--resume');
    expect(await last.ended, last.stderr).toBe(0);
    expect(last.stderr).toContain('1 of 2 runs to do');
    expect(numbersOf(at('detached'))).toEqual(whole);
    expect(existsSync(join(at('detached'), 'attacks.html'))).toBe(true);
  });

  it('saves a run before its time limit, and queues it again', async () => {
    // The signal comes some seconds after the start, and the run needs longer than that.
    const options = ['time=1', 'signal=B:USR1@50'].flatMap((option) => ['--slurm-option', option]);
    const words = [
      ...tinyStudy('0', 100),
      '--attacks',
      'badnets',
      '--executor',
      'slurm',
      '--out',
      'limited',
      ...options,
    ];
    const study = new Program(words, box, slurm.env);
    await until(() => /PENDING/.test(inQueue()) && isUnderWay(at('limited')), study, 500);
    const [task] = /\d+_\d+/.exec(inQueue())!;
    // It would wait for two minutes, and be signalled again. Within the second of its end the node refuses the job's new credential.
    slurm.say('scontrol', 'update', `jobid=${task}`, 'StartTime=now+5', 'TimeLimit=60');
    expect(await study.ended, `${study.stderr}\n${slurm.logs()}`).toBe(0);
    const log = readFileSync(join(at('limited'), 'slurm', `${task}.log`), 'utf8');
    expect(log).toMatch(/stopped [\s\S]*saved/);
    expect(log.match(/starting a new run/g)).toHaveLength(1);
    expect(log).toMatch(/epoch 100\/100/);
  });
});
