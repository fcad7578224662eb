# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What a VMM is told of its guest, and what it can do to it; bare guests.

import pytest
from cores import CORES

MACHINES = pytest.mark.parametrize("gic, cpu", [(2, "cortex-a53"), (3, "cortex-a53"), (2, "max"), (3, "max")])


@MACHINES
def test_traps_registers_and_timer(run, deterministic, gic, cpu):
    text = run("vcpu", gic=gic, cpu=cpu, extra=deterministic)
    if gic == 3:
        run.find("^ok write of ICC_SGI1R_EL1", text)


def test_no_aarch32_where_the_core_has_none(run, deterministic):
    text = run("vcpu", gic=3, cpu="a64fx", extra=deterministic)
    run.find("^ok a VMM cannot start its vCPU in AArch32 state", text)


@MACHINES
def test_list_registers(run, deterministic, gic, cpu):
    run("vgic", gic=gic, cpu=cpu, extra=deterministic)


@pytest.mark.parametrize("cpu", CORES)
def test_no_register_is_shared_by_two_vms(run, has_cpu, cpu):
    if not has_cpu(cpu):
        pytest.skip(f"this QEMU has no {cpu}")
    run("sweep", gic=3, cpu=cpu)


@MACHINES
def test_two_vms_on_one_core(run, deterministic, gic, cpu):
    run("two_vms", gic=gic, cpu=cpu, extra=deterministic)
