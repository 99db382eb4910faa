/**
 * Runs as TensorBoard event files: TFRecords (length, masked CRC-32C of it, data, masked CRC-32C of that) of `tensorflow.Event`
 * messages with scalars. Numbers are the field numbers of event.proto and summary.proto.
 */

import protobuf from 'protobufjs/minimal.js';
import { isNullGroup } from '../dynamics/group-id.js';
import type { Exportable } from './tables.js';

const { Writer } = protobuf;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  // Castagnoli's polynomial, reflected.
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c;
});

/** CRC-32C (Castagnoli), as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const b of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ b) & 255];
  return (crc ^ 0xffffffff) >>> 0;
}

/** The masked checksum of TFRecord: rotated by 15 bits, plus a constant (TensorFlow's `crc32c.h`). */
const masked = (bytes: Uint8Array) => {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
};

function record(data: Uint8Array): Uint8Array {
  const out = Buffer.alloc(16 + data.length);
  out.writeBigUInt64LE(BigInt(data.length), 0);
  out.writeUInt32LE(masked(out.subarray(0, 8)), 8);
  out.set(data, 12);
  out.writeUInt32LE(masked(data), 12 + data.length);
  return out;
}

/** Event { wall_time 1, step 2, file_version 3 | summary 5 { value 1 { tag 1, simple_value 2 } } }. */
function event(seconds: number, step: number, tag: string | null, value = 0): Uint8Array {
  const writer = Writer.create()
    .uint32((1 << 3) | 1)
    .double(seconds)
    .uint32(2 << 3)
    .int64(step);
  if (tag === null)
    return writer
      .uint32((3 << 3) | 2)
      .string('brain.Event:2')
      .finish();
  const scalar = Writer.create()
    .uint32((1 << 3) | 2)
    .string(tag)
    .uint32((2 << 3) | 5)
    .float(value)
    .finish();
  const summary = Writer.create()
    .uint32((1 << 3) | 2)
    .bytes(scalar)
    .finish();
  return writer
    .uint32((5 << 3) | 2)
    .bytes(summary)
    .finish();
}

/** The series of a run by tag, as pairs of epoch and value. */
export function scalarsOf({ report }: Exportable): Map<string, [epoch: number, value: number][]> {
  const series = new Map<string, [number, number][]>();
  const put = (tag: string, epoch: number, value: number | null | undefined) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) return;
    series.set(tag, [...(series.get(tag) ?? []), [epoch, value]]);
  };
  const [first] = report.layers;
  for (const e of report.information) {
    if (isNullGroup(e.group)) continue;
    const layer = e.layer && first && e.layer !== first.layer ? ` ${e.layer}` : '';
    put(`${e.quantity}${layer} (nats)/${e.group.replace('/', '-')}`, e.epoch, e.nats);
  }
  for (const e of report.epochs) {
    for (const key of ['trainLoss', 'testLoss', 'backdoorLoss'] as const) put(`loss (nats)/${key}`, e.epoch, e[key]);
    for (const key of ['trainAccuracy', 'testAccuracy', 'asr'] as const) put(`accuracy/${key}`, e.epoch, e[key]);
    put('learning rate', e.epoch, e.learningRate);
  }
  const end = Math.max(0, ...report.epochs.map((e) => e.epoch), ...report.information.map((e) => e.epoch));
  put('stealth S', end, report.stealth?.score);
  return series;
}

/** One event file. Steps are epochs. The wall time is the start of the run, so that the same run gives the same bytes. */
export function tensorboard(run: Exportable): Uint8Array {
  const seconds = Math.floor((Date.parse(run.created ?? '') || 0) / 1000);
  const records = [record(event(seconds, 0, null))];
  for (const [tag, points] of scalarsOf(run))
    for (const [epoch, value] of points) records.push(record(event(seconds, epoch, tag, value)));
  return Buffer.concat(records);
}

/** The file name that TensorBoard looks for in a folder. */
export const eventFile = ({ created }: Exportable) =>
  `events.out.tfevents.${Math.floor((Date.parse(created ?? '') || 0) / 1000)}.ibscope`;
