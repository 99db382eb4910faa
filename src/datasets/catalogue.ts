/**
 * The catalogue of data sets: content, licence, and official files of each.
 *
 * Byte counts and SHA-256 hashes are those of TensorFlow Datasets (`tensorflow_datasets/url_checksums/`); the MD5 of the GTSRB test files
 * are torchvision's (`datasets/gtsrb.py`). `hash.from` names the source of every hash. `data fetch` checks size and hash of every file.
 */
import { findNamed } from '../base/errors.js';

/** A file of the publisher. */
export interface RemoteFile {
  /** Name, which is appended to the base address. */
  name: string;
  /** Exact length in bytes. */
  bytes: number;
  hash: { algorithm: 'md5' | 'sha256'; hex: string; from: string };
  /** Kind of archive; `keep` uses the file unchanged. */
  unpack: 'tar.gz' | 'zip' | 'gz' | 'keep';
  /** Limits of the unpacked content, against decompression bombs. */
  most: { bytes: number; entries: number };
}

export interface Remote {
  /** Base address, which ends in `/`. `--mirror` replaces it. */
  base: string;
  files: readonly RemoteFile[];
  /** Paths that a complete set contains, with their length in bytes; null for a folder, or if the length is not known. */
  holds: Readonly<Record<string, number | null>>;
}

export interface CatalogueEntry {
  /** The name that `--dataset` takes. */
  name: string;
  /** Description in a few words. */
  what: string;
  /** Numbers of images and classes; null if they depend on the user's files. */
  train: number | null;
  test: number | null;
  classes: number | null;
  /** Bytes on disk after `data fetch`, without small text files; null if no source states them. */
  disk: number | null;
  licence: string;
  /** The publisher's page. */
  page: string | null;
  /** Folder or file that `--data-dir` names. */
  dataDir: string;
  /** Files for `data fetch`; absent for sets that are drawn or that the user provides. */
  remote?: Remote;
}

const TFDS = 'TensorFlow Datasets';
const TORCHVISION = 'torchvision';
const sha256 = (hex: string, from = TFDS) => ({ algorithm: 'sha256' as const, hex, from });
const md5 = (hex: string, from = TORCHVISION) => ({ algorithm: 'md5' as const, hex, from });
const MB = 1e6;

/** The four files of MNIST and of its drop-in replacements: [name, bytes, SHA-256, bytes unpacked]. */
function idx(files: readonly (readonly [name: string, bytes: number, hex: string, unpacked: number])[]) {
  return {
    files: files.map(([name, bytes, hex, unpacked]) => ({
      name: `${name}.gz`,
      bytes,
      hash: sha256(hex),
      unpack: 'gz' as const,
      most: { bytes: unpacked, entries: 1 },
    })),
    holds: Object.fromEntries(files.map(([name, , , unpacked]) => [name, unpacked])),
  };
}

// IDX: a header of 16 bytes and 28 × 28 an image, a header of 8 bytes and 1 a label.
const IDX_BYTES = { trainImages: 47_040_016, trainLabels: 60_008, testImages: 7_840_016, testLabels: 10_008 };
const IDX_DISK = Object.values(IDX_BYTES).reduce((a, b) => a + b, 0);
const IDX_DIR = 'the folder with train-images-idx3-ubyte (or .gz) and the three files beside it';

const OWN = { train: null, test: null, classes: null, disk: null, licence: 'yours', page: null };

