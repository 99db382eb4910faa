/**
 * The lease of a folder that one process at a time works on: the file `lock`, one line of JSON that says who holds it.
 *
 * Whether a holder on this machine lives is asked of the system. One elsewhere is judged by its heartbeat, the age of the file: the clock is
 * that of the file server, since both the heartbeat and the file it is compared with are written there. A dead holder's lease is taken over
 * under the next fencing number. Whoever lost its lease learns so before its next write, because the file is no longer its own.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { MachineError, UserError } from '../base/errors.js';
import { guardWrites } from '../formats/files.js';

/** Milliseconds between heartbeats. A thread that computes skips some. */
const BEAT = 15_000;

/**
 * Milliseconds without a heartbeat after which a holder on another machine counts as dead. Estimates and steps of training block the thread
 * that beats, for a minute at the very most; and a network file system may show the age of a file a minute late.
 */
export const SILENT = 10 * 60_000;

/** Milliseconds for which a file that names no holder may be one that is being written (version 0.1.0 wrote it in two steps). */
const UNREADABLE = 10_000;

/** Who holds a lease. */
export interface Holder {
  host: string;
  /** What tells where process numbers mean the same: the boot of the machine, and the namespace of a container. */
  place: string;
  pid: number;
  /** When the process started, in the system's own unit; null where it is not known. */
  start: string | null;
  /** Fencing number: one more than that of the holder before. */
  fence: number;
  /** Random, for two leases of one process. */
  token: string;
}

export interface Lease {
  holder: Holder;
  /** Throws `MachineError` where another process has taken the lease over. Also a heartbeat. */
  check(): void;
  /** Gives the lease back, and stops the check before writes in the folder. */
  release(): void;
}

const read = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

function here(): Pick<Holder, 'host' | 'place' | 'pid' | 'start'> {
  const boot = read('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  let namespace = '';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Only Linux has it.
  }
  const pid = process.pid;
  return { host: hostname(), place: `${boot} ${namespace}`.trim(), pid, start: processOf(pid)?.start ?? null };
}

/** State and start of a process, from the system's table; null where there is no such table, or no such process in it. */
function processOf(pid: number): { state: string; start: string } | null {
  const line = read(`/proc/${pid}/stat`);
  if (line === null) return null;
  // The second field is the name of the program in parentheses, which may hold spaces and parentheses. State is the third, start the 22nd.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0], start: fields[19] };
}

/**
 * Whether the process of that number runs on this machine. One that was killed and that its parent has not asked about yet does not, nor
 * does one that started at another time than `start`.
 */
export function alive(pid: number, start: string | null = null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const found = processOf(pid);
  return found === null || (!'ZX'.includes(found.state) && (start === null || found.start === start));
}

/** What the lock says, and when it was last written; `holder` null where it names nobody. Null where there is no lock. */
interface Seen {
  text: string;
  holder: Holder | null;
  beat: number;
}

function look(file: string): Seen | null {
  const text = read(file);
  const stats = statSync(file, { throwIfNoEntry: false });
  return text === null || !stats ? null : { text, holder: parse(text), beat: stats.mtimeMs };
}

function parse(text: string): Holder | null {
  // Version 0.1.0 wrote the number of its process.
  if (/^\d+$/.test(text.trim()))
    return { host: hostname(), place: here().place, pid: Number(text), start: null, fence: 0, token: '' };
  try {
    const holder = JSON.parse(text) as Holder;
    return Number.isInteger(holder.pid) && Number.isInteger(holder.fence) && typeof holder.host === 'string'
      ? holder
      : null;
  } catch {
    return null;
  }
}

/** Why the lock is held at `now`, by the clock of the file server, in words; null where its holder is dead. */
function heldBy({ holder, beat }: Seen, now: number): string | null {
  const silent = now - beat;
  if (holder === null) return silent < UNREADABLE ? 'another process is beginning to work on it' : null;
  const { host, place, pid, start, token } = holder;
  if (host === hostname() && place === here().place) {
    // A lock of version 0.1.0 with the number of this process is not of this process.
    if (token === '' && pid === process.pid) return null;
    // A process that was stopped and not continued does not work either; once it is, it learns that it lost the lease.
    if (silent >= SILENT && processOf(pid)?.state === 'T') return null;
    return alive(pid, start) ? `process ${pid} is working on it` : null;
  }
  if (silent >= SILENT) return null;
  const ago = Math.max(0, Math.round(silent / 1000));
  return `process ${pid} on ${host} is working on it, last heard of ${ago} s ago; after ${SILENT / 60_000} minutes of silence it counts as dead`;
}

