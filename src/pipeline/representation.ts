/**
 * What a run's probes say beyond information: how the poisoned samples lie in T, a picture of it, and whether the pointwise
 * information of single samples tells them apart. Reads the run directory; expensive results are kept there.
 */

import { Rng } from '../base/random.js';
import { isClassGroup, partOf } from '../dynamics/group-id.js';
import { type Auroc, auroc, type EstimateRow, mean, stealthQuantities } from '../dynamics/index.js';
import { readSafetensors, type Tensor } from '../formats/safetensors.js';
import { type Matrix, rowsOf } from '../information/columns.js';
import { KAPPAS } from '../information/resolution.js';
import { distances, type Place, place, silhouettes } from '../representation/index.js';
import { findArrays, readArrays } from '../runs/arrays.js';
import type { RunDirectory } from '../runs/directory.js';
import { type GroupsDocument, readRunDocument } from '../runs/documents.js';
import { tensorDraws } from '../runs/probes.js';
import { type Kappas, kappasIn, pointwiseName, scoredRows } from './resolution.js';

/** How the clusters lie at one checkpoint, in the noisy T of the first draw. */
export interface RepresentationRow {
  epoch: number;
  /** Mean silhouette of the group's samples among poisoned samples, clean samples of the target class and the other classes. */
  silhouettes: Record<string, number>;
  /** Mean silhouette of two clusters: poisoned samples, and clean samples of the target class. */
  pair: number | null;
  place: Place | null;
}

/** Do poisoned samples separate by the information of single samples? Among `group`'s, at one checkpoint. */
export interface SeparationRow extends Auroc {
  epoch: number;
  group: string;
  quantity: string;
}

/** `representation.json`. */
export interface RepresentationDocument {
  rows: RepresentationRow[];
  separation: SeparationRow[];
  /** κ at which separation reads resolved information; absent where it reads critics. */
  kappa?: Kappas;
}

/** Samples of each group between which distances are computed. */
export const PER_GROUP = 150;

/** The probed samples as they were recorded, and which of them make up the groups that have a place in T. */
interface Probed {
  target: number;
  groups: Map<string, number[]>;
  original: Int32Array;
  poisoned: Uint8Array;
  /** True for attack `none`, where a random subset plays the backdoor. */
  pretended: boolean;
}

export async function readProbed(dir: RunDirectory): Promise<Probed | null> {
  const run = await readRunDocument(dir);
  const plan = await dir.readDocument<GroupsDocument>('groups.json');
  if (!plan || !(await findArrays(dir.samplesBase))) return null;
  const arrays = await readArrays(dir.samplesBase);
  const poisoned = (arrays.poisoned?.data ?? new Uint8Array(arrays.label.shape[0])) as Uint8Array;
  const c = run.config.target;
  const scored = Object.entries(plan.groups).filter(
    ([id]) => id === partOf(c, 'backdoor') || id === partOf(c, 'clean') || isClassGroup(id),
  );
  return {
    target: c,
    groups: new Map(scored),
    original: (arrays.original_label ?? arrays.label).data as Int32Array,
    poisoned,
    pretended: !poisoned.includes(1),
  };
}

/** At most `most` samples of each group; a sample that is in two groups counts in the first. */
export function few(
  groups: Map<string, number[]>,
  most: number,
  seed: number,
): { ids: string[]; rows: number[]; of: string[] } {
  const rows: number[] = [];
  const of: string[] = [];
  const seen = new Set<number>();
  for (const [id, members] of groups) {
    const free = Int32Array.from(members.filter((r) => !seen.has(r)));
    for (const r of new Rng(seed, 'representation', id).sample(free, Math.min(most, free.length))) {
      seen.add(r);
      rows.push(r);
      of.push(id);
    }
  }
  return { ids: [...groups.keys()], rows, of };
}

