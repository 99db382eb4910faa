/**
 * Names of the runs of a study for readers. Their folders are named by a hash of all settings, which does not say what tells the trials of
 * a sweep apart; their names here do: `sweep/alpha=0.1 · rate=0.01`, `study/wordnet · rare-words · rate=0.05`.
 */
import { kebab } from '../config/flags.js';
import { datasetName, isRunName } from '../config/names.js';
import type { RunConfig } from '../config/options.js';

/** The settings of a run by the names that the list has for them, as texts. */
export type Settings = Readonly<Record<string, string>>;

/** Settings that are no choice of a trial: they follow from others, or the name of a run says them apart. */
const APART: readonly string[] = ['dataset', 'dataDir', 'attack', 'attackOption', 'checkpoints', 'device', 'seed'];

/** The parameters of the attack first, as `--vary` names them. */
export function settingsOf(config: RunConfig): Settings {
  const own = (config.attackOption ?? []).map((text) => {
    const at = text.indexOf('=');
    return [text.slice(0, at), text.slice(at + 1)];
  });
  const rest = Object.entries(config).flatMap(([key, value]) =>
    APART.includes(key) || value === undefined || (key === 'poisonRate' && config.attack === 'none')
      ? []
      : [[key === 'poisonRate' ? 'rate' : kebab(key), String(value)]],
  );
  const first = { data: datasetName(config), attack: config.attack };
  return { ...first, ...Object.fromEntries([...own, ...rest]), seed: String(config.seed) };
}

/** Whether a study named the folder of a run, by the id of the run. */
export const isNamedByStudy = (id: string) => isRunName(id.slice(id.lastIndexOf('/') + 1));

interface Run {
  /** Path from the folder of the list, with `/`. */
  id: string;
  settings: Settings;
}

/**
 * Names of those runs whose folders a study named, by their ids: the folder of the study, then data set and attack where it has several of
 * these, then the settings in which the runs of one data set and attack differ. A run that differs from no other has no name.
 */
export function namesOfRuns(runs: readonly Run[]): Map<string, string> {
  const studies = new Map<string, Run[]>();
  for (const run of runs) {
    if (!isNamedByStudy(run.id)) continue;
    const folder = run.id.slice(0, run.id.lastIndexOf('/') + 1).replace(/(^|\/)runs\/$/, '$1');
    studies.set(folder, [...(studies.get(folder) ?? []), run]);
  }
  return new Map([...studies].flatMap(([folder, its]) => namesIn(folder, its)));
}

function namesIn(folder: string, runs: readonly Run[]): [string, string][] {
  const setting = ({ settings }: Run) => `${settings.data} ${settings.attack}`;
  const heads = ['data', 'attack'].filter((key) => differ(runs, key));
  return [...new Set(runs.map(setting))].flatMap((one) => {
    const same = runs.filter((r) => setting(r) === one);
    const keys = [
      ...heads,
      ...[...new Set(same.flatMap((r) => Object.keys(r.settings)))].filter((k) => differ(same, k)),
    ];
    // The seed last: a row of all seeds is named by what they have in common.
    const ordered = [...keys.filter((k) => k !== 'seed'), ...keys.filter((k) => k === 'seed')];
    if (ordered.length === 0) return [];
    return same.map(({ id, settings }): [string, string] => {
      const parts = ordered.flatMap((key) => (settings[key] === undefined ? [] : partOf(key, settings[key])));
      return [id, `${folder}${parts.join(' · ')}`];
    });
  });
}

/** A data set and an attack say by themselves what they are. */
const partOf = (key: string, value: string) => (key === 'data' || key === 'attack' ? value : `${key}=${value}`);

const differ = (runs: readonly Run[], key: string) => new Set(runs.map((r) => r.settings[key])).size > 1;