export const catalogue: readonly CatalogueEntry[] = [
  {
    name: 'shapes10',
    what: 'shapes and patterns drawn by ibscope, 32×32 colour',
    train: 5000,
    test: 1000,
    classes: 10,
    disk: 0,
    licence: 'MIT, as ibscope',
    page: null,
    dataDir: 'not needed',
  },
  {
    name: 'cifar10',
    what: 'CIFAR-10, objects and animals, 32×32 colour',
    train: 50_000,
    test: 10_000,
    classes: 10,
    disk: 184_380_000,
    licence: 'none stated; the authors ask to cite Krizhevsky 2009',
    page: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    dataDir: 'cifar-10-batches-bin, or the folder it is in',
    remote: {
      base: 'https://www.cs.toronto.edu/~kriz/',
      files: [
        {
          name: 'cifar-10-binary.tar.gz',
          bytes: 170_052_171,
          hash: sha256('c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd'),
          unpack: 'tar.gz',
          most: { bytes: 200 * MB, entries: 50 },
        },
      ],
      // A record is one label byte and 3 072 pixel bytes, a batch 10 000 records.
      holds: Object.fromEntries(
        [...[1, 2, 3, 4, 5].map((k) => `data_batch_${k}.bin`), 'test_batch.bin'].map((file) => [
          `cifar-10-batches-bin/${file}`,
          30_730_000,
        ]),
      ),
    },
  },
  {
    name: 'cifar100',
    what: 'CIFAR-100, objects and animals, 32×32 colour',
    train: 50_000,
    test: 10_000,
    classes: 100,
    disk: 184_440_000,
    licence: 'none stated; the authors ask to cite Krizhevsky 2009',
    page: 'https://www.cs.toronto.edu/~kriz/cifar.html',
    dataDir: 'cifar-100-binary, or the folder it is in',
    remote: {
      base: 'https://www.cs.toronto.edu/~kriz/',
      files: [
        {
          name: 'cifar-100-binary.tar.gz',
          bytes: 168_513_733,
          hash: sha256('58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec'),
          unpack: 'tar.gz',
          most: { bytes: 200 * MB, entries: 50 },
        },
      ],
      holds: { 'cifar-100-binary/train.bin': 153_700_000, 'cifar-100-binary/test.bin': 30_740_000 },
    },
  },
  {
    name: 'svhn',
    what: 'house numbers from street views, cropped digits, 32×32 colour',
    train: 73_257,
    test: 26_032,
    classes: 10,
    disk: 246_316_178,
    licence: 'non-commercial use only',
    page: 'http://ufldl.stanford.edu/housenumbers/',
    dataDir: 'the folder with train_32x32.mat and test_32x32.mat',
    remote: {
      base: 'http://ufldl.stanford.edu/housenumbers/',
      files: [
        {
          name: 'train_32x32.mat',
          bytes: 182_040_794,
          hash: sha256('435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8'),
          unpack: 'keep',
          most: { bytes: 182_040_794, entries: 1 },
        },
        {
          name: 'test_32x32.mat',
          bytes: 64_275_384,
          hash: sha256('cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b'),
          unpack: 'keep',
          most: { bytes: 64_275_384, entries: 1 },
        },
      ],
      holds: { 'train_32x32.mat': 182_040_794, 'test_32x32.mat': 64_275_384 },
    },
  },
  {
    name: 'gtsrb',
    what: 'German traffic signs, 15×15 to 250×250 colour',
    // The official final training set. torchvision fetches GTSRB-Training_fixed.zip, the competition's 26 640 images.
    train: 39_209,
    test: 12_630,
    classes: 43,
    disk: null,
    licence: 'none found on its pages; cite Stallkamp et al. 2012',
    page: 'https://benchmark.ini.rub.de/gtsrb_dataset.html',
    dataDir: 'the folder with GTSRB/Final_Training, GTSRB/Final_Test and GT-final_test.csv',
    remote: {
      base: 'https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/',
      files: [
        {
          name: 'GTSRB_Final_Training_Images.zip',
          bytes: 276_294_756,
          hash: md5('f33fd80ac59bff73c82d25ab499e03a3', 'agreeing public loaders; the publisher states none'),
          unpack: 'zip',
          most: { bytes: 2000 * MB, entries: 60_000 },
        },
        {
          name: 'GTSRB_Final_Test_Images.zip',
          bytes: 88_978_620,
          hash: md5('c7e4e6327067d32654124b0fe9e82185'),
          unpack: 'zip',
          most: { bytes: 1000 * MB, entries: 20_000 },
        },
        {
          name: 'GTSRB_Final_Test_GT.zip',
          bytes: 99_620,
          hash: md5('fe31e9c9270bbcd7b84b7f21a9d9d9e5'),
          unpack: 'zip',
          most: { bytes: 5 * MB, entries: 50 },
        },
      ],
      holds: {
        'GTSRB/Final_Training/Images/00000': null,
        'GTSRB/Final_Training/Images/00042': null,
        'GTSRB/Final_Test/Images/00000.ppm': null,
        'GTSRB/Final_Test/Images/12629.ppm': null,
        'GT-final_test.csv': null,
      },
    },
  },
  {
    name: 'mnist',
    what: 'MNIST, handwritten digits, 28×28 grey',
    train: 60_000,
    test: 10_000,
    classes: 10,
    disk: IDX_DISK,
    licence: 'CC BY-SA 3.0',
    page: 'http://yann.lecun.com/exdb/mnist/',
    dataDir: IDX_DIR,
    remote: {
      // The page's own links no longer serve the files; this is the copy of the CVDF that TensorFlow Datasets reads.
      base: 'https://storage.googleapis.com/cvdf-datasets/mnist/',
      ...idx([
        [
          'train-images-idx3-ubyte',
          9_912_422,
          '440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609',
          IDX_BYTES.trainImages,
        ],
        [
          'train-labels-idx1-ubyte',
          28_881,
          '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
          IDX_BYTES.trainLabels,
        ],
        [
          't10k-images-idx3-ubyte',
          1_648_877,
          '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
          IDX_BYTES.testImages,
        ],
        [
          't10k-labels-idx1-ubyte',
          4_542,
          'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
          IDX_BYTES.testLabels,
        ],
      ]),
    },
  },
  {
    name: 'fashion-mnist',
    what: 'Fashion-MNIST, articles of clothing, 28×28 grey',
    train: 60_000,
    test: 10_000,
    classes: 10,
    disk: IDX_DISK,
    licence: 'MIT',
    page: 'https://github.com/zalandoresearch/fashion-mnist',
    dataDir: `not needed where Debian’s package dataset-fashion-mnist is installed; else ${IDX_DIR}`,
    remote: {
      base: 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
      ...idx([
        [
          'train-images-idx3-ubyte',
          26_421_880,
          '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
          IDX_BYTES.trainImages,
        ],
        [
          'train-labels-idx1-ubyte',
          29_515,
          'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
          IDX_BYTES.trainLabels,
        ],
        [
          't10k-images-idx3-ubyte',
          4_422_102,
          '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
          IDX_BYTES.testImages,
        ],
        [
          't10k-labels-idx1-ubyte',
          5_148,
          '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
          IDX_BYTES.testLabels,
        ],
      ]),
    },
  },
  {
    name: 'tiny-imagenet',
    what: 'Tiny ImageNet, objects and animals, 64×64 colour; its validation images are the test set',
    train: 100_000,
    test: 10_000,
    classes: 200,
    disk: null,
    licence: 'ImageNet’s terms: non-commercial research and education',
    page: 'https://cs231n.stanford.edu/',
    dataDir: 'tiny-imagenet-200, or the folder it is in',
    remote: {
      base: 'https://cs231n.stanford.edu/',
      files: [
        {
          name: 'tiny-imagenet-200.zip',
          bytes: 248_100_043,
          hash: sha256(
            '6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821',
            'agreeing public loaders; the publisher states none',
          ),
          unpack: 'zip',
          most: { bytes: 1000 * MB, entries: 150_000 },
        },
      ],
      holds: {
        'tiny-imagenet-200/wnids.txt': null,
        'tiny-imagenet-200/words.txt': null,
        'tiny-imagenet-200/train': null,
        'tiny-imagenet-200/val/images': null,
        'tiny-imagenet-200/val/val_annotations.txt': null,
      },
    },
  },
  {
    name: 'folder',
    what: 'your images, one folder per class',
    dataDir: 'a folder with train/<class>/… and test/<class>/…, or <class>/… alone',
    ...OWN,
  },
  {
    name: 'npz',
    what: 'your arrays in NumPy files',
    dataDir:
      'an .npz file with images and labels, or a folder with train.npz and perhaps test.npz, or with x_train.npy, y_train.npy, …',
    ...OWN,
  },
  {
    name: 'parquet',
    what: 'a data set of Hugging Face, downloaded as Parquet files',
    dataDir: 'a .parquet file, or the folder with train-….parquet and perhaps test-….parquet',
    ...OWN,
  },
  {
    name: 'torch',
    what: 'your tensors in one file of torch.save',
    dataDir: 'a .pt file with images and labels, or a folder with train.pt and perhaps test.pt',
    ...OWN,
  },
  {
    ...OWN,
    name: 'phrases10',
    what: 'short texts in ten topics, drawn by ibscope; the order of words counts',
    ...{ train: 5000, test: 1000, classes: 10, disk: 0, licence: 'MIT, as ibscope', dataDir: 'not needed' },
  },
  {
    ...OWN,
    name: 'wordnet',
    what: 'glosses of nouns in WordNet, by the ten largest topics',
    ...{ licence: 'WordNet', page: 'https://wordnet.princeton.edu/' },
    dataDir: 'the folder with data.noun (default where the Debian package wordnet-base puts it)',
  },
  {
    ...OWN,
    name: 'text',
    what: 'your texts: CSV, TSV, JSONL or Parquet with a text and a label column, or one folder per class',
    dataDir:
      'a file; a folder with train and test files; or a folder with train/<class>/… and test/<class>/…, or <class>/… alone',
  },
];

/** The entry of that name; throws `UserError` with the nearest name otherwise. */
export function findEntry(name: string, entries: readonly CatalogueEntry[] = catalogue): CatalogueEntry {
  return findNamed('data set', name, entries);
}

/** Bytes that `data fetch` downloads; null for a set without a download. */
export function downloadBytes({ remote }: CatalogueEntry): number | null {
  return remote ? remote.files.reduce((sum, file) => sum + file.bytes, 0) : null;
}
