/** Learning-rate schedules. Their state is plain data, which a checkpoint stores. */

/**
 * `plateau`: halved when the test loss has not improved for 5 epochs (the paper's). `cosine`: falls to zero over the run (Loshchilov and
 * Hutter 2017, one cycle). `step`: divided by ten at one half and at three quarters of the run (He et al. 2016). `constant`: no change.
 */
export const schedules = ['plateau', 'cosine', 'step', 'constant'] as const;
export type ScheduleKind = (typeof schedules)[number];

export interface ScheduleOptions {
  kind: ScheduleKind;
  learningRate: number;
  epochs: number;
  /** Epochs over which the rate rises linearly from zero; the schedule then covers the rest of the run. Default 0. */
  warmup?: number;
}

export interface ScheduleState {
  factor: number;
  /** Lowest test loss so far; null before the first. Not Infinity, which JSON would turn into null. */
  best: number | null;
  stale: number;
}

/** Epochs without improvement before the rate is halved: the paper's. */
const PATIENCE = 5;
/** PyTorch's ReduceLROnPlateau counts an improvement only beyond this relative threshold. */
const THRESHOLD = 1e-4;

/** The state before the first epoch. */
export const freshSchedule = (): ScheduleState => ({ factor: 1, best: null, stale: 0 });

/** The learning rate at `progress` ∈ [0, 1) of the run. */
export function learningRate(o: ScheduleOptions, state: ScheduleState, progress: number): number {
  const { kind, learningRate: top, epochs, warmup = 0 } = o;
  const epoch = progress * epochs;
  if (epoch < warmup) return (top * epoch) / warmup;
  const rest = warmup < epochs ? (epoch - warmup) / (epochs - warmup) : 1;
  if (kind === 'cosine') return (top * (1 + Math.cos(Math.PI * rest))) / 2;
  if (kind === 'step') return top * (rest < 0.5 ? 1 : rest < 0.75 ? 0.1 : 0.01);
  return kind === 'plateau' ? top * state.factor : top;
}

/** The state after an epoch that ended with `testLoss`. */
export function afterEpoch(o: ScheduleOptions, state: ScheduleState, testLoss: number): ScheduleState {
  if (o.kind !== 'plateau') return state;
  if (state.best === null || testLoss < state.best * (1 - THRESHOLD)) return { ...state, best: testLoss, stale: 0 };
  return state.stale + 1 > PATIENCE
    ? { ...state, factor: state.factor / 2, stale: 0 }
    : { ...state, stale: state.stale + 1 };
}
