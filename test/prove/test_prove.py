# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
"""Has CBMC prove every test/prove/X_proof.c: `make prove` does the same, one after another."""

import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
PROOFS = sorted(HERE.glob("*_proof.c"))
# Minutes on a busy machine; seconds on an idle one.
PATIENCE = 1200


@pytest.mark.parametrize("proof", PROOFS, ids=lambda path: path.name.removesuffix("_proof.c"))
def test_prove(proof, build):
    run = subprocess.run([HERE / "run", build / "deb" / "trixie" / "bin", proof], capture_output=True, text=True,
                         timeout=PATIENCE, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
