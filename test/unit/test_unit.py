# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Runs every unit-test binary that `make unit-tests` has built: one pytest test a binary."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT_DIR = pathlib.Path(os.environ.get("LIBVMM_UNIT_DIR") or pathlib.Path(os.environ.get("BUILD", "build")) / "unit")
# Seconds. The model test takes twelve on an idle machine.
PATIENCE = 600
SOURCES = sorted((ROOT / "test" / "unit").rglob("*_test.c"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: str(s.relative_to(ROOT / "test/unit").with_suffix("")))
def test_unit(source):
    binary = ROOT / UNIT_DIR / source.relative_to(ROOT / "test" / "unit").with_suffix("")
    assert binary.exists(), f"{binary} has not been built: run `make unit-tests`"
    run = subprocess.run([binary], capture_output=True, text=True, timeout=PATIENCE, errors="replace", check=False)
    assert run.returncode == 0, f"{binary.name} answered {run.returncode}\n{run.stdout}\n{run.stderr}"
