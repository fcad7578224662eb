# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Disk images with three partitions of 8 MiB, for the tests of the drivers."""

import struct
import zlib

SECTOR = 512
START = 2048  # of the first partition, in sectors
SIZE = 16384  # of each, in sectors
COUNT = 3
SECTORS = START + COUNT * SIZE + 2048


def mbr(entries):
    table = b"".join(struct.pack("<B3xB3xII", 0, kind, start, count) for kind, start, count in entries)
    return bytes(446) + table.ljust(64, b"\0") + b"\x55\xaa"


def with_mbr(block=SECTOR):
    """`block`: bytes of a logical block, which is what the table counts."""
    per = block // SECTOR
    return mbr([(0x83, (START + i * SIZE) // per, SIZE // per) for i in range(COUNT)])


def with_gpt(block=SECTOR):
    per = block // SECTOR
    guid = bytes(range(1, 17))
    entries = b"".join(struct.pack("<16s16sQQQ72x", guid, guid, (START + i * SIZE) // per,
                                   (START + (i + 1) * SIZE) // per - 1, 0) for i in range(COUNT))
    entries = entries.ljust(128 * 128, b"\0")
    blocks, table = SECTORS // per, 1 + len(entries) // block  # the latter: header and entries

    def header(crc):
        return struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, crc, 0, 1, blocks - 1, 1 + table,
                           blocks - table - 1, guid, 2, 128, 128, zlib.crc32(entries))

    return (mbr([(0xEE, 1, blocks - 1)]).ljust(block, b"\0") + header(zlib.crc32(header(0))).ljust(block, b"\0") +
            entries)


def create(path, table):
    with open(path, "wb") as file:
        file.write(table)
        file.truncate(SECTORS * SECTOR)
    return path


def partition(path, number):
    """The bytes of a partition, counted from 0."""
    with open(path, "rb") as file:
        file.seek((START + number * SIZE) * SECTOR)
        return file.read(SIZE * SECTOR)
