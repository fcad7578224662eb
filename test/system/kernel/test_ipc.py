# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Notifications, protected calls, and who runs after them.

import pytest

MACHINES = pytest.mark.parametrize("gic, cpu", [(2, "cortex-a53"), (3, "max")])


@MACHINES
def test_all_channels_of_a_pd(run, deterministic, gic, cpu):
    run("channels", gic=gic, cpu=cpu, extra=deterministic)


@MACHINES
def test_notifications_and_calls(run, deterministic, gic, cpu):
    run("ipc", gic=gic, cpu=cpu, extra=deterministic)
