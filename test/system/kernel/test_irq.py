# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Interrupts of PDs: silent from their delivery until they are acknowledged.

import pytest


@pytest.mark.parametrize("gic, cpu", [(2, "cortex-a53"), (3, "max")])
def test_interrupts(run, gic, cpu):
    run("irq", gic=gic, cpu=cpu)
