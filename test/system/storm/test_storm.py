# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# A device that keeps its interrupt line high, given to a guest that does not serve it: neither that guest's VMM nor a
# guest beside it stops making progress. The witness, a bare guest, checks it (witness.c).

import re

import pytest

LIFETIME = 600
# The machine's time is that of its instructions, 8 ns each: no share depends on how busy the host is.
ICOUNT = ["-icount", "shift=3,sleep=off"]


@pytest.mark.parametrize("gic", [2, 3])
def test_storm(machine, build, gic):
    console = machine(build / f"test/storm/gic{gic}/image.elf", gic=gic, lifetime=LIFETIME, extra=ICOUNT)
    match = console.expect(r"^DONE (\d+) passed, (\d+) failed\r?$", timeout=LIFETIME)
    failures = re.findall(r"^FAIL .*$", console.text, re.MULTILINE)
    assert not failures and match[2] == "0", "\n".join(failures)
    assert int(match[1]) > 20
    assert console.wait() == 0
