# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the unit tests of the image tool's parts: one test a binary, which `make tools` builds."""

import subprocess

import pytest
from image_tool import BUILD, HERE


@pytest.mark.parametrize("name", sorted(path.stem for path in (HERE / "unit").glob("*_test.c")))
def test_unit(name):
    run = subprocess.run([BUILD / "tools" / "unit" / name], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
