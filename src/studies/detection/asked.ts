/** Which detectors a study of detection asks about which run, and about how long they take. */
import type { RunConfig } from '../../config/options.js';
import type { DetectionOptions } from '../types.js';

/** Neural Cleanse searches a trigger for every class of a network, which takes as long as all other detectors together. */
const FEW = { name: 'NC', runs: 12 };

/** Per run of a plan of `n`, the detectors that it is asked about: Neural Cleanse about 12 runs, spread evenly over the plan. */
export function detectorsOf(n: number, { names, again }: DetectionOptions): { names: string[]; again: string[] }[] {
  const chosen = (i: number) => Math.floor(((i + 1) * FEW.runs) / n) > Math.floor((i * FEW.runs) / n);
  return Array.from({ length: n }, (_, i) => {
    const own = names.filter((name) => name !== FEW.name || n <= FEW.runs || chosen(i));
    return { names: own, again: own.filter((name) => again.includes(name)) };
  });
}

/** Why a run has no result of a detector that was not asked about it. */
export const NOT_ASKED = `asked about ${FEW.runs} networks of a study alone`;

/** Training images of a set for which no limit is given. */
const IMAGES = 4000;

/**
 * About how many seconds one thread takes to ask detectors about a run of ResNet-10 of width 8 on images of 32×32. Rough: FLARE took 2 min
 * for 10 000 images, nearly all of it UMAP, which grows with their square; Neural Cleanse took 78 s beside another run.
 */
export function detectionSeconds(
  { trainLimit: n = IMAGES }: Pick<RunConfig, 'trainLimit'>,
  names: readonly string[],
): number {
  const thousands = n / 1000;
  return names.reduce(
    (s, name) =>
      s +
      (name === 'FLARE'
        ? 1.2 * thousands ** 2
        : name === 'NC'
          ? 80
          : name === 'IBD-PSC' || name === 'STRIP'
            ? 8
            : thousands),
    0,
  );
}
