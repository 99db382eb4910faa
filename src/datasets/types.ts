/** The interface of a data set and of its source. */

/** What labelled samples of any kind have. `labels` holds class numbers, [n]. */
export interface LabelledSet {
  labels: Int32Array;
  n: number;
  /** File of each sample, if every sample has a file of its own. */
  files?: string[];
  /** Where each sample stands if it has no file of its own: the path of its file and its number there, `data_batch_1.bin#17`. */
  records?: string[];
  /** Position of each sample in the set from which it was chosen; absent if all were chosen (0 … n − 1). */
  places?: Int32Array;
}

/** Labelled images. `images` is [n, height, width, channels] uint8, row-major. */
export interface ImageSet extends LabelledSet {
  images: Uint8Array;
  height: number;
  width: number;
  channels: number;
}

/** Labelled texts, [n]. */
export interface TextSet extends LabelledSet {
  texts: string[];
}

/** Labelled texts as numbers of words. */
export interface TokenSet extends TextSet {
  /** [n, length]: 0 is padding, 1 a word that the vocabulary lacks, 2 the class token, which comes first. */
  tokens: Int32Array;
  length: number;
  /** How many numbers there are. */
  vocabulary: number;
}

/** Samples that a network can read. */
export type InputSet = ImageSet | TokenSet;

/** A loaded data set. */
export interface Dataset {
  name: string;
  /** Class names in the order of their numbers. */
  classes: string[];
  train: ImageSet;
  test: ImageSet;
  /** Lines about the data for the user, such as a warning of unbalanced classes. */
  notes?: string[];
}

/** A loaded data set of texts. */
export interface TextDataset extends Omit<Dataset, 'train' | 'test'> {
  train: TextSet;
  test: TextSet;
}

/** Names of the columns of a table of texts. */
export interface TextColumns {
  text?: string;
  label?: string;
}

/** What to load. Limits are class-balanced and seeded; without a limit all samples are loaded. */
export interface DatasetRequest {
  dataDir?: string;
  trainLimit?: number;
  testLimit?: number;
  seed: number;
  /** Columns of a table of texts (default: those with the usual names). */
  columns?: TextColumns;
  /** Side length of resized images, for sources whose images have different sizes. Default 32 (Tiny ImageNet: 64). */
  size?: number;
}

/** A source of data sets. One file per source in this room, one line in `index.ts`. */
export interface DatasetSource {
  name: string;
  /** One line for `--help` and `data list`. */
  summary: string;
  /** Whether `--data-dir` is required. */
  needsDir: boolean;
  /** Whether its files hold encoded images (JPEG, PNG, …), whose decoding takes longer than reading what was decoded. */
  decodes?: boolean;
  /** The names of the classes, where they can be told without reading the images. */
  classes?(dataDir: string | undefined): Promise<string[]>;
  /** Loads the set. Throws `UserError` for files that are missing or damaged. */
  load(request: DatasetRequest): Promise<Dataset>;
}

/** A source of texts. */
export interface TextSource extends Omit<DatasetSource, 'load' | 'decodes'> {
  /** Loads the set. Throws `UserError` for files that are missing or damaged. */
  load(request: DatasetRequest): Promise<TextDataset>;
}
