/**
 * Resolved information of one moment: 30 groups of 250 samples and 128 columns, the ladder of 11 κ, 8 draws of ε, on one thread.
 *
 * One group is first checked against the defining formula in plain loops with the same ε. `whitened` is the time of one noise model from 8
 * recorded draws, including estimation and factorisation of covariances. `--json` prints one document.
 */
import { Rng } from '../src/base/random.js';
import { quickest } from '../src/base/timing.js';
import { KAPPAS } from '../src/information/resolution.js';
import { resolvedInformation } from '../src/information/resolved.js';
import { type MomentGroup, resolvedAtMoment } from '../src/information/resolved-moment.js';

const [GROUPS, N, D, DIRECTIONS, RECORDED] = [30, 250, 128, 4, 8];
/** Spread of the points in units of the noise: at this one the middle of the ladder is half of ln n. */
const SPREAD = 2;
const REPEATS = 5;

export interface ResolvedBench {
  /** Seconds for the ladder of all groups, whitened points given: the quickest of 5. */
  ladderSeconds: number;
  /** The same with user and system time of the process, which other work on the machine does not lengthen as much. */
  cpuSeconds: number;
  /** Seconds from recorded draws on, one noise model. */
  whitenedSeconds: number;
  /** Seconds of one group by plain loops over ε, κ and pairs, times the number of groups. */
  plainSeconds: number;
  /** Largest |fast − plain| over κ, nats. */
  difference: number;
}

/** The defining formula at each κ, every z with both signs. */
function plain(t: Float32Array, z: Float32Array): number[] {
  return KAPPAS.map((kappa) => {
    let total = 0;
    for (let draw = 0; draw < 2 * DIRECTIONS; draw++)
      for (let i = 0; i < N; i++) {
        const at = ((draw >> 1) * N + i) * D;
        const scale = draw % 2 === 0 ? kappa : -kappa;
        let sum = 0;
        let own = 0;
        for (let j = 0; j < N; j++) {
          let squared = 0;
          for (let c = 0; c < D; c++) squared += (t[i * D + c] + scale * z[at + c] - t[j * D + c]) ** 2;
          if (j === i) own = squared;
          sum += Math.exp(-squared / (2 * kappa * kappa));
        }
        total -= own / (2 * kappa * kappa) + Math.log(sum / N);
      }
    return total / (2 * DIRECTIONS * N);
  });
}

function measure(points: Float32Array[], z: Float32Array): { seconds: number; cpu: number } {
  const ladder = () => {
    const shared = new Rng(1).normals(z.length);
    for (const data of points) resolvedInformation({ data, n: N, d: D }, KAPPAS, shared);
  };
  let [seconds, cpu] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let r = 0; r <= REPEATS; r++) {
    const [started, used] = [performance.now(), process.cpuUsage()];
    ladder();
    const { user, system } = process.cpuUsage(used);
    if (r > 0)
      [seconds, cpu] = [Math.min(seconds, (performance.now() - started) / 1e3), Math.min(cpu, (user + system) / 1e6)];
  }
  return { seconds, cpu };
}

export async function main(args: string[]): Promise<void> {
  const points = Array.from({ length: GROUPS }, (_, g) => new Rng(0, 'points', g).normals(N * D, SPREAD));
  const z = new Rng(0, 'z').normals(DIRECTIONS * N * D);
  const started = performance.now();
  const expected = plain(points[0], z);
  const plainSeconds = (GROUPS * (performance.now() - started)) / 1e3;
  const { nats } = resolvedInformation({ data: points[0], n: N, d: D }, KAPPAS, z);
  const difference = Math.max(...expected.map((v, k) => Math.abs(v - nats[k])));
  if (difference > 1e-6) throw new Error(`the fast form differs from the plain one by ${difference} nats`);
  const { seconds, cpu } = measure(points, z);
  const groups = points.map((noiseFree, g): MomentGroup => {
    const draws = new Rng(2, g).normals(RECORDED * N * D).map((v, e) => v + noiseFree[e % (N * D)]);
    return { id: String(g), clean: true, n: N, noiseFree, draws };
  });
  const options = { d: D, seed: 0, moment: 0, variants: ['own'] } as const;
  const whitenedSeconds = await quickest(REPEATS, async () => resolvedAtMoment(groups, options));
  const result: ResolvedBench = { ladderSeconds: seconds, cpuSeconds: cpu, whitenedSeconds, plainSeconds, difference };
  if (args.includes('--json')) return console.log(JSON.stringify(result));
  console.log(`${GROUPS} groups of ${N} × ${D}, ${KAPPAS.length} κ, ${2 * DIRECTIONS} draws of ε, one thread:`);
  console.log(`  ladder        ${seconds.toFixed(2)} s (${cpu.toFixed(2)} s of processor time)`);
  console.log(`  from draws on ${whitenedSeconds.toFixed(2)} s (${RECORDED} recorded draws, one noise model)`);
  console.log(`  plain loops   ${plainSeconds.toFixed(1)} s, ${(plainSeconds / seconds).toFixed(0)} times as long`);
  console.log(`  largest difference ${difference.toExponential(1)} nats`);
}
