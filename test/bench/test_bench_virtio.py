# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What requests to virtio devices cost: not more than test/bench/results says, nor more exits than the goals.

import json
import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader

LIMIT_SECONDS = 900


def test_no_request_has_become_dearer(root, build):
    result = subprocess.run([sys.executable, root / "test/bench/virtio", "check"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, timeout=LIMIT_SECONDS, check=False,
                            env={**os.environ, "BUILD": str(build)})
    assert result.returncode == 0, result.stdout


def test_a_dearer_request_is_found(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "test/bench"))
    problems = SourceFileLoader("bench_virtio", str(root / "test/bench/virtio")).load_module().problems
    recorded = json.loads((root / "test/bench/results/virtio.json").read_text())
    assert not list(problems(recorded, recorded))
    for bus, name, column, factor in (("mmio", "blk_read_1", 0, 1.03), ("mmio", "blk_read_1", 1, 1.25),
                                      ("mmio", "net_round_32", 1, 2), ("pci", "console_byte_1", 1, 1.01)):
        now = json.loads(json.dumps(recorded))
        now[f"gic3_{bus}"][name][column] *= factor
        assert [key for key, _ in problems(now, recorded)] == [f"gic3_{bus}"]
