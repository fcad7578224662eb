# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# A PD that does what it must not is reported, with name, cause and address, and stopped; the others run on.

import pytest

STACK_GUARD = r"0x7fffbfd[0-9a-f]{3}"
OWN = r"0x2[0-9a-f]{5}"

# What the kernel says of each culprit.
REPORTS = {
    "read_unmapped": r"read from address 0x123456000 \(not mapped\) at pc " + OWN,
    "write_unmapped": r"write to address 0x123456000 \(not mapped\) at pc " + OWN,
    "execute_unmapped": r"instruction fetch from address 0x123456000 \(not mapped\) at pc 0x123456000",
    "read_null": r"read from address 0x0 \(not mapped\)",
    "read_kernel": r"read from address 0x40000000 \(not mapped\)",
    "write_kernel": r"write to address 0x40000000 \(not mapped\)",
    "execute_kernel": r"instruction fetch from address 0x40000000 \(not mapped\)",
    "read_foreign_paddr": r"read from address 0x60000000 \(not mapped\)",
    "write_foreign_paddr": r"write to address 0x60000000 \(not mapped\)",
    "read_foreign_vaddr": r"read from address 0x8000000 \(not mapped\)",
    "read_device": r"read from address 0x9010000 \(not mapped\)",
    "read_beyond": r"read from address 0x200000000000 \(not mapped\)",
    "write_readonly": r"write to address 0x9000000 \(not permitted\)",
    "execute_data": r"instruction fetch from address 0xa000000 \(not permitted\)",
    "write_own_text": rf"write to address {OWN} \(not permitted\)",
    "execute_own_data": rf"instruction fetch from address {OWN} \(not permitted\)",
    "execute_own_stack": r"instruction fetch from address 0x7fffbff[0-9a-f]{3} \(not permitted\)",
    "overflow_stack": rf"write to address {STACK_GUARD} \(stack overflow\)",
    "undefined": r"undefined instruction at pc " + OWN,
    "unknown_svc": r"unknown system call 0x3e7 at pc " + OWN,
    "breakpoint": r"breakpoint instruction at pc " + OWN,
    "unaligned_pc": r"unaligned program counter at pc 0x200002",
    "hypervisor_call": r"undefined instruction at pc " + OWN,
    "monitor_call": r"undefined instruction at pc " + OWN,
    "el1_register": r"(undefined instruction|access to a system register) at pc " + OWN,
    "el2_register": r"(undefined instruction|access to a system register) at pc " + OWN,
    "mask_interrupts": r"(undefined instruction|access to a system register) at pc " + OWN,
    "virtual_timer": r"access to a system register at pc " + OWN,
    "physical_timer": r"access to a system register at pc " + OWN,
    "cycle_counter": r"(undefined instruction|access to a system register) at pc " + OWN,
    "denied_fp": r"use of FP or SIMD registers, which the system description denies at pc " + OWN,
    "address_translation": r"(undefined instruction|access to a system register) at pc " + OWN,
    "exception_return": r"undefined instruction at pc " + OWN,
}


def test_firmware_for_a_pd(run):
    run("firmware", cores=2)


@pytest.mark.parametrize("gic, cpu", [(2, "cortex-a53"), (3, "max")])
def test_culprits_are_reported_and_stopped(run, gic, cpu):
    text = run("isolation", gic=gic, cpu=cpu, crashes=len(REPORTS))
    for name, report in REPORTS.items():
        where = r"( at pc 0x[0-9a-f]+)?(, esr 0x[0-9a-f]+)?\r?$"
        pattern = rf"protection domain '{name}' crashed and was stopped: {report}" + where
        run.find(pattern, text)
