# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What a Linux guest pays: not more than test/bench/results says.

import json
import os
import subprocess
import sys

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
