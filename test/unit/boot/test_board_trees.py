# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""
The device trees of real boards, from Debian's kernel package: each is refused with a reason, or all of its CPUs come
up. DEVICE_TREES=folder takes another kernel's.
"""

import os
import pathlib
import re
import subprocess

COUNT_MIN = 500


def test_no_tree_is_accepted_and_fails_later(build):
    folder = pathlib.Path(os.environ.get("DEVICE_TREES") or build / "deb/device-trees")
    trees = sorted(folder.rglob("*.dtb"))
    assert len(trees) >= COUNT_MIN, f"{folder} has {len(trees)} device trees: make device-trees fetches them"
    run = subprocess.run([build / "unit/boot/board_trees", *trees], capture_output=True, text=True, timeout=120,
                         check=False)
    lines = run.stdout.splitlines()
    wrong = [line for line in lines if "wrongly" in line or re.fullmatch(r"refused [^:]*: ", line)]
    assert run.returncode == 0 and not wrong, "\n".join(wrong) + run.stderr
    assert len(lines) >= len(trees)
    assert sum(line.startswith("accepted") for line in lines) > len(trees) / 2
