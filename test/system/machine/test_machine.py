# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The bare guests of test/guests/: each in a VM of libvmm, and on QEMU's own machine, which proves the guest's checks
# right; on a GICv2 and on a GICv3.

import pathlib
import re

import pytest

import on_sdk
from cores import CORES

ROOT = pathlib.Path(__file__).resolve().parents[3]
GUESTS = sorted(path.stem for path in (ROOT / "test/guests").glob("*.c"))
assert GUESTS
# These speak to a VMM of their own.
ONLY_LIBVMM = {name for name in GUESTS if (ROOT / "test/system/machine" / name / "vmm.c").exists()}
# What QEMU's machine needs to be like a VMM: versions of the interrupt controller, its options, and devices.
NATIVE = {"msix": ((2,), "highmem=off", ("-device", "virtio-rng-pci,addr=1,disable-legacy=on"))}
NATIVELY = [(name, gic) for name in GUESTS if name not in ONLY_LIBVMM or name in NATIVE
            for gic in NATIVE.get(name, ((2, 3),))[0]]
# Seconds.
LIFETIME = 480
# The machine's time is that of its instructions, 8 ns each, and jumps ahead in WFI: no test depends on how busy the
# host is.
ICOUNT = ["-icount", "shift=3,sleep=off"]


def check_log(console):
    """The log has a guest error once per place, and stays short."""
    lines = re.findall(r"^VMM\|ERROR: guest, vCPU \d+: (.*) \(0x[0-9a-f]+\); further ones", console.text, re.MULTILINE)
    assert len(lines) == len(set(lines))
    assert len(lines) <= 32


def check_results(console, name):
    """The guest ran to its end, its checks passed, and it switched the machine off."""
    match = console.expect(r"^DONE (\d+) passed, (\d+) failed\r?$", timeout=LIFETIME)
    failed = re.findall(r"^FAIL (.*?)(: got .*)?\r?$", console.text, re.MULTILINE)
    failures = [check + got for check, got in failed if not on_sdk.is_known_failure(name, check)]
    assert not failures and int(match[2]) == len(failed), "\n".join(failures)
    assert int(match[1]) > 0
    assert console.wait() == 0


@pytest.mark.parametrize("gic", [2, 3])
@pytest.mark.parametrize("name", GUESTS)
def test_libvmm(machine, build, name, gic):
    console = machine(build / f"test/machine/gic{gic}/{name}/image.elf", gic=gic, lifetime=LIFETIME,
                      extra=ICOUNT)
    check_results(console, name)
    check_log(console)


@pytest.mark.parametrize("name, gic", NATIVELY)
def test_native(spawn, build, name, gic):
    _, options, devices = NATIVE.get(name, ((), "", ()))
    # QEMU's way of counting does not survive a reset.
    icount = [] if name.endswith("reset") else ICOUNT
    cores = 4 if name.startswith("smp_") else 1
    board = f"virt,gic-version={gic}" + (f",{options}" if options else "")
    console = spawn(["qemu-system-aarch64", "-machine", board, "-cpu", "cortex-a53", "-smp", str(cores), "-m", "512M",
                     "-nic", "none", "-display", "none", "-monitor", "none", "-serial", "stdio",
                     "-kernel", str(build / f"test/guests/{name}.bin"), *devices, *icount], lifetime=LIFETIME)
    check_results(console, name)


@pytest.mark.parametrize("cpu", CORES)
def test_features_of_each_core(machine, build, has_cpu, cpu):
    """What a core's feature registers show executes in a guest."""
    if not has_cpu(cpu):
        pytest.skip(f"this QEMU has no {cpu}")
    check_results(machine(build / "test/machine/gic3/features/image.elf", gic=3, cpu=cpu, lifetime=LIFETIME,
                          extra=ICOUNT), "features")