function rowAt(epoch: number, t: Matrix, probed: Probed): RepresentationRow {
  const { ids, rows, of } = few(probed.groups, PER_GROUP, 0);
  const some = rowsOf(t, rows);
  const cluster = Int32Array.from(of, (id) => ids.indexOf(id));
  const found = silhouettes(distances(some), cluster);
  const inGroup = (id: string) => of.flatMap((o, i) => (o === id ? [i] : []));
  const own = [partOf(probed.target, 'backdoor'), partOf(probed.target, 'clean')];
  const members = own.map(inGroup);
  const both = members.flat();
  const pair = members.every((m) => m.length > 1)
    ? mean([
        ...silhouettes(
          distances(rowsOf(some, both)),
          Int32Array.from(both, (i) => own.indexOf(of[i])),
        ),
      ])
    : null;
  return {
    epoch,
    silhouettes: Object.fromEntries(ids.map((id) => [id, mean(inGroup(id).map((i) => found[i]))])),
    pair: pair !== null && Number.isFinite(pair) ? pair : null,
    place: place(
      some,
      Int32Array.from(rows, (r) => probed.original[r]),
      of.map((id) => (id === own[0] ? 1 : 0)),
      probed.target,
    ),
  };
}

/** AUROC of the pointwise information for "is poisoned", in the target class and over the whole set. */
async function separationAt(epoch: number, dir: RunDirectory, probed: Probed, kappa: Kappas): Promise<SeparationRow[]> {
  if (!(await dir.has(dir.pointwise(epoch)))) return [];
  const { tensors } = await readSafetensors(dir.pointwise(epoch));
  const plan = (await dir.readDocument<GroupsDocument>('groups.json'))!;
  const backdoor = new Set(plan.groups[partOf(probed.target, 'backdoor')] ?? []);
  const carries = (row: number) => (probed.pretended ? backdoor.has(row) : probed.poisoned[row] === 1);
  return [partOf(probed.target, 'all'), 'all'].flatMap((group) =>
    stealthQuantities.flatMap((quantity) => {
      const values = kappa[quantity]
        ? atKappa(tensors[pointwiseName(quantity, group)], kappa[quantity])
        : (tensors[`${quantity} ${group}`]?.data as Float32Array | undefined);
      const found = values && auroc(values, plan.groups[group].map(carries));
      return found ? [{ epoch, group, quantity, ...found }] : [];
    }),
  );
}

/** The row of one κ of a ladder of single samples' values [κ, n]. */
function atKappa(ladder: Tensor | undefined, kappa: number): Float32Array | undefined {
  if (!ladder) return undefined;
  const n = ladder.shape[1];
  const k = KAPPAS.indexOf(kappa);
  return (ladder.data as Float32Array).subarray(k * n, (k + 1) * n);
}

/**
 * Makes what `representation.json` lacks: a row, and separation, for every checkpoint that is estimated. Separation by resolved
 * information is made anew where κ is another one than before.
 */
export async function makeRepresentation(dir: RunDirectory): Promise<void> {
  const probed = await readProbed(dir);
  if (!probed) return;
  const document = (await dir.readDocument<RepresentationDocument>('representation.json')) ?? {
    rows: [],
    separation: [],
  };
  const { config } = await readRunDocument(dir);
  const rows = await dir.rows<EstimateRow>('information.jsonl');
  const kappa = kappasIn(scoredRows(rows, config));
  let changed = JSON.stringify(document.kappa ?? {}) !== JSON.stringify(kappa);
  if (changed) Object.assign(document, { separation: [], kappa });
  // A probe without estimates may still be being written.
  const estimated = new Set(rows.map((r) => r.epoch));
  for (const epoch of await dir.probes()) {
    if (!estimated.has(epoch) || document.rows.some((r) => r.epoch === epoch)) continue;
    const { t } = await readArrays(dir.probeBase(epoch));
    document.rows.push(rowAt(epoch, tensorDraws(t)[0], probed));
    changed = true;
  }
  for (const epoch of estimated) {
    if (document.separation.some((s) => s.epoch === epoch)) continue;
    const found = await separationAt(epoch, dir, probed, kappa);
    document.separation.push(...found);
    changed ||= found.length > 0;
  }
  if (changed) await dir.writeDocument('representation.json', document);
}
