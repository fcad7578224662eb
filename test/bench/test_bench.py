# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What exits cost: not more than test/bench/results says.

import json
import os
import subprocess
import sys

import pytest

LIMIT_SECONDS = 900


@pytest.fixture
def measured(root, build):
    """Runs test/bench/measure with a word; answers the finished process."""

    def run(word):
        return subprocess.run([sys.executable, root / "test/bench/measure", word], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=LIMIT_SECONDS, check=False,
                              env={**os.environ, "BUILD": str(build)})

    return run


def test_no_path_has_become_dearer(measured):
    result = measured("check")
    assert result.returncode == 0, result.stdout


def test_a_dearer_path_is_found(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "test/bench"))
    import compare
    recorded = json.loads((root / "test/bench/results/exits.json").read_text())
    assert not list(compare.dearer(recorded, recorded))
    now = json.loads(json.dumps(recorded))
    now["gic3"]["read"][0] *= 1.03
    assert [line for line in compare.dearer(now, recorded) if "GICv3 read: minimum" in line]
    now["gic3"]["read"][0] = recorded["gic3"]["read"][0] * 1.01
    assert not list(compare.dearer(now, recorded))
