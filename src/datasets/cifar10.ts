/** CIFAR-10: `data_batch_1.bin` … `data_batch_5.bin`, `test_batch.bin` and, for the names, `batches.meta.txt`; for Python without endings. */
import { cifar } from './cifar.js';

export const cifar10 = cifar({
  name: 'cifar10',
  summary: 'CIFAR-10, binary release or the one for Python: data_batch_1..5 and test_batch in --data-dir',
  folder: 'cifar-10-batches-bin',
  train: [1, 2, 3, 4, 5].map((k) => `data_batch_${k}.bin`),
  test: ['test_batch.bin'],
  labels: [10],
  namesFile: 'batches.meta.txt',
  python: {
    folder: 'cifar-10-batches-py',
    train: [1, 2, 3, 4, 5].map((k) => `data_batch_${k}`),
    test: ['test_batch'],
    labels: ['labels'],
    namesFile: 'batches.meta',
    namesKey: 'label_names',
  },
  names: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
});
