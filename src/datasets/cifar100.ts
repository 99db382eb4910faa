/**
 * CIFAR-100 with its 100 fine classes: `train.bin`, `test.bin` and, for the names, `fine_label_names.txt`; for Python `train`, `test` and
 * `meta`. Without the names the classes are called by their numbers.
 */
import { cifar } from './cifar.js';

export const cifar100 = cifar({
  name: 'cifar100',
  summary: 'CIFAR-100 (fine classes), binary release or the one for Python: train and test in --data-dir',
  folder: 'cifar-100-binary',
  train: ['train.bin'],
  test: ['test.bin'],
  labels: [20, 100],
  namesFile: 'fine_label_names.txt',
  python: {
    folder: 'cifar-100-python',
    train: ['train'],
    test: ['test'],
    labels: ['coarse_labels', 'fine_labels'],
    namesFile: 'meta',
    namesKey: 'fine_label_names',
  },
  names: Array.from({ length: 100 }, (_, k) => String(k)),
});
