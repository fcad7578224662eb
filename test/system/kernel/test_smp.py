# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Two cores: messages between them, and children on the other one. In one thread of QEMU's, which is fast, and in two,
# where the cores really run at the same time.

import pytest

ONE_THREAD = ["-accel", "tcg,thread=single"]
TWO_THREADS = ["-accel", "tcg,thread=multi"]


@pytest.mark.parametrize("gic, cpu", [(2, "cortex-a53"), (3, "max")])
def test_pds_on_two_cores(run, gic, cpu):
    run("smp", gic=gic, cpu=cpu, cores=2, extra=ONE_THREAD)


@pytest.mark.parametrize("gic, cpu", [(2, "cortex-a53"), (3, "max")])
def test_pds_on_two_cores_at_once(run, gic, cpu):
    run("smp", gic=gic, cpu=cpu, cores=2, extra=TWO_THREADS)


@pytest.mark.parametrize("gic, cpu", [(2, "cortex-a53"), (3, "max")])
def test_tables_that_lead_to_nothing(run, gic, cpu):
    run("walk", gic=gic, cpu=cpu, cores=2, extra=TWO_THREADS)


@pytest.mark.parametrize("gic, cpu", [(2, "cortex-a53"), (3, "max")])
def test_vcpu_on_another_core(run, gic, cpu):
    run("vcpu_smp", gic=gic, cpu=cpu, cores=2, extra=ONE_THREAD)


@pytest.mark.parametrize("gic, cpu", [(2, "cortex-a53"), (3, "max")])
def test_vcpu_on_another_core_at_once(run, gic, cpu):
    run("vcpu_smp", gic=gic, cpu=cpu, cores=2, extra=TWO_THREADS)
