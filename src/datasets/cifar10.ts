/** CIFAR-10: `data_batch_1.bin` … `data_batch_5.bin`, `test_batch.bin` and, for the names, `batches.meta.txt`. */
import { cifar } from './cifar.js';

export const cifar10 = cifar({
  name: 'cifar10',
  summary: 'CIFAR-10, binary release: data_batch_1..5.bin and test_batch.bin in --data-dir',
  folder: 'cifar-10-batches-bin',
  train: [1, 2, 3, 4, 5].map((k) => `data_batch_${k}.bin`),
  test: ['test_batch.bin'],
  labels: [10],
  namesFile: 'batches.meta.txt',
  names: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
});
