# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What a PD may do with its child PDs, and what it is told of their faults.

import pytest


@pytest.mark.parametrize("gic, cpu", [(2, "cortex-a53"), (3, "max")])
def test_children(run, deterministic, gic, cpu):
    run("children", gic=gic, cpu=cpu, extra=deterministic)
