# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
"""Files that no compiler made: whatever is in them, the tool answers with a message or an image, and never crashes."""

import pathlib
import random
import struct

import pytest
from image_file import Elf, Image

HERE = pathlib.Path(__file__).parent
MINIMAL = HERE / "good" / "minimal.system"

# Every field of the headers: offset, size in bytes.
EHDR_FIELDS = [(0, 4), (4, 1), (5, 1), (16, 2), (18, 2), (24, 8), (32, 8), (40, 8), (54, 2), (56, 2), (58, 2), (60, 2)]
PHDR_FIELDS = [(0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 8), (48, 8)]
SHDR_FIELDS = [(4, 4), (24, 8), (32, 8), (40, 4), (56, 8)]
SYM_FIELDS = [(0, 4), (4, 1), (6, 2), (8, 8), (16, 8)]
VALUES = [0, 1, 7, 0xFFF, 0x1000, 2**31 - 1, 2**32 - 1, 2**39, 2**47, 2**63 - 1, 2**63, 2**64 - 0x1000, 2**64 - 1]


def header_fields(data):
    """(offset, size) of every field that the tool may look at."""
    phoff, shoff = struct.unpack_from("<QQ", data, 32)
    phnum, _, shnum = struct.unpack_from("<HHH", data, 56)
    yield from EHDR_FIELDS
    for index in range(phnum):
        yield from ((phoff + 56 * index + offset, size) for offset, size in PHDR_FIELDS)
    for index in range(shnum):
        kind, = struct.unpack_from("<I", data, shoff + 64 * index + 4)
        if kind in (2, 3):
            yield from ((shoff + 64 * index + offset, size) for offset, size in SHDR_FIELDS)
        if kind == 2:
            table, length = struct.unpack_from("<QQ", data, shoff + 64 * index + 24)
            for symbol in range(table, table + length, 24):
                yield from ((symbol + offset, size) for offset, size in SYM_FIELDS)


def changed(data, offset, size, value):
    return data[:offset] + value.to_bytes(8, "little")[:size] + data[offset + size:]


class Changed:
    """The tool, run with a changed program or kernel in place of the good one."""

    def __init__(self, tool, folder):
        self.tool = tool
        self.folder = folder
        self.good = {name: (tool.programs / name).read_bytes() for name in ("pd.elf", "kernel.elf")}
        self.answers = {0: 0, 1: 0}
        tool.programs = folder

    def run(self, name, data):
        for other, content in self.good.items():
            (self.folder / other).write_bytes(data if other == name else content)
        run = self.tool.run(MINIMAL)
        self.answers[run.returncode] += 1
        if run.returncode == 0:
            assert run.stderr == ""
            Image(self.tool.output)  # is an ELF file with segments inside it
        else:
            place = f"{MINIMAL}:3: " if name == "pd.elf" else f"{self.folder}/kernel.elf: "
            assert run.stderr.startswith((place, f"{MINIMAL}:")), run.stderr
            assert not self.tool.output.exists()


@pytest.fixture
def broken(tool, tmp_path):
    return Changed(tool, tmp_path)


@pytest.mark.parametrize("name", ["pd.elf", "kernel.elf"])
@pytest.mark.parametrize("part", range(4))
def test_header_fields(broken, name, part):
    """Each field with values at the edges; a part of the cases each, chosen by a fixed seed."""
    data = broken.good[name]
    cases = [(offset, size, value) for offset, size in header_fields(data) for value in VALUES]
    for offset, size, value in random.Random(part).sample(cases, 150):
        broken.run(name, changed(data, offset, size, value))
    assert broken.answers[0] > 0 and broken.answers[1] > 0


@pytest.mark.parametrize("name", ["pd.elf", "kernel.elf"])
def test_random_bytes(broken, name):
    generator = random.Random(1)
    data = broken.good[name]
    for _ in range(150):
        mutant = bytearray(data)
        for _ in range(generator.choice((1, 3, 20))):
            area = generator.choice((64, 64 + 4 * 56, len(data)))
            mutant[generator.randrange(area)] = generator.randrange(256)
        broken.run(name, bytes(mutant))


