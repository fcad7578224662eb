# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Programs to put into images, and a way to run the tool.
#
# The tool with sanitizers is taken where it has been built: nothing that it is given may make it misbehave.

import os
import pathlib
import struct
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
CROSS = os.environ.get("CROSS", "aarch64-linux-gnu-")

FLAGS = ["-ffreestanding", "-nostdlib", "-mgeneral-regs-only", "-O1", "-fno-pic", "-Wl,--build-id=none",
         "-Wl,-z,max-page-size=4096"]
STATIC = ["-no-pie", "-static"]
LAYOUT = ["-Wl,-T," + str(HERE / "programs" / "pd.ld")]

# name: source, flags
PROGRAMS = {
    "kernel.elf": ("kernel.c", STATIC + ["-Wl,-Ttext-segment=0x40080000"]),
    "kernel_bss.elf": ("kernel.c", STATIC + ["-Wl,-Ttext-segment=0x40080000", "-DIMAGE_IN_BSS"]),
    "kernel_outside.elf": ("kernel.c", STATIC + ["-Wl,-Ttext-segment=0x40200000"]),
    "pd.elf": ("pd.c", STATIC + LAYOUT),
    "stripped.elf": ("pd.c", STATIC + LAYOUT + ["-s"]),
    "alone.elf": ("pd.c", STATIC + LAYOUT + ["-DWITHOUT_LIBMICROKIT"]),
    "twins.elf": ("pd.c", STATIC + LAYOUT + [str(HERE / "programs" / "twin.c")]),
    "pie.elf": ("pd.c", ["-pie", "-fpie"]),
}

EHDR_CLASS, EHDR_DATA, EHDR_MACHINE, EHDR_PHNUM = 4, 5, 18, 56


def patched(data, offset, value):
    return data[:offset] + value + data[offset + len(value):]


def make_elf(segments, entry=0x200000):
    """A program without symbols; segments: (flags, vaddr, bytes in the file, bytes in memory)."""
    offset = 64 + 56 * len(segments)
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 183, 1, entry, 64, 0, 0, 64, 56, len(segments),
                         64, 0, 0)
    table, content = b"", b""
    for flags, vaddr, filesz, memsz in segments:
        table += struct.pack("<IIQQQQQQ", 1, flags, offset + len(content), vaddr, vaddr, filesz, memsz, 0x1000)
        content += bytes(filesz)
    return header + table + content


R, W, X = 4, 2, 1


def make_broken_programs(folder):
    """Programs that no compiler makes."""
    good = (folder / "pd.elf").read_bytes()
    (folder / "class32.elf").write_bytes(patched(good, EHDR_CLASS, b"\x01"))
    (folder / "big_endian.elf").write_bytes(patched(good, EHDR_DATA, b"\x02"))
    (folder / "x86.elf").write_bytes(patched(good, EHDR_MACHINE, struct.pack("<H", 62)))
    (folder / "no_segments.elf").write_bytes(patched(good, EHDR_PHNUM, struct.pack("<H", 0)))
    (folder / "cut_in_header.elf").write_bytes(good[:40])
    (folder / "cut_in_segment.elf").write_bytes(make_elf([(R | X, 0x200000, 0x1234, 0x2000)])[:-1])
    (folder / "rwx.elf").write_bytes(make_elf([(R | W | X, 0x200000, 16, 16)]))
    (folder / "wx.elf").write_bytes(make_elf([(W | X, 0x200000, 16, 16)]))
    (folder / "shared_page.elf").write_bytes(make_elf([(R | X, 0x200000, 0x1234, 0x1234), (R | W, 0x201800, 8, 8)]))
    (folder / "overlapping.elf").write_bytes(make_elf([(R, 0x201000, 16, 0x3000), (R | X, 0x200000, 16, 0x2000)]))
    (folder / "high.elf").write_bytes(make_elf([(R | X, 0x200000, 16, 16), (R, 0x7feffff000, 16, 0x1001)]))
    (folder / "wrapping.elf").write_bytes(make_elf([(R | X, 0x200000, 16, 16), (R, 2**64 - 0x1000, 16, 0x2000)]))
    (folder / "huge.elf").write_bytes(make_elf([(R | X, 0x200000, 16, 16), (R | W, 0x10000000, 16, 0x100000000)]))
    (folder / "more_in_file.elf").write_bytes(make_elf([(R | X, 0x200000, 17, 16)]))
    (folder / "entry_in_data.elf").write_bytes(make_elf([(R | X, 0x200000, 16, 16), (R, 0x300000, 16, 16)], 0x300000))
    (folder / "entry_behind.elf").write_bytes(make_elf([(R | X, 0x200000, 16, 16)], 0x200010))
    (folder / "nothing_to_load.elf").write_bytes(make_elf([(R | X, 0x200000, 0, 0)]))
    (folder / "text.elf").write_bytes(b"#!/bin/sh\nexit 0\n")
    (folder / "empty.elf").write_bytes(b"")
    (folder / "folder.elf").mkdir()


def make_programs(folder):
    """Fills the folder with every program and file that the descriptions name."""
    for name, (source, flags) in PROGRAMS.items():
        command = [CROSS + "gcc", *FLAGS, *flags, str(HERE / "programs" / source), "-o", str(folder / name)]
        subprocess.run(command, check=True)
    make_broken_programs(folder)
    (folder / "prefill.bin").write_bytes(bytes(range(256)) * 20)  # 5120 bytes
    (folder / "empty.bin").write_bytes(b"")


def tool_path():
    for name in ("image.asan", "image"):
        if (BUILD / "tools" / name).exists():
            return BUILD / "tools" / name
    raise AssertionError(f"there is no image tool in {BUILD}/tools: make tools")


class Tool:
    """The image tool, with the test board's kernel."""

    def __init__(self, programs, folder):
        self.programs = programs
        self.output = folder / "image.elf"
        self.report = folder / "report.txt"

    def run(self, system, kernel="kernel.elf", board="test_board"):
        command = [tool_path(), system, "--search-path", self.programs, "--board", board, "--config", "debug",
                   "-o", self.output, "-r", self.report, "--kernel", self.programs / kernel]
        return self.run_words(command)

    def run_words(self, command):
        run = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace",
                             timeout=60, check=False, cwd=HERE, stdin=subprocess.DEVNULL)
        assert "Sanitizer" not in run.stderr and "runtime error" not in run.stderr, run.stderr
        assert run.returncode in (0, 1, 2), run
        return run
