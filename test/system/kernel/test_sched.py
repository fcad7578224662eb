# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Shares of the core: priorities, budgets, periods, timeslices among equal priorities.

import pytest


@pytest.mark.parametrize("gic, cpu", [(2, "cortex-a53"), (3, "max")])
def test_shares_of_the_core(run, deterministic, gic, cpu):
    run("sched", gic=gic, cpu=cpu, extra=deterministic)


def test_passive_servers(run, deterministic):
    run("passive", extra=deterministic)