@pytest.mark.parametrize("name", ["pd.elf", "kernel.elf"])
def test_cut_anywhere(broken, name):
    """Headers and segments must be there; sections behind them only to find symbols, which are needed."""
    data = broken.good[name]
    for length in sorted({*range(0, 300, 7), *range(300, len(data), len(data) // 40), len(data) - 1}):
        broken.run(name, data[:length])
    assert broken.answers[0] == 0


def test_random_text_in_descriptions(tool, tmp_path):
    """Descriptions with pieces of others cut out, doubled or exchanged."""
    generator = random.Random(2)
    seeds = [path.read_text() for path in sorted((HERE / "good").glob("*.system")) if path.stat().st_size < 5000]
    system = tmp_path / "changed.system"
    for _ in range(300):
        text = generator.choice(seeds)
        for _ in range(generator.choice((1, 1, 2, 4))):
            source = generator.choice(seeds)
            start, length = generator.randrange(len(source)), generator.choice((1, 2, 10, 60))
            at = generator.randrange(len(text))
            text = text[:at] + generator.choice(("", source[start:start + length])) + text[at + generator.choice(
                (0, 1, length)):]
        system.write_text(text)
        run = tool.run(system)
        if run.returncode == 1:
            assert run.stderr.startswith(f"{system}:")
            assert not tool.output.exists()


@pytest.mark.parametrize("kernel, message", [
    ("pd.elf", 'has no symbol "kernel_board" of 216 bytes: is not a kernel that this tool was made for'),
    ("stripped.elf", 'has no symbol "kernel_board" of 216 bytes: is not a kernel that this tool was made for'),
    ("text.elf", "not an ELF file: it does not begin with 0x7f ELF"),
    ("x86.elf", "ELF machine 62: must be 183, AArch64"),
    ("no.elf", 'cannot open "KERNEL": No such file or directory'),
], ids=lambda value: value.split(".")[0].split()[0])
def test_wrong_kernel(tool, kernel, message):
    run = tool.run(MINIMAL, kernel=kernel)
    path = str(tool.programs / kernel)
    assert (run.returncode, run.stderr) == (1, f"{path}: {message.replace('KERNEL', path)}\n")


def test_kernel_for_another_board(tool):
    run = tool.run(MINIMAL, board="other_board")
    path = tool.programs / "kernel.elf"
    assert (run.returncode, run.stderr) == (1, f'{path}: is for board "test_board", and --board says "other_board"\n')


def test_kernel_outside_its_range(tool):
    run = tool.run(MINIMAL, kernel="kernel_outside.elf")
    assert run.returncode == 1
    assert "does not lie, at its physical address, in the kernel's range at 0x40000000 (0x200000 bytes)" in run.stderr


def test_kernel_word_in_bss(tool):
    """The word that the tool sets has no place in the kernel's file; it has one in the image."""
    assert tool.run(MINIMAL, kernel="kernel_bss.elf").returncode == 0
    image = Image(tool.output).load_tables(tool.programs / "kernel_bss.elf")
    assert [thread.name for thread in image.threads] == ["one"]


# Offsets in struct image_board.
BOARD_CORES, BOARD_KERNEL, BOARD_RAM = 64, 72, 88


def board_position(broken):
    """Offset of kernel_board in the kernel's file."""
    (broken.folder / "kernel.elf").write_bytes(broken.good["kernel.elf"])
    elf = Elf(broken.folder / "kernel.elf")
    address, _ = elf.symbols()["kernel_board"]
    return next(load[1] + address - load[2] for load in elf.loads() if load[2] <= address < load[2] + load[4])


@pytest.mark.parametrize("offset, words", [
    (0, [0x4141414141414141] * 8),               # a name without an end
    (BOARD_CORES, [0]), (BOARD_CORES, [9]),
    (BOARD_KERNEL, [0x3F000000, 0x200000]),      # below RAM
    (BOARD_KERNEL, [0x43F00000, 0x200000]),      # out of RAM
    (BOARD_KERNEL, [0x40000000, 0x200800]),      # no whole pages
    (BOARD_RAM, [0x40000000, 0x4000800]),
    (BOARD_RAM, [2**64 - 0x1000, 0x2000]),
    (BOARD_RAM + 16, [0x43000000, 0x2000000]),   # RAM twice
], ids=lambda value: hex(value) if isinstance(value, int) else hex(value[0]))
def test_board_makes_no_sense(broken, offset, words):
    data = broken.good["kernel.elf"]
    position = board_position(broken)
    content = struct.pack(f"<{len(words)}Q", *words)
    broken.run("kernel.elf", data[:position + offset] + content + data[position + offset + len(content):])
    assert broken.answers == {0: 0, 1: 1}


def test_two_banks_of_ram(broken):
    """A region that fits in neither of two banks is refused; smaller ones are spread over them."""
    data = broken.good["kernel.elf"]
    position = board_position(broken)
    banks = struct.pack("<4Q", 0x80000000, 0x800000, 0x40000000, 0x800000)
    kernel = data[:position + BOARD_RAM] + banks + data[position + BOARD_RAM + 32:]
    (broken.folder / "kernel.elf").write_bytes(kernel)
    (broken.folder / "pd.elf").write_bytes(broken.good["pd.elf"])
    system = broken.folder / "banks.system"
    template = ('<system><memory_region name="a" size="{}" /><memory_region name="b" size="0x400000" />'
                '<protection_domain name="one"><program_image path="pd.elf" /></protection_domain></system>')
    system.write_text(template.format("0x600000"))
    assert broken.tool.run(system).returncode == 0
    report = broken.tool.report.read_text()
    assert '0x0040200000..0x00407fffff       6 MiB  memory_region "a"' in report
    assert '0x0080000000..0x00803fffff       4 MiB  memory_region "b"' in report
    system.write_text(template.format("0xa00000"))
    assert "does not fit in RAM" in broken.tool.run(system).stderr
