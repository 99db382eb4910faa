/**
 * GTSRB, German traffic signs, 43 classes (Stallkamp et al. 2012, https://benchmark.ini.rub.de): the official folders
 *
 *   GTSRB/Final_Training/Images/00000 … 00042/*.ppm, each with GT-<class>.csv (or GTSRB/Training/…, the fixed archive)
 *   GTSRB/Final_Test/Images/*.ppm, and GT-final_test.csv with the classes there, in GTSRB/ or in --data-dir
 *
 * Images of 15 to 250 pixels are resized as a whole to `size` (default 32) and not cropped to the sign, as in torchvision and BackdoorBench.
 * Only images that the limits select are decoded.
 */

import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import { firstExisting, locate, readFolder, readLines, requireDir } from './directory.js';
import { checkSize, decodeDataset, type Listing } from './images.js';
import { checkLabels } from './select.js';
import type { DatasetSource } from './types.js';

const classes = [
  'speed limit 20',
  'speed limit 30',
  'speed limit 50',
  'speed limit 60',
  'speed limit 70',
  'speed limit 80',
  'end of speed limit 80',
  'speed limit 100',
  'speed limit 120',
  'no passing',
  'no passing over 3.5 t',
  'right of way at crossing',
  'priority road',
  'yield',
  'stop',
  'no vehicles',
  'no vehicles over 3.5 t',
  'no entry',
  'general caution',
  'curve left',
  'curve right',
  'double curve',
  'bumpy road',
  'slippery road',
  'road narrows',
  'road work',
  'traffic signals',
  'pedestrians',
  'children crossing',
  'bicycles crossing',
  'ice or snow',
  'wild animals crossing',
  'end of all limits',
  'turn right ahead',
  'turn left ahead',
  'ahead only',
  'straight or right',
  'straight or left',
  'keep right',
  'keep left',
  'roundabout',
  'end of no passing',
  'end of no passing over 3.5 t',
];

/** The images in `folder` that a CSV file lists, with their ClassId. */
async function readCsv(path: string, folder: string): Promise<Listing> {
  const [header = '', ...rows] = (await readLines(path)).map((line) => line.split(';'));
  const [file, label] = ['Filename', 'ClassId'].map((column) => {
    const at = header.indexOf(column);
    if (at < 0) throw new UserError(`${path}: has no column ${column}, separated by semicolons`);
    return at;
  });
  const files = rows.map((row, i) => {
    if (!/^[\w.-]+\.ppm$/i.test(row[file] ?? '')) {
      throw new UserError(`${path}: row ${i + 1} has the file name "${row[file] ?? ''}"; a .ppm image is expected`);
    }
    return join(folder, row[file]);
  });
  const labels = rows.map((row) => (/^\d+$/.test(row[label] ?? '') ? Number(row[label]) : Number.NaN));
  checkLabels(path, labels, classes.length);
  return { files, labels: Int32Array.from(labels) };
}

async function trainListing(root: string): Promise<Listing> {
  const parts = [join(root, 'Final_Training', 'Images'), join(root, 'Training')];
  const folder = (await firstExisting(parts)) ?? parts[0];
  const files: string[] = [];
  const labels: number[] = [];
  for (const { name } of await readFolder(folder)) {
    if (!/^\d{5}$/.test(name)) continue;
    const csv = join(folder, name, `GT-${name}.csv`);
    const listed = await readCsv(csv, join(folder, name));
    const stray = listed.labels.find((k) => k !== Number(name));
    if (stray !== undefined) throw new UserError(`${csv}: has the ClassId ${stray} in the folder of class ${name}`);
    files.push(...listed.files);
    labels.push(...listed.labels);
  }
  if (!files.length) throw new UserError(`${folder}: holds no class folders 00000 to 00042`);
  return { files, labels: Int32Array.from(labels) };
}

async function testListing(root: string, dataDir: string): Promise<Listing> {
  const images = join(root, 'Final_Test', 'Images');
  const places = [images, join(root, 'Final_Test'), root, dataDir].map((place) => join(place, 'GT-final_test.csv'));
  const csv = await firstExisting(places);
  if (!csv) throw new UserError(`${root}: holds no GT-final_test.csv, the classes of the test images`);
  return readCsv(csv, images);
}

export const gtsrb: DatasetSource = {
  name: 'gtsrb',
  summary: 'GTSRB traffic signs: Final_Training/, Final_Test/ and GT-final_test.csv in --data-dir or GTSRB/ in it',
  needsDir: true,
  decodes: true,
  async load(request) {
    const { dataDir, size = 32 } = request;
    checkSize(size);
    const given = await requireDir('gtsrb', dataDir);
    const root = await locate(given, ['GTSRB', 'gtsrb/GTSRB'], ['Final_Training', 'Training']);
    const all = { train: await trainListing(root), test: await testListing(root, given) };
    return decodeDataset('gtsrb', classes, all, request, size);
  },
};
