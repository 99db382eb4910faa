/** The numbers and figures of runs for other programs. */
export { figureFile, figurePng } from './figures.js';
export { escapeLatex, latex } from './latex.js';
export { type FigureName, figures, type TableName, tables } from './names.js';
export { parquet } from './parquet.js';
export { type Cell, type Exportable, type Row, readExportable, tableOf } from './tables.js';
export { crc32c, eventFile, scalarsOf, tensorboard } from './tensorboard.js';