/** Whether somebody works on a folder. Writes nothing, so the clock is that of this machine. */
export function isHeld(folder: string): boolean {
  const seen = look(join(folder, 'lock'));
  return seen !== null && heldBy(seen, Date.now()) !== null;
}

/** Who holds the lease of a folder, or held it last; null where nobody does. */
export const holderOf = (folder: string): Holder | null => look(join(folder, 'lock'))?.holder ?? null;

/** Names that a lease uses in its folder. */
export const ofLease = (name: string) => name === 'lock' || /^lock\..*tmp$/.test(name);

/** Makes `file` with the content of `written` if it is not there; false if it is. It is never empty, where the file system has links. */
function create(file: string, written: string, text: string): boolean {
  try {
    linkSync(written, file);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EMLINK'].includes(code ?? '')) throw error;
  }
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Takes the lease of a folder, which must exist. Throws `UserError`, in one line that names the holder, where another lives. Until it is given
 * back, files of the folder are written only while the lease is held (`guardWrites`).
 */
export function takeLease(folder: string): Lease {
  const file = join(folder, 'lock');
  const token = randomBytes(8).toString('hex');
  const written = `${file}.${token}.tmp`;
  const mine = { ...here(), fence: 1, token };
  try {
    for (let attempt = 0; attempt < 20; attempt++) {
      const before = look(file);
      const text = textOf({ ...mine, fence: (before?.holder?.fence ?? 0) + 1 });
      writeFileSync(written, text);
      const now = statSync(written).mtimeMs;
      const why = before && heldBy(before, now);
      if (why) throw held(`${folder}: ${why}`);
      if (before ? takeOver(file, written, text, before) : create(file, written, text)) return leaseOf(folder, text);
    }
  } finally {
    rmSync(written, { force: true });
  }
  throw held(`${folder}: other processes are beginning to work on it`);
}

/** Its code tells it from mistakes of a user (`isHeldError`), also after it has passed through a thread or a process. */
const held = (text: string) => Object.assign(new UserError(text), { code: 'HELD' });

const textOf = (holder: Holder) => `${JSON.stringify(holder)}\n`;

/**
 * Puts `written` in place of the lock of a dead holder; false where somebody else was first. Who may do so holds the claim of the next fencing
 * number, and only if the lock is still the one that was seen.
 */
function takeOver(file: string, written: string, text: string, before: Seen): boolean {
  const claim = `${file}.${(before.holder?.fence ?? 0) + 1}-claim.tmp`;
  if (!create(claim, written, text)) {
    const claimed = look(claim);
    // A claim is held for an instant; one whose maker is dead is removed.
    if (claimed && heldBy(claimed, statSync(written).mtimeMs) === null) rmSync(claim, { force: true });
    return false;
  }
  try {
    if (read(file) !== before.text) return false;
    renameSync(written, file);
    return read(file) === text;
  } finally {
    rmSync(claim, { force: true });
  }
}

/** The lease that `text` in the lock of `folder` is. */
function leaseOf(folder: string, text: string): Lease {
  const file = join(folder, 'lock');
  const holder = JSON.parse(text) as Holder;
  /** Writes the same bytes again, which sets the time of the file. They go to the file that was read, whoever may rename another onto it. */
  const beat = (): boolean => {
    let fd: number;
    try {
      fd = openSync(file, 'r+');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    try {
      if (readFileSync(fd, 'utf8') !== text) return false;
      writeSync(fd, text, 0);
      return true;
    } finally {
      closeSync(fd);
    }
  };
  const check = () => {
    if (beat()) return;
    const now = look(file)?.holder;
    const who = now ? `process ${now.pid} on ${now.host} works on it now` : 'its lock is gone';
    throw new MachineError(`${folder}: this process was silent too long, and ${who}; it stops and writes nothing more`);
  };
  const timer = setInterval(() => {
    try {
      beat();
    } catch {
      // The check before the next write says what is wrong.
    }
  }, BEAT).unref();
  const unguard = guardWrites(resolve(folder), check);
  return {
    holder,
    check,
    release() {
      clearInterval(timer);
      unguard();
      if (read(file) === text) rmSync(file, { force: true });
    },
  };
}
