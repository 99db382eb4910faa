/**
 * How long a run worked, over all its sessions. A session is the work from a start to an end, a stop or a kill; what lies between two
 * sessions does not count. `sessions.jsonl` has a line at every save, and of each session the last counts.
 */
import type { RunDirectory } from './directory.js';

interface SessionRow {
  /** When the session began (ISO 8601), which names it. */
  session: string;
  /** Seconds of work since then. */
  seconds: number;
}

/** Work before sessions were kept. */
const BEFORE = 'before';

/** The session in progress of a run. */
export class Session {
  private readonly name = new Date().toISOString();
  private readonly started = performance.now();
  private dir: RunDirectory | undefined;

  /** Begins to keep the session in the folder of the run. The work of a run that kept none before is what its events say. */
  async keepIn(dir: RunDirectory): Promise<void> {
    if ((await dir.rows('sessions.jsonl')).length === 0) {
      const seconds = await workSeconds(dir);
      if (seconds > 0) dir.append('sessions.jsonl', [{ session: BEFORE, seconds } satisfies SessionRow]);
    }
    this.dir = dir;
  }

  /** Keeps the work up to now. */
  keep(): void {
    const seconds = (performance.now() - this.started) / 1000;
    this.dir?.append('sessions.jsonl', [{ session: this.name, seconds } satisfies SessionRow]);
  }
}

interface TimedEvent {
  event: string;
  epoch: number;
  seconds: number;
}

/**
 * Seconds of work of a run, pauses left out: those of its sessions; without any, as for the trace of another program, those that its
 * events say, of each event the last.
 */
export async function workSeconds(dir: RunDirectory): Promise<number> {
  const sum = (last: Map<string, number>) => [...last.values()].reduce((a, b) => a + b, 0);
  const sessions = await dir.rows<SessionRow>('sessions.jsonl');
  if (sessions.length > 0) return sum(new Map(sessions.map((s) => [s.session, s.seconds])));
  const events = await dir.rows<TimedEvent>('events.jsonl');
  return sum(new Map(events.map((e) => [`${e.event} ${e.epoch}`, Number.isFinite(e.seconds) ? e.seconds : 0])));
}
