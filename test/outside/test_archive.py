# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
"""What libvmm.a holds, libfdt included: no instruction that needs the FP and SIMD registers, which are a guest's."""

import os
import re
import subprocess

import pytest

CROSS = os.environ.get("CROSS", "aarch64-linux-gnu-")
# ADDRESS: WORD MNEMONIC
INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\t([0-9a-f]{8}) \t(\S+)", re.MULTILINE)


def uses_fp_or_simd(word):
    """By the top-level encodings of A64 [ArmARM C4.1]."""
    group = word >> 25 & 0xF
    is_load_or_store = group & 0b0101 == 0b0100
    is_sme = group == 0 and word >> 31 == 1
    return group in (0b0111, 0b1111, 0b0010) or is_sme or (is_load_or_store and word >> 26 & 1 == 1)


@pytest.mark.parametrize("instruction, uses", [
    ("ldr q0, [x1]", True), ("stp d8, d9, [sp, #-16]!", True), ("fmov x0, d0", True), ("movi v0.2d, #0", True),
    ("ldr s0, [x1, x2]", True), ("ldr d0, .", True), ("cnt v0.8b, v0.8b", True), ("ld1 {v0.16b}, [x0]", True),
    ("ldr x0, [x1]", False), ("stp x29, x30, [sp, #-16]!", False), ("add x0, x1, x2", False), ("b .", False),
    ("mrs x0, mpidr_el1", False), ("ldxr x0, [x1]", False), ("prfm pldl1keep, [x0]", False), ("udf #0", False),
])
def test_the_check_itself(tmp_path, instruction, uses):
    (tmp_path / "one.s").write_text(instruction + "\n")
    subprocess.run([CROSS + "gcc", "-c", tmp_path / "one.s", "-o", tmp_path / "one.o"], check=True)
    subprocess.run([CROSS + "objcopy", "-O", "binary", "-j", ".text", tmp_path / "one.o", tmp_path / "one.bin"],
                   check=True)
    assert uses_fp_or_simd(int.from_bytes((tmp_path / "one.bin").read_bytes()[:4], "little")) == uses


def test_no_fp_or_simd(build):
    listing = subprocess.run([CROSS + "objdump", "-dr", build / "libvmm.a"], capture_output=True, text=True,
                             check=True).stdout
    # Data among the code is listed as .word.
    found = [(int(word, 16), mnemonic) for word, mnemonic in INSTRUCTION.findall(listing) if mnemonic[0] != "."]
    assert "fdt_open_into" in listing and len(found) > 10000
    assert [f"{word:08x} {mnemonic}" for word, mnemonic in found if uses_fp_or_simd(word)] == []
