/** What a data set is to the rest of ibscope. */

/** Labelled images. `images` is [n, height, width, channels] uint8, row-major; `labels` holds class numbers. */
export interface ImageSet {
  images: Uint8Array;
  labels: Int32Array;
  n: number;
  height: number;
  width: number;
  channels: number;
  /** Files the images were read from, where each has its own. */
  files?: string[];
  /** Places of the images in what they were chosen from, where some were left out; else 0 … n − 1. */
  places?: Int32Array;
}

/** A data set, read. */
export interface Dataset {
  name: string;
  /** Class names in the order of their numbers. */
  classes: string[];
  train: ImageSet;
  test: ImageSet;
  /** Lines a user should see about the data, such as classes of uneven size. */
  notes?: string[];
}

/** What a source is asked for. Limits are class-balanced and seeded; undefined takes everything there is. */
export interface DatasetRequest {
  dataDir?: string;
  trainLimit?: number;
  testLimit?: number;
  seed: number;
  /** Side length images are resized to where the source has no size of its own. Default 32. */
  size?: number;
}

/** What a data set is read by. One file per source in this room, one line in `index.ts`. */
export interface DatasetSource {
  name: string;
  /** One line for `--help` and `data list`. */
  summary: string;
  /** Whether `--data-dir` is required. */
  needsDir: boolean;
  /** Reads the set. Throws `UserError` for what is missing or damaged. */
  load(request: DatasetRequest): Promise<Dataset>;
}
