/** The numbers and figures of runs for other programs. */
export { type FigureName, figureFile, figurePng, figures } from './figures.js';
export { escapeLatex, latex } from './latex.js';
export { parquet } from './parquet.js';
export { type Cell, type Exportable, type Row, readExportable, type TableName, tableOf, tables } from './tables.js';
export { crc32c, eventFile, scalarsOf, tensorboard } from './tensorboard.js';
