/** How the classes and the poisoned cluster lie in T: silhouettes, distances, and pictures in two dimensions. */
export type { Matrix } from '../information/columns.js';
export { aligned, type EmbeddingMethod, embed, embeddingMethods, FEWEST_POINTS } from './embedding.js';
export { distances, type Place, place, silhouettes } from './silhouette.js';
