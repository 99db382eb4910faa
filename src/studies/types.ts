/** A study: which runs it needs, and the report of them. */
import type { RunConfig, RunRequest } from '../config/options.js';
import type { StudyRun } from '../findings/types.js';
import type { StudyReport } from '../report/index.js';
import type { RunDocument } from '../runs/documents.js';
import type { JudgedRun } from './detection/types.js';

/** An attack at a rate, or at every rate asked for, with parameters of its own. */
export interface AttackChoice {
  attack: string;
  rate?: number;
  /** `name=value` texts. */
  attackOption?: string[];
}

/** A data set with the options of a run that it needs, its name and folder among them; they win over those of all runs. */
export interface DataChoice {
  request: RunRequest;
  /** In place of the study's. */
  attacks?: AttackChoice[];
  seeds?: number[];
}

export interface StudyOptions {
  /** Options that hold for all runs. */
  base: RunRequest;
  data: DataChoice[];
  attacks: AttackChoice[];
  rates: number[];
  seeds: number[];
  /** Values of γ (`noise`), and models (`architecture`). */
  noises: number[];
  models: string[];
  /** Of the study `sweep`. */
  sweep?: Sweep;
  /** Of the study `detection`. */
  detection?: DetectionOptions;
}

/** Abbreviations of detectors. */
export interface DetectionOptions {
  /** Those that are asked. */
  names: string[];
  /** Those among them that are asked again about finished runs. */
  again: string[];
}

/** An option that a sweep varies. */
export interface VariedOption {
  /** As the user writes it: `poison-rate`, `alpha`. */
  name: string;
  /** Key of the run's option; absent for an option of attacks. */
  key?: keyof RunConfig;
  /** Values of a grid, as texts. */
  values: string[];
  /** What random trials draw from in place of `values`. */
  range?: { low: number; high: number; log: boolean; whole: boolean };
}

export interface Sweep {
  vary: VariedOption[];
  /** Random trials; absent: the grid of all values. */
  trials?: number;
  /** Of the random trials. */
  seed: number;
}

/** A row for `--rows`; of two rows of a run the later one counts. */
export type NamedRow = { name: string; stealth: Record<string, unknown> };

export interface Study {
  name: string;
  /** One line for `--help`. */
  summary: string;
  /** The option of a run that it varies besides the attack, the data and the seed. */
  varies?: 'noise' | 'model';
  /** Whether the user names the options that it varies (`--vary`). */
  sweeps?: boolean;
  /** Whether published detectors are asked about every run; `detectorsOf` then says which ones. */
  detects?: boolean;
  /** Options that its runs have where neither the user nor the data set gives them. */
  runs?: RunRequest;
  /** The row of a finished run for `--rows`, where it is another than `studyRow`. */
  row?(run: MadeRun, document: RunDocument): NamedRow;
  /** Whether the report reads estimates by other estimators. */
  alternatives?: boolean;
  /** The rows from which the report follows: those of `studyRow`, or of `detectionRow`. Absent where it reads more than rows have. */
  fromRows?: 'curves' | 'detectors';
  /** Options that the user leaves out. */
  defaults: Pick<StudyOptions, 'attacks' | 'rates' | 'seeds'> & Partial<StudyOptions>;
  /** Every run, in the order in which they are worth having. Throws `UserError` for options that no run can have. */
  plan(options: StudyOptions): RunConfig[];
  /** Loads what draws it only then: planning needs none of it. */
  report(outcome: StudyOutcome, options: StudyOptions): Promise<StudyReport>;
}

/** Five attacks that succeed at a small scale, and none. With fewer than five a rank correlation has no interval (dynamics/rank.ts). */
export const FIVE: AttackChoice[] = [
  { attack: 'none' },
  { attack: 'badnets' },
  { attack: 'blend' },
  { attack: 'low-frequency', rate: 0.3, attackOption: ['strength=0.2'] },
  { attack: 'adaptive-blend', rate: 0.3, attackOption: ['alpha=0.3', 'testAlpha=0.4'] },
  { attack: 'bpp', rate: 0.4, attackOption: ['levels=4'] },
];

/** A finished run, and what detectors make of it where they were asked. */
export interface MadeRun extends StudyRun {
  judged?: JudgedRun;
}

export interface StudyOutcome {
  runs: MadeRun[];
  /** Runs that ended without a result, and why. */
  failed: { name: string; why: string }[];
  /** Whether the runs were read from a file of rows: then another machine may have made them. */
  fromRows?: true;
}
