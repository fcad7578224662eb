# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Bare guests with four vCPUs on one, two and four cores, the VMM at higher and at lower priority than its vCPUs. QEMU
# emulates the cores in one thread, one after another, which is quick, or each in its own thread, which is slow if the
# host has fewer cores, but runs them at the same time. TEST_MATRIX=1: every variant in both ways.

import os
import re

import pytest

IS_MATRIX = os.environ.get("TEST_MATRIX") == "1"
ALL = [(gic, cores, vmm, thread, name) for gic in (2, 3) for cores in (1, 2, 4) for vmm in ("high", "low")
       for thread, name in (("single", "sgi_pairs_long"), ("multi", "sgi_pairs"))]
SOME = [
    (2, 1, "high", "single", "sgi_pairs_long"),
    (3, 1, "low", "single", "sgi_pairs"),
    (3, 2, "high", "multi", "sgi_pairs"),
    (2, 2, "low", "single", "sgi_pairs"),
    (3, 4, "high", "single", "sgi_pairs_long"),
    (2, 4, "low", "multi", "sgi_pairs"),
]
# Seconds.
LIFETIME = 900


@pytest.mark.parametrize("gic, cores, vmm, thread, name", ALL if IS_MATRIX else SOME)
def test_no_sgi_is_lost(machine, build, gic, cores, vmm, thread, name):
    console = machine(build / f"test/smp/{name}/gic{gic}-{cores}-{vmm}/image.elf", gic=gic, cores=cores,
                      lifetime=LIFETIME, extra=["-accel", f"tcg,thread={thread}"])
    match = console.expect(r"^DONE (\d+) passed, (\d+) failed\r?$", timeout=LIFETIME)
    failures = re.findall(r"^FAIL .*$", console.text, re.MULTILINE)
    assert not failures and match[2] == "0", "\n".join(failures)
    assert int(match[1]) == 9
    assert console.wait() == 0
