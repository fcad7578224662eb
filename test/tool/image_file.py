# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Reads an image as the kernel and the hardware do: the ELF file, the tables of kernel/abi/image.h, and stage-2
# translation tables. Follows the specifications, not the tool's source.

import collections
import struct

ANY = 0xFFFF
THREAD_BYTES = 768
KIND_PD, KIND_VCPU = 0, 1


class Elf:
    """Segments and symbols of an ELF file."""

    def __init__(self, path):
        self.data = path.read_bytes()
        (ident, self.type, self.machine, _, self.entry, phoff, shoff, _, _, phentsize, phnum, shentsize, shnum,
         _) = struct.unpack_from("<16sHHIQQQIHHHHHH", self.data)
        assert ident[:6] == b"\x7fELF\x02\x01"
        self.segments = [struct.unpack_from("<IIQQQQQQ", self.data, phoff + i * phentsize) for i in range(phnum)]
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", self.data, shoff + i * shentsize) for i in range(shnum)]

    def loads(self):
        """(flags, offset, vaddr, paddr, filesz, memsz, align) of each segment that is loaded."""
        return [segment[1:] for segment in self.segments if segment[0] == 1 and segment[6] != 0]

    def symbols(self):
        """name -> (value, size); the last of a name wins, a global one over local ones."""
        found = {}
        for _, kind, _, _, offset, size, link, _, _, entry_bytes in self.sections:
            if kind != 2:
                continue
            names = self.sections[link][4]
            for at in range(offset, offset + size, entry_bytes):
                name, _, _, section, value, length = struct.unpack_from("<IBBHQQ", self.data, at)
                end = self.data.index(b"\0", names + name)
                if section != 0:
                    found[self.data[names + name:end].decode()] = (value, length)
        return found


class Memory:
    """Physical memory after loading: what no segment fills cannot be read."""

    def __init__(self, elf):
        self.ranges = []
        for _, offset, vaddr, paddr, filesz, memsz, _ in elf.loads():
            assert vaddr == paddr
            self.ranges.append((paddr, elf.data[offset:offset + filesz] + bytes(memsz - filesz)))
        self.ranges.sort()

    def clear(self, base, size):
        """What the kernel does at boot; nothing that was loaded may be lost by it."""
        for start, content in self.ranges:
            assert base + size <= start or start + len(content) <= base, (hex(base), hex(start))
        self.ranges.append((base, bytes(size)))

    def read(self, paddr, size):
        for start, content in self.ranges:
            if start <= paddr and paddr + size <= start + len(content):
                return content[paddr - start:paddr - start + size]
        # It may go on in a range next to it.
        for start, content in self.ranges:
            if start <= paddr < start + len(content):
                first = start + len(content) - paddr
                return content[paddr - start:] + self.read(paddr + first, size - first)
        raise LookupError(hex(paddr))

    def word(self, paddr):
        return struct.unpack("<Q", self.read(paddr, 8))[0]


class Page:
    """One leaf of a translation table."""

    def __init__(self, ipa, size, descriptor):
        self.ipa = ipa
        self.size = size
        self.paddr = descriptor & 0x0000_FFFF_FFFF_F000
        self.perms = ("r" if descriptor >> 6 & 1 else "") + ("w" if descriptor >> 7 & 1 else "")
        self.perms += "" if descriptor >> 54 & 1 else "x"
        self.is_device = descriptor >> 2 & 0xF == 0
        assert descriptor >> 10 & 1 == 1, "access flag"
        assert descriptor >> 8 & 3 == (0 if self.is_device else 3), "shareability"
        assert descriptor >> 2 & 0xF in (0, 0xF), "memory type"
        assert descriptor & ~(0x0000_FFFF_FFFF_F000 | 1 << 54 | 0x7FF) == 0, "reserved bits"
        assert self.paddr % size == 0


def walk(memory, root):
    """Every page and block that the tables at root map, ascending."""
    assert root % 4096 == 0
    pages = []
    for index1, entry1 in enumerate(struct.unpack("<512Q", memory.read(root, 4096))):
        if entry1 == 0:
            continue
        assert entry1 & 3 == 3
        table2 = memory.read(entry1 & ~0xFFF, 4096)
        for index2, entry2 in enumerate(struct.unpack("<512Q", table2)):
            ipa2 = index1 << 30 | index2 << 21
            if entry2 & 3 == 1:
                pages.append(Page(ipa2, 0x200000, entry2))
            elif entry2 != 0:
                assert entry2 & 3 == 3
                table3 = memory.read(entry2 & ~0xFFF, 4096)
                for index3, entry3 in enumerate(struct.unpack("<512Q", table3)):
                    if entry3 != 0:
                        assert entry3 & 3 == 3
                        pages.append(Page(ipa2 | index3 << 12, 0x1000, entry3))
    return pages


class Thread:
    """struct image_thread."""

    def __init__(self, data):
        (name, self.kind, self.priority, self.core, self.flags, self.parent, self.child, self.budget, self.period,
         self.table, self.vmid, self.entry, self.stack_top, self.stack_bottom, self.ipc_buffer,
         self.frame) = struct.unpack_from("<64sBBBBHH9Q", data)
        self.name = name.rstrip(b"\0").decode()
        # peer, peer_channel, flags, irq
        self.channels = [struct.unpack_from("<HBBHH", data, 144 + 8 * i)[:4] for i in range(62)]
        self.children = struct.unpack_from("<64H", data, 144 + 8 * 62)


Smc = collections.namedtuple("Smc", "thread first last")


class Image:
    """An image file, loaded and with its memory cleared."""

    def __init__(self, path):
        self.elf = Elf(path)
        self.memory = Memory(self.elf)

    def load_tables(self, kernel_elf):
        kernel = Elf(kernel_elf)
        self.paddr = self.memory.word(kernel.symbols()["kernel_image"][0])
        (magic, version, self.core_count, thread_count, irq_count, zero_count, smc_count, threads, irqs, zeros,
         smcs) = struct.unpack("<QIIIIIIQQQQ", self.memory.read(self.paddr, 64))
        assert (magic, version) == (0x3147414D494D5656, 2)
        self.threads = [Thread(self.memory.read(threads + i * THREAD_BYTES, THREAD_BYTES))
                        for i in range(thread_count)]
        # intid, thread, channel, trigger
        self.irqs = [struct.unpack("<HHBBH", self.memory.read(irqs + 8 * i, 8))[:4] for i in range(irq_count)]
        self.smcs = [Smc(*struct.unpack("<III", self.memory.read(smcs + 16 * i, 12))) for i in range(smc_count)]
        self.zeros = [struct.unpack("<QQ", self.memory.read(zeros + 16 * i, 16)) for i in range(zero_count)]
        for base, size in self.zeros:
            self.memory.clear(base, size)
        return self

    def thread(self, name, kind=KIND_PD):
        return next(thread for thread in self.threads if (thread.name, thread.kind) == (name, kind))

    def pages(self, thread):
        return walk(self.memory, thread.table)

    def read(self, thread, vaddr, size):
        """What the thread reads there, as long as it lies in one page."""
        page = self.page(thread, vaddr)
        return self.memory.read(page.paddr + vaddr - page.ipa, size)

    def page(self, thread, vaddr):
        return next(page for page in self.pages(thread) if page.ipa <= vaddr < page.ipa + page.size)
