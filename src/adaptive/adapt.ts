/**
 * An adversary who knows the stealth score and chooses only the data: a bounded trigger is optimised on surrogates so that triggered images are
 * assigned to the target while their resolved information stays that of clean samples. Every round trains new surrogates on the present pattern, says
 * what it reaches, and takes gradient steps. The pattern that is handed out is the best of those that surrogates were trained on.
 */
import { join } from 'node:path';
import { type RunHooks, Stopped } from '../base/progress.js';
import type { RunConfig } from '../config/options.js';
import { dataHash } from '../datasets/hash.js';
import type { Dataset } from '../datasets/index.js';
import { mean } from '../dynamics/index.js';
import { SUCCESS } from '../dynamics/types.js';
import { writeNpz } from '../formats/npz.js';
import type { ImageGraphOptions } from '../training/graphs.js';
import { forms } from './forms/index.js';
import { type Measured, measure } from './measure.js';
import { Objective } from './objective.js';
import { begin, descend, largest } from './pattern.js';
import { type AdaptState, keyOf, readState, writeState } from './state.js';
import { forgetSurrogates, makeSurrogate, type Surrogate } from './surrogates.js';
import type { AdaptSettings, RoundRow } from './types.js';

/** Gradient steps between two writes of the state: what a kill costs at most. */
const SAVE_EVERY = 10;

/** Name of the file of the state in the folder. */
const STATE = 'state.safetensors';

/** What is optimised: the configuration of the victim as far as the adversary knows it, and how. */
export interface Adaptation {
  /** The learned attack without its trigger; model and training are those of the surrogates. */
  config: RunConfig;
  settings: AdaptSettings;
  dataset: Dataset;
  /** Folder of the state and of the surrogates. */
  folder: string;
}

/** Optimises a pattern, or resumes. Returns the final state. Throws `Stopped`; what was done is kept. */
export async function adapt(adaptation: Adaptation, hooks: RunHooks = {}): Promise<AdaptState> {
  const { config, settings, dataset, folder } = adaptation;
  const started = performance.now();
  const { dataDir: _, ...named } = config;
  const key = keyOf({ config: named, settings, data: dataHash(dataset.train) });
  const path = join(folder, STATE);
  const first = begin(forms[settings.form].first(dataset.train, settings.epsilon, config.seed));
  const state: AdaptState = (await readState(path, key)) ?? {
    pattern: first,
    begun: first.delta.slice(),
    round: 0,
    step: 0,
    patterns: [],
    rounds: [],
    steps: [],
    seconds: 0,
  };
  const before = state.seconds;
  const save = () => {
    state.seconds = before + (performance.now() - started) / 1000;
    return writeState(path, key, state);
  };
  // The last round has no steps: it says what the result reaches.
  while (state.rounds.length <= settings.rounds) {
    await oneRound(adaptation, state, save, hooks);
    state.round++;
    state.step = 0;
    state.begun = state.pattern.delta.slice();
    await save();
    await forgetSurrogates(folder);
  }
  return state;
}

async function oneRound(
  { config, settings, dataset, folder }: Adaptation,
  state: AdaptState,
  save: () => Promise<void>,
  hooks: RunHooks,
): Promise<void> {
  const { round } = state;
  const trigger = join(folder, `round-${round}.npz`);
  await writeTrigger(trigger, state.begun, settings, dataset);
  const attackOption = [...config.attackOption, `trigger=${trigger}`];
  const surrogates: Surrogate[] = [];
  try {
    for (let number = 0; number < settings.surrogates; number++) {
      const stage = `round ${round} of ${settings.rounds}, surrogate ${number + 1}/${settings.surrogates}`;
      const request = { config: { ...config, attackOption }, dataset, round, number, stage };
      surrogates.push(await makeSurrogate(request, folder, hooks));
    }
    const measured: Measured[] = [];
    for (const [i, surrogate] of surrogates.entries()) {
      const { target, beta, probeSize, draws, noise: gamma, seed } = config;
      hooks.progress?.({
        phase: 'probe',
        stage: 'resolved information',
        done: i,
        total: surrogates.length,
        unit: 'surrogates',
      });
      measured.push(await measure(surrogate, { target, beta, probeSize, draws, gamma, seed }));
    }
    if (state.rounds.length === round) {
      const row: RoundRow = {
        round,
        asr: mean(surrogates.map((s) => s.asr)),
        accuracy: mean(surrogates.map((s) => s.accuracy)),
        deviation: mean(measured.map((m) => m.deviation)),
        largest: largest(state.begun, forms[settings.form].parts(dataset.train, settings.epsilon)),
      };
      state.rounds.push(row);
      state.patterns.push(state.begun.slice());
      hooks.line?.(
        `round ${round}: surrogates trained on the pattern have ASR ${row.asr.toFixed(3)}, clean accuracy ${row.accuracy.toFixed(3)}, deviation D ${row.deviation.toFixed(3)}`,
      );
      await save();
    }
    if (round < settings.rounds)
      await steps(surrogates[0], measured, { config, settings, dataset, folder }, state, save, hooks);
  } finally {
    for (const { trainer } of surrogates) await trainer.release();
  }
}

/** The gradient steps of a round. */
async function steps(
  { trainer }: Surrogate,
  measured: readonly Measured[],
  { config, settings, dataset }: Adaptation,
  state: AdaptState,
  save: () => Promise<void>,
  hooks: RunHooks,
): Promise<void> {
  const { target, seed } = config;
  const { lambda, late, epsilon } = settings;
  const form = forms[settings.form];
  const parts = form.parts(dataset.train, epsilon);
  const objective = new Objective(trainer.graph as ImageGraphOptions, dataset.train, { form, target, lambda, late });
  try {
    while (state.step < settings.steps) {
      const { round, step } = state;
      const found = await objective.evaluate(state.pattern.delta, measured, objective.draws(seed, round, step));
      descend(state.pattern, found.gradient, parts);
      const { gradient: _, ...row } = found;
      state.steps.push({ round, step, ...row });
      state.step++;
      hooks.progress?.({
        phase: 'surrogate',
        stage: `pattern, round ${round}: ASR ${row.asr.toFixed(2)}, D ${row.deviation.toFixed(2)}`,
        done: round * settings.steps + state.step,
        total: settings.rounds * settings.steps,
        unit: 'steps',
      });
      const stop = hooks.shouldStop?.() === true;
      if (stop || state.step % SAVE_EVERY === 0) await save();
      if (stop) throw new Stopped(`stopped in round ${round} after step ${state.step}; it is saved`);
    }
  } finally {
    await objective.release();
  }
}

/** Writes a trigger as `learned` reads it. */
export const writeTrigger = (
  path: string,
  numbers: Float32Array,
  { form }: Pick<AdaptSettings, 'form'>,
  { train }: Pick<Dataset, 'train'>,
): Promise<void> => writeNpz(path, forms[form].arrays(numbers, train));

/** Which pattern is handed out: of those with ASR ≥ 0.9 on their surrogates the one with the smallest D, else the one with the highest ASR. */
export function choose(rounds: readonly RoundRow[]): { round: number; why: string } {
  const succeed = rounds.filter((r) => r.asr >= SUCCESS);
  const [best] = [...(succeed.length > 0 ? succeed : rounds)].sort((a, b) =>
    succeed.length > 0 ? a.deviation - b.deviation : b.asr - a.asr,
  );
  const why =
    succeed.length > 0
      ? `the smallest deviation among patterns with an ASR of at least ${SUCCESS} on surrogates`
      : `the highest ASR on surrogates, because none reaches ${SUCCESS}`;
  return { round: best.round, why };
}
