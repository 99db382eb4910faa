/**
 * CIFAR-100 with its 100 fine classes: `train.bin`, `test.bin` and, for the names, `fine_label_names.txt`. Without that file the names of
 * classes are their numbers.
 */
import { cifar } from './cifar.js';

export const cifar100 = cifar({
  name: 'cifar100',
  summary: 'CIFAR-100 (fine classes), binary release: train.bin and test.bin in --data-dir',
  folder: 'cifar-100-binary',
  train: ['train.bin'],
  test: ['test.bin'],
  labels: [20, 100],
  namesFile: 'fine_label_names.txt',
  names: Array.from({ length: 100 }, (_, k) => String(k)),
});
