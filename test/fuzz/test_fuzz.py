# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Runs every fuzz target on its corpus and then for FUZZ_TEST_SECONDS (30) more: `make fuzz` runs them for longer."""

import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TARGETS = sorted(source.name.removesuffix("_fuzz.c") for source in HERE.glob("*_fuzz.c"))
SECONDS = int(os.environ.get("FUZZ_TEST_SECONDS", "30"))
# Fewer than this in all that time, and the target does not do its work. An idle machine does a hundred times as many.
RUNS_MIN = 10 * SECONDS


@pytest.mark.parametrize("target", TARGETS)
def test_fuzz(target, build):
    folder = build / "fuzz"
    assert (folder / target).exists(), f"{folder / target} has not been built: run `make fuzz-targets`"
    # The same way each time; "make fuzz" looks for others.
    run = subprocess.run([HERE / "run", folder, target, str(SECONDS), "-seed=1"], capture_output=True, text=True,
                         errors="replace", timeout=300 + SECONDS, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
    runs = int(re.search(r"^Done (\d+) runs", run.stderr, re.MULTILINE)[1])
    assert runs >= RUNS_MIN
