/** A Slurm of the test's own: this machine as controller and node, all files in a temporary folder. It needs root, as `slurmd` does. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './redis.js';

/** What is missing for the tests of Slurm; null where nothing is. */
export function missing(): string | null {
  if (process.getuid?.() !== 0) return 'root';
  for (const program of ['slurmctld', 'slurmd', 'munged', 'sbatch'])
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin` } });
    } catch {
      return program;
    }
  return null;
}

const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

export class TestSlurm {
  private readonly daemons: ChildProcess[] = [];

  private constructor(private readonly folder: string) {}

  /** What programs of Slurm and ibscope need in their environment. */
  get env(): NodeJS.ProcessEnv {
    return { SLURM_CONF: join(this.folder, 'slurm.conf'), PATH };
  }

  static async start(): Promise<TestSlurm> {
    const folder = mkdtempSync(join(tmpdir(), 'ibscope-slurm-'));
    chmodSync(folder, 0o755);
    for (const name of ['state', 'spool']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'key'), randomBytes(1024), { mode: 0o600 });
    const slurm = new TestSlurm(folder);
    const at = (name: string) => join(folder, name);
    slurm.daemon('munged', [
      ...['--foreground', '--force', `--socket=${at('munge.socket')}`, `--key-file=${at('key')}`],
      ...[`--pid-file=${at('munged.pid')}`, `--log-file=${at('munged.log')}`, `--seed-file=${at('munge.seed')}`],
    ]);
    writeFileSync(at('slurm.conf'), config(folder, await freePort(), await freePort()));
    slurm.daemon('slurmctld', ['-D']);
    slurm.daemon('slurmd', ['-D']);
    while (!/\bidle\b/.test(slurm.say('sinfo', '--noheader', '--format=%T'))) await sleep(100);
    return slurm;
  }

  /** What a program of Slurm prints; empty where it fails. */
  say(program: string, ...args: string[]): string {
    try {
      return execFileSync(program, args, { env: { ...process.env, ...this.env }, encoding: 'utf8', stdio: 'pipe' });
    } catch {
      return '';
    }
  }

  async stop() {
    this.say('scancel', `--user=${userInfo().username}`);
    await sleep(500);
    for (const daemon of this.daemons.reverse()) {
      const ended = new Promise((done) => daemon.once('exit', done));
      daemon.kill('SIGTERM');
      await Promise.race([ended, sleep(5000).then(() => daemon.kill('SIGKILL'))]);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private daemon(program: string, args: string[]) {
    this.daemons.push(spawn(program, args, { env: { ...process.env, ...this.env }, stdio: 'ignore' }));
  }

  /** The logs, for the message of a test that fails. */
  logs(): string {
    return ['slurmctld.log', 'slurmd.log'].map((name) => readFileSync(join(this.folder, name), 'utf8')).join('\n');
  }
}

const config = (folder: string, controller: number, node: number) => {
  const host = hostname().split('.')[0];
  return `ClusterName=ibscope
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${folder}/munge.socket
CredType=cred/munge
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldPort=${controller}
SlurmdPort=${node}
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
SchedulerParameters=batch_sched_delay=0,sched_interval=1
KillWait=20
NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=test Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`;
};
