# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What a Linux guest pays: not more than test/bench/results says.

import json
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader

LIMIT_SECONDS = 900


def test_no_figure_of_linux_has_become_dearer(root, build):
    result = subprocess.run([sys.executable, root / "test/bench/linux", "check"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=LIMIT_SECONDS, check=False,
                            env={**os.environ, "BUILD": str(build)})
    assert result.returncode == 0, result.stdout


def test_a_dearer_tick_is_found(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "test/bench"))
    import compare
    recorded = json.loads((root / "test/bench/results/linux.json").read_text())
    now = json.loads(json.dumps(recorded))
    now["gic2"]["tick"][1] *= 1.03
    assert [line for line in compare.dearer(now, recorded) if "GICv2 tick: mean" in line]
    del now["gic3"]["sleep"]
    assert [line for line in compare.dearer(now, recorded) if "GICv3 sleep: not measured" in line]


def test_an_interrupt_before_a_sleep_is_no_sleep(root, monkeypatch):
    """QEMU logs an instruction again when an interrupt came before it was executed."""
    monkeypatch.syspath_prepend(str(root / "test/bench"))
    linux = SourceFileLoader("bench_linux", str(root / "test/bench/linux")).load_module()
    first, then, last = (linux.FIGURE_BASE + offset for offset in (0, 4, 8))
    interrupt, sleep = [(2, 0x1000), (2, 0x1004)], [(2, 0x2000)]
    steps = [(0, first), *interrupt, (0, first), (0, then), *sleep, (0, last)]
    monkeypatch.setattr(linux, "SLEEP_COUNT", 2)
    assert linux.sleeps(steps + steps[3:], first, last) == [sleep, sleep]
