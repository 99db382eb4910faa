/** What can be exported, by name. */

/** The figures that are exported. */
export const figures = [
  'plane',
  'ixt',
  'ity',
  'phases',
  'score',
  'score-parts',
  'accuracy',
  'loss',
  'class-loss',
] as const;
/** One of `figures`. */
export type FigureName = (typeof figures)[number];

/** The tables that runs are exported as. */
export const tables = ['trajectories', 'scores', 'phases', 'epochs'] as const;
/** One of `tables`. */
export type TableName = (typeof tables)[number];

export const modelFormats = ['onnx', 'safetensors'] as const;
