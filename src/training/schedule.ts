/** Learning-rate schedules. Their state is plain data, so that a checkpoint can hold it. */

export interface ScheduleOptions {
  /** `plateau`: halved when the test loss has not improved for 5 epochs (the protocol). `cosine`: to zero over the run. */
  kind: 'plateau' | 'cosine';
  learningRate: number;
  epochs: number;
}

export interface ScheduleState {
  factor: number;
  /** Lowest test loss so far; null before the first. Not Infinity, which JSON would turn into null. */
  best: number | null;
  stale: number;
}

const PATIENCE = 5;
/** PyTorch's ReduceLROnPlateau counts an improvement only beyond this relative threshold. */
const THRESHOLD = 1e-4;

export const freshSchedule = (): ScheduleState => ({ factor: 1, best: null, stale: 0 });

/** The learning rate at `progress` ∈ [0, 1) of the run. */
export function learningRate(o: ScheduleOptions, state: ScheduleState, progress: number): number {
  return o.kind === 'cosine'
    ? (o.learningRate * (1 + Math.cos(Math.PI * progress))) / 2
    : o.learningRate * state.factor;
}

/** The state after an epoch that ended with `testLoss`. */
export function afterEpoch(o: ScheduleOptions, state: ScheduleState, testLoss: number): ScheduleState {
  if (o.kind !== 'plateau') return state;
  if (state.best === null || testLoss < state.best * (1 - THRESHOLD)) return { ...state, best: testLoss, stale: 0 };
  return state.stale + 1 > PATIENCE
    ? { ...state, factor: state.factor / 2, stale: 0 }
    : { ...state, stale: state.stale + 1 };
}
