/** Stealth in feature space: silhouettes and distances of classes and poisoned samples in T, and embeddings in two dimensions. */
export type { Matrix } from '../information/columns.js';
export { aligned, type EmbeddingMethod, embed, embeddingMethods, FEWEST_POINTS } from './embedding.js';
export { cdbi, daviesBouldin, dswd } from './separation.js';
export { distances, type Place, place, silhouettes } from './silhouette.js';
