"""Reads a TensorBoard event file by its definition alone: `read_events.py FILE` prints {"version", "scalars": [[tag, step, value]]}.

TFRecord: length (uint64), masked CRC-32C of it, data, masked CRC-32C of the data. Event: wall_time 1 (double), step 2 (varint),
file_version 3, summary 5; Summary: value 1; Value: tag 1, simple_value 2 (float).
"""
import json
import struct
import sys


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def check(data, said):
    crc = crc32c(data)
    assert ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF == said, "checksum"


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = varint(data, at)
        elif wire == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif wire == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            n, at = varint(data, at)
            value, at = data[at : at + n], at + n
        yield number, value


raw = open(sys.argv[1], "rb").read()
at, version, scalars = 0, None, []
while at < len(raw):
    (n,) = struct.unpack_from("<Q", raw, at)
    check(raw[at : at + 8], struct.unpack_from("<I", raw, at + 8)[0])
    data = raw[at + 12 : at + 12 + n]
    check(data, struct.unpack_from("<I", raw, at + 12 + n)[0])
    at += 16 + n
    event = dict(fields(data))
    if 3 in event:
        version = event[3].decode()
    if 5 in event:
        for _, value in fields(event[5]):
            scalar = dict(fields(value))
            scalars.append([scalar[1].decode(), event.get(2, 0), scalar[2]])
print(json.dumps({"version": version, "scalars": scalars}))
